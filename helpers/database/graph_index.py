"""pgvector's HNSW indexes of a table of features, built in the background."""

import logging
import threading
import time
from typing import Dict

from helpers.database.feature_table import FeatureTable
from helpers.database.interface import Database, DatabaseSession
from helpers.errors import KinframeError, Unavailable

_OPERATORS = {"euclidean": "l2_ops", "cosine": "cosine_ops"}
_BUILT = {"m": 16, "ef_construction": 128}  # as in `helpers.features.hnsw`
_MEMORY = 64, 4096  # MB for the graph while it is built, at least and at most
_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(?)"


class GraphIndex:
    """The indexes of a table, one for each metric, each built when it is first needed.

    A thread builds it, with CREATE INDEX CONCURRENTLY, so that others can write
    in the meantime; the log reports how long it took. Where the server runs out
    of memory or disk it fails: searches stay exact, the log has the reason, and
    the next start tries again. Where the database was lost, the next search
    does.
    """

    def __init__(self, database: Database, table: FeatureTable) -> None:
        self._database, self._table = database, table
        self._lock = threading.Lock()
        self._states: Dict[str, str] = {}  # of each metric: "building", "ready", "failed"

    @property
    def note(self) -> str:
        """Which indexes are not ready, for people; empty where all are."""
        unready = {metric: state for metric, state in self._states.items() if state != "ready"}
        notes = [f"{state} for {metric}, exactly until then" for metric, state in unready.items()]
        return f" ({'; '.join(notes)})" if notes else ""

    def ready(self, metric: str) -> bool:
        """Whether the index of a metric can be used; if not, building it starts unless it failed."""
        if self._states.get(metric) == "ready":
            return True
        with self._lock:
            if metric not in self._states:
                self._states[metric] = "building"
                threading.Thread(target=self._ensure, args=(metric,), daemon=True, name=f"hnsw, {metric}").start()
        return self._states.get(metric) == "ready"

    def _ensure(self, metric: str) -> None:
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

    def _build(self, session: DatabaseSession, metric: str, log: logging.Logger) -> None:
        name = f"{self._table.name}_{metric}"
        if session.rows(_VALID, name) == [(True,)]:
            return
        session.rows("COMMIT")  # CREATE INDEX CONCURRENTLY cannot run in a transaction
        settings = {"statement_timeout": "0", "lock_timeout": "0", "maintenance_work_mem": f"{self._memory(session)}MB"}
        before = {setting: session.rows("SELECT current_setting(?)", setting)[0][0] for setting in settings}
        # Of several services that start at the same time, the first builds, and the others find it built.
        session.rows("SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', '0', false)")
        session.rows("SELECT pg_advisory_lock(hashtext(?))", name)
        try:
            valid = session.rows(_VALID, name)
            if valid == [(True,)]:
                return
            for setting, value in settings.items():
                session.rows("SELECT set_config(?, ?, false)", setting, value)
            if valid:  # one that was begun and not finished
                session.rows(f"DROP INDEX CONCURRENTLY {name}")
            start = time.perf_counter()
            log.info("building an hnsw index for %s", metric)
            self._create(session, name, metric)
            log.info("built the hnsw index for %s in %.0f s", metric, time.perf_counter() - start)
        finally:
            for setting, value in before.items():
                session.rows("SELECT set_config(?, ?, false)", setting, value)
            session.rows("SELECT pg_advisory_unlock(hashtext(?))", name)

    def _create(self, session: DatabaseSession, name: str, metric: str) -> None:
        table = self._table
        parameters = ", ".join(f"{name} = {value}" for name, value in _BUILT.items())
        create = (
            f"CREATE INDEX CONCURRENTLY {name} ON {table.name} USING hnsw (v {table.type}_{_OPERATORS[metric]})"
            f" WITH ({parameters})"
        )
        try:
            session.rows(create)
        except KinframeError as error:
            if "shared memory" not in str(error):
                raise
            # Containers often have little of it; only parallel workers need it.
            session.rows(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            session.rows("SELECT set_config('max_parallel_maintenance_workers', '0', false)")
            try:
                session.rows(create)
            finally:
                session.rows("RESET max_parallel_maintenance_workers")

    def _memory(self, session: DatabaseSession) -> int:
        """MB for a graph of all features in the table."""
        rows = session.rows(f"SELECT count(*) FROM {self._table.name}")[0][0]  # noqa: S608  # nosec B608  # names are ours, values are bound
        return int(min(_MEMORY[1], max(_MEMORY[0], 1.2 * rows * (self._table.vector_bytes + 500) / 1e6)))
