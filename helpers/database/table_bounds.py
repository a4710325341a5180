"""Bounds on the distances of all features of a table, in memory: which few of them a search has to look at.

Of each feature a quarter of its numbers is kept, those of `helpers.features.bounds.Shortening`, as an exact index in
memory keeps them. They are read in the background after the first search by a metric, and each search adds what came
since, by whichever process: the table numbers its rows in the order in which they come (`FeatureTable.give_numbers`).
A row that is gone from the table costs nothing but a place, as the distances themselves come from the table.
"""

import logging
import threading
import time
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

import numpy as np

from helpers.database.feature_table import FeatureTable
from helpers.database.interface import Database, DatabaseSession
from helpers.database.shared_scan import Bounded
from helpers.errors import KinframeError, Unavailable
from helpers.features.bounds import SAMPLE, Shortening, products
from helpers.features.distance import Distance
from helpers.features.index import BESIDE, MANY, WIDE, enough, largest_scores
from helpers.files.cache import roomy_array

_MOST = 1 << 30  # bytes for a metric: 524,288 features of 2,048 numbers; more are searched in the table
_AT_ONCE = 1000  # features that are read at once; more than these, and the search goes on without bounds
_GROWN = 4  # times as many features as when the directions were chosen: they are chosen again
_AGAIN = 120.0  # seconds after which it is tried again
_SPARE = 1.5  # times the room that is needed, where more has to be made
_IDENTITY = 32  # bytes


class TableBounds:
    """The bounds of one table, for each metric. Several threads may use it."""

    def __init__(self, database: Database, table: FeatureTable) -> None:
        self._database, self._table = database, table
        self._lock = threading.Lock()
        self._kept: Dict[str, _ShortFeatures] = {}  # by metric
        self._making: Set[str] = set()
        self._rest: Dict[str, float] = {}  # metric → the time until which nothing is tried

    def ready(self, metric: str) -> bool:
        """Whether there are bounds; if not, and it is worth while, they are made in the background."""
        if self._table.dimension < WIDE:
            return False
        if metric not in self._kept:
            self._begin(metric)
        return metric in self._kept

    def near(
        self, session: DatabaseSession, queries: np.ndarray, wanted: int, metric: str
    ) -> Optional[List[Optional[Bounded]]]:
        """For each of the queries, float32 [n, dimension], what can be among its `wanted` nearest features.

        It is complete for all that the transaction sees. None for a query that
        has no bounds; None for all where the bounds are behind the table, or gone.
        """
        kept = self._kept.get(metric)
        if kept is None:
            return None
        try:
            is_complete = kept.take_in(session)
        except (OSError, MemoryError):  # no room for more
            is_complete = None
        if is_complete is None or kept.size > _MOST:
            self._forget(metric, kept)
            return None
        if not is_complete or len(kept) > _GROWN * kept.begun_with:
            self._begin(metric)
        return kept.near(queries, wanted) if is_complete else None

    def _forget(self, metric: str, kept: "_ShortFeatures") -> None:
        with self._lock:
            if self._kept.get(metric) is kept:
                del self._kept[metric]

    def _begin(self, metric: str) -> None:
        with self._lock:
            if metric in self._making or self._rest.get(metric, 0.0) > time.monotonic():
                return
            self._making.add(metric)
        threading.Thread(target=self._make, args=(metric,), daemon=True, name=f"bounds, {metric}").start()

    def _make(self, metric: str) -> None:
        """Make the bounds, or complete those that there are."""
        kept, rest = self._kept.get(metric), _AGAIN
        try:
            if kept is not None and len(kept) <= _GROWN * kept.begun_with:
                self._complete(kept)
                rest = 0.0
            else:
                new = self._made(metric)
                if new is not None:
                    self._kept[metric], rest = new, 0.0
        except Unavailable:
            pass  # as searches are, which report it
        except (KinframeError, OSError, MemoryError) as error:
            logging.getLogger(__name__).warning("searches go through the whole table of features: %s", error)
            rest = np.inf
        finally:
            with self._lock:
                self._making.discard(metric)
                self._rest[metric] = time.monotonic() + rest

    def _made(self, metric: str) -> Optional["_ShortFeatures"]:
        """New bounds; None where the table is too small or too large for them, or they would exclude few features."""
        table, start = self._table, time.perf_counter()
        with self._database.transaction(write=False) as session:
            count = session.rows(f"SELECT count(*) FROM {table.name}")[0][0]  # noqa: S608  # nosec B608  # names are ours
            is_numbered = table.is_numbered(session)
        if count < MANY or count * table.dimension > _MOST:
            return None
        if not is_numbered:
            table.give_numbers()
        with self._database.transaction(write=False) as session:
            kept = _ShortFeatures(table, session, metric, int(_SPARE * count))
            if not kept.read_all(session) < BESIDE:
                return None
        seconds, log = time.perf_counter() - start, logging.getLogger(__name__)
        log.info("read %d features in %.0f s: searches by %s look at few of them", count, seconds, metric)
        return kept

    def _complete(self, kept: "_ShortFeatures") -> None:
        while True:
            with self._database.transaction(write=False) as session:
                if kept.take_in(session) is not False:
                    return


