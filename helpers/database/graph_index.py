"""pgvector's HNSW indexes of a table of features: built beside everything else, and never half."""

import logging
import threading
import time
from typing import Dict

from helpers.database.feature_table import FeatureTable
from helpers.database.interface import Database, Session
from helpers.errors import KinframeError, Unavailable

_OPERATORS = {"euclidean": "l2_ops", "cosine": "cosine_ops"}
_BUILT = {"m": 16, "ef_construction": 128}  # as `helpers.features.hnsw` has them
_MEMORY = 64, 4096  # MB for the graph while it is built, at least and at most
_VALID = """SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(?)"""


class GraphIndex:
    """The indexes of a table, one for each metric, each built when it is first asked for.

    Building goes on in a thread and, with CREATE INDEX CONCURRENTLY, without
    keeping anybody from writing. One line of the log says that it is done, and
    how long it took. It fails where the server's memory or disk do; then the
    search goes on exactly, the log says why, and the next start tries again; or
    the next search, where it was the database that went away.
    """

    def __init__(self, database: Database, table: FeatureTable) -> None:
        self._database, self._table = database, table
        self._lock = threading.Lock()
        self._states: Dict[str, str] = {}  # of each metric: "building", "ready", "failed"
        self._threads: Dict[str, threading.Thread] = {}  # the last of each metric

    @property
    def note(self) -> str:
        """What is not as it should be, for people."""
        said = [
            f"{state} for {metric}, exactly until then" for metric, state in self._states.items() if state != "ready"
        ]
        return f" ({'; '.join(said)})" if said else ""

    def ready(self, metric: str) -> bool:
        """Whether the index can be used; otherwise it is seen to."""
        if self._states.get(metric) == "ready":
            return True
        with self._lock:
            if metric not in self._states:
                self._states[metric] = "building"
                thread = threading.Thread(target=self._see_to, args=(metric,), daemon=True, name=f"hnsw, {metric}")
                self._threads[metric] = thread
                thread.start()
        return self._states.get(metric) == "ready"

    def settle(self) -> None:
        """Wait for what is built."""
        for thread in list(self._threads.values()):
            thread.join()

    def _see_to(self, metric: str) -> None:
        log = logging.getLogger(__name__)
        try:
            with self._database.transaction(write=False) as session:
                self._build(session, metric, log)
            self._states[metric] = "ready"
        except Unavailable as error:
            log.warning("no hnsw index for %s yet: %s", metric, error)
            with self._lock:
                del self._states[metric]  # the next search tries again
        except KinframeError as error:
            self._states[metric] = "failed"
            log.warning("no hnsw index for %s: %s", metric, error)

    def _build(self, session: Session, metric: str, log: logging.Logger) -> None:
        name = f"{self._table.name}_{metric}"
        if session.rows(_VALID, name) == [(True,)]:
            return
        session.rows("COMMIT")  # what goes on concurrently is no part of a transaction
        settings = {"statement_timeout": "0", "lock_timeout": "0", "maintenance_work_mem": f"{self._memory(session)}MB"}
        before = {setting: session.rows("SELECT current_setting(?)", setting)[0][0] for setting in settings}
        # Services that start at the same time build one after another, the others none.
        session.rows("SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', '0', false)")
        session.rows("SELECT pg_advisory_lock(hashtext(?))", name)
        try:
            valid = session.rows(_VALID, name)
            if valid == [(True,)]:
                return
            for setting, value in settings.items():
                session.rows("SELECT set_config(?, ?, false)", setting, value)
            if valid:  # one that somebody began
                session.rows(f"DROP INDEX CONCURRENTLY {name}")
            start = time.perf_counter()
            log.info("building an hnsw index for %s", metric)
            self._create(session, name, metric)
            log.info("built the hnsw index for %s in %.0f s", metric, time.perf_counter() - start)
        finally:
            for setting, value in before.items():
                session.rows("SELECT set_config(?, ?, false)", setting, value)
            session.rows("SELECT pg_advisory_unlock(hashtext(?))", name)

    def _create(self, session: Session, name: str, metric: str) -> None:
        table = self._table
        how = ", ".join(f"{parameter} = {value}" for parameter, value in _BUILT.items())
        create = (
            f"CREATE INDEX CONCURRENTLY {name} ON {table.name} USING hnsw (v {table.type}_{_OPERATORS[metric]})"
            f" WITH ({how})"
        )
        try:
            session.rows(create)
        except KinframeError as error:
            if "shared memory" not in str(error):
                raise
            # Of which containers often have little; several processes build a graph there, one does not.
            session.rows(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            session.rows("SELECT set_config('max_parallel_maintenance_workers', '0', false)")
            try:
                session.rows(create)
            finally:
                session.rows("RESET max_parallel_maintenance_workers")

    def _memory(self, session: Session) -> int:
        """MB for a graph of what the table holds."""
        each = (4 if self._table.type == "vector" else 2) * self._table.dimension + 500
        rows = session.rows(f"SELECT count(*) FROM {self._table.name}")[0][0]  # noqa: S608
        return int(min(_MEMORY[1], max(_MEMORY[0], 1.2 * rows * each / 1e6)))