class _ShortFeatures:
    """The features of a table that have a vector, made short for one metric; as a transaction sees them, and later."""

    def __init__(self, table: FeatureTable, session: DatabaseSession, metric: str, room: int) -> None:
        self._table, self._metric = table, metric
        # As identities are hashes, the first are random ones.
        some = session.rows(
            f"SELECT feature FROM {table.name} WHERE v IS NOT NULL ORDER BY identity LIMIT ?::bigint",  # noqa: S608  # nosec B608  # names are ours, values are bound
            SAMPLE,
        )
        self._shortening = Shortening(table.unpacked([feature for (feature,) in some]), metric)
        self._space = Distance(np.empty((0, table.dimension), np.float32), metric)
        self._matrix, self._identities = self._room(room)
        self._count, self._last = 0, 0  # how many there are, and the number of the last row that was read
        self._mark: Any = None  # of the table, as `_mark_of`
        self._lock = threading.Lock()
        self.begun_with = 0  # features

    def __len__(self) -> int:
        return self._count

    @property
    def size(self) -> int:
        """Bytes."""
        return self._count * self._shortening.width * 4

    def read_all(self, session: DatabaseSession) -> float:
        """Read all features; the share of their squared lengths that is beside the directions."""
        table = self._table
        self._last = session.rows(f"SELECT coalesce(max(number), 0) FROM {table.name}")[0][0]  # noqa: S608  # nosec B608  # names are ours
        self._mark = self._mark_of(session)
        session.rows(
            f"DECLARE kinframe_all NO SCROLL CURSOR FOR SELECT identity, feature FROM {table.name} WHERE v IS NOT NULL"  # noqa: S608  # nosec B608  # names are ours
        )
        sums, some = np.zeros(2), session.rows(f"FETCH {_AT_ONCE} FROM kinframe_all")
        while some:
            sums += self._add(some)
            some = session.rows(f"FETCH {_AT_ONCE} FROM kinframe_all")
        self.begun_with = self._count
        return float(sums[0] / sums[1]) if sums[1] else 1.0

    def take_in(self, session: DatabaseSession) -> Optional[bool]:
        """Read what came since; whether that was all, None where the table is another one than was read."""
        with self._lock:
            if self._mark_of(session) != self._mark:
                return None
            new = session.rows(
                f"""SELECT identity, feature, number, v IS NOT NULL FROM {self._table.name}
                WHERE number > ?::bigint ORDER BY number LIMIT {_AT_ONCE}""",  # noqa: S608  # nosec B608  # names are ours, values are bound
                self._last,
            )
            if new:
                self._add([(identity, feature) for identity, feature, _, has_vector in new if has_vector])
                self._last = new[-1][2]
                self._mark = self._mark[0], new[-1][0]
            return len(new) < _AT_ONCE

    def near(self, queries: np.ndarray, wanted: int) -> List[Optional[Bounded]]:
        """As `TableBounds.near`."""
        count = self._count
        matrix, identities = self._matrix, self._identities  # after `count`: they have so many rows, or more
        asked = self._shortening.queries(self._space.points(queries))
        rows, scores = largest_scores(lambda part: products(asked.factors, matrix[part]), count, enough(wanted))
        is_all = rows.shape[1] >= count
        found: List[Optional[Bounded]] = []
        for line, square, some in zip(rows, asked.squares.tolist(), scores):
            apart = np.inf if is_all else self._shortening.apart(square, float(some.min()))
            beyond = float(np.sqrt(apart)) if self._metric == "euclidean" else apart / 2
            found.append(None if square == -np.inf else Bounded(_in_hex(identities[line]), beyond))
        return found

    def _add(self, rows: Sequence[Sequence[Any]]) -> np.ndarray:
        """Add rows that begin with an identity and a feature; what of their squared lengths is beside, and in all."""
        if not rows:
            return np.zeros(2)
        end = self._count + len(rows)
        short, *sums = self._shortening.short(self._table.unpacked([row[1] for row in rows]))
        if end > len(self._matrix):
            matrix, identities = self._room(int(_SPARE * end))
            matrix[: self._count] = self._matrix[: self._count]
            identities[: self._count] = self._identities[: self._count]
            self._matrix, self._identities = matrix, identities  # searches in progress go on in the old ones
        self._matrix[self._count : end] = short
        names = b"".join(bytes.fromhex(row[0]) for row in rows)
        self._identities[self._count : end] = np.frombuffer(names, self._identities.dtype)
        self._count = end
        return np.array(sums)

    def _room(self, rows: int) -> Tuple[np.ndarray, np.ndarray]:
        """Room for short features, and for their identities."""
        return np.asarray(roomy_array((rows, self._shortening.width))), np.empty(rows, f"V{_IDENTITY}")

    def _mark_of(self, session: DatabaseSession) -> Any:
        """The table's file, and the last row that was read; where one is not what it was, numbers are given again.

        The file is another one where the table was emptied. The row is, where the database was put back to an earlier
        state.
        """
        statement = f"""SELECT pg_relation_filenode(to_regclass(?)),
            (SELECT identity FROM {self._table.name} WHERE number = ?::bigint AND number > 0)"""  # noqa: S608  # nosec B608  # names are ours, values are bound
        return session.rows(statement, self._table.name, self._last)[0]


def _in_hex(identities: np.ndarray) -> List[str]:
    text = identities.tobytes().hex()
    return [text[start : start + 2 * _IDENTITY] for start in range(0, len(text), 2 * _IDENTITY)]
