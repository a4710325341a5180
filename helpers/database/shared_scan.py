"""One pass over all features for several queries: reading them is most of what a pass takes.

It goes over the bounds of `helpers.database.table_bounds`, where there are any,
and else over the table. There PostgreSQL returns, for each query, all features
up to a distance of the query's own, which a sample of the table suggests:
farther than the nearest that are wanted, and not much farther.
`helpers.database.candidates` proves the answer from them as from any others; a
query for which they are too few goes on by itself.
"""

import contextlib
import heapq
import os
import threading
from typing import Any, Iterator, List, Mapping, NamedTuple, Optional, Protocol, Sequence, Tuple, Union

import numpy as np

from helpers.database.interface import Database, DatabaseSession
from helpers.database.rounding import DistanceBounds
from helpers.errors import KinframeError, Unavailable

MOST_QUERIES = 50  # in one pass
OPERATORS = {"euclidean": "<->", "cosine": "<=>"}
_PASSES = max(1, (os.cpu_count() or 1) // 3)  # at a time: one keeps three processes of PostgreSQL busy
_SAMPLE = 2000  # features: for 2,048 numbers, 16 MB
_TOO_MANY = 4  # times as many as were expected: the table has grown since the sample was taken
_SETTINGS = {  # for one transaction
    "jit": "off",  # it takes longer than the search
    "plan_cache_mode": "force_custom_plan",  # whether an index is of use depends on how many rows are wanted
}
_PARALLEL = {  # PostgreSQL expects a third of all pairs to be returned, and would have one process do that
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
}


class Near(NamedTuple):
    """The features nearest to a query."""

    candidates: List[Tuple[str, float]]  # identities and approximate distances, in no order
    last: Optional[float]  # no other feature has a smaller approximate distance; None where there is no other

    def first(self, wanted: int) -> Optional["Near"]:
        """The `wanted` nearest of them, or all that there are; None where they are too few."""
        if len(self.candidates) <= wanted:
            return self if self.last is None or len(self.candidates) == wanted else None
        nearest = heapq.nsmallest(wanted, self.candidates, key=lambda candidate: candidate[1])
        return Near(nearest, nearest[-1][1])


class Bounded(NamedTuple):
    """The features that can be nearest to a query."""

    identities: List[str]
    beyond: float  # no other feature is nearer; infinite where there is no other


Found = Union[Near, Bounded]


class Bounds(Protocol):
    """Bounds on the distances of a table's features: a `helpers.database.table_bounds.TableBounds`."""

    def ready(self, metric: str) -> bool: ...

    def near(
        self, session: DatabaseSession, queries: np.ndarray, wanted: int, metric: str
    ) -> Optional[List[Optional[Bounded]]]: ...


class ScannedTable(Protocol):
    """The features of one network: a `helpers.database.feature_table.FeatureTable`."""

    name: str
    type: str  # of its vectors: `vector` or `halfvec`
    dimension: int

    def vector(self, numbers: np.ndarray) -> Any: ...


class _Sample(NamedTuple):
    """Some features of a table, and which share of it they are."""

    vectors: np.ndarray  # float32 [n, dimension]
    share: float


class TableScan:
    """Passes over one table. Several threads may use it."""

    def __init__(self, table: ScannedTable) -> None:
        self._table = table
        self._sample: Optional[_Sample] = None

    def near(self, session: DatabaseSession, queries: np.ndarray, wanted: int, metric: str) -> List[Near]:
        """For each of the queries, float32 [n, dimension], its nearest features: usually `wanted` or more.

        `n` is at most `MOST_QUERIES`.
        """
        prepare(session, {**_SETTINGS, **_PARALLEL})
        sample = self._sample or self._sampled(session)
        table, bounds = self._table, [DistanceBounds(query, metric, self._table.type) for query in queries]
        numbers = np.stack([bound.numbers.astype(np.float32) for bound in bounds])
        limits = _limits(sample, numbers, wanted, metric)
        values: List[Any] = []
        for place, (bound, limit) in enumerate(zip(bounds, limits.tolist())):
            values += [place, table.vector(bound.numbers), limit]
        row = f"(?::int, ?::{table.type}({table.dimension}), ?::double precision)"
        apart = f"kept.v {OPERATORS[metric]} queries.v"
        rows = session.rows(
            f"""SELECT queries.place, kept.identity, {apart} FROM {table.name} AS kept,
            (VALUES {", ".join([row] * len(queries))}) AS queries (place, v, farthest)
            WHERE kept.v IS NOT NULL AND {apart} <= queries.farthest""",  # noqa: S608  # nosec B608  # names are ours, values are bound
            *values,
        )
        candidates: List[List[Tuple[str, float]]] = [[] for _ in queries]
        for place, identity, distance in rows:
            candidates[place].append((identity, distance))
        usual = float(np.median([len(some) for some in candidates]))
        self._sample = sample if wanted <= usual <= _TOO_MANY * (_place(sample, wanted) + 1) / sample.share else None
        return [Near(some, None if np.isinf(limit) else limit) for some, limit in zip(candidates, limits.tolist())]

    def _sampled(self, session: DatabaseSession) -> _Sample:
        """The first features by identity: as that is a hash, they are random, and the last one shows their share."""
        rows = session.rows(
            f"SELECT identity, feature FROM {self._table.name} WHERE v IS NOT NULL ORDER BY identity LIMIT {_SAMPLE}"  # noqa: S608  # nosec B608  # names are ours
        )
        vectors = np.array([np.frombuffer(feature, "<f4") for _, feature in rows], np.float32)
        share = 1.0 if len(rows) < _SAMPLE else max(1, int(rows[-1][0][:8], 16)) / 16**8
        return _Sample(vectors.reshape(len(rows), self._table.dimension), share)


class SharedScan:
    """Threads whose queries come while others are at work share the next pass, over `bounds` or over the table."""

    def __init__(self, database: Database, table: ScannedTable, bounds: Bounds) -> None:
        self._database, self._scan, self._bounds = database, TableScan(table), bounds
        self._condition = threading.Condition()
        self._waiting: List[_Waiting] = []
        self._at_work = 0

    @contextlib.contextmanager
    def near(self, feature: np.ndarray, wanted: int, metric: str) -> Iterator[Optional[Found]]:
        """What can be nearest to one feature, float32 [dimension].

        None for one that nobody shares a pass with, where there are no bounds: it
        searches by itself, which is quicker then, within the block. None also
        where the shared pass failed: each finds out why by itself. Raises
        `Unavailable` where one alone did not reach the database.
        """
        mine = _Waiting(feature, wanted, metric)
        together = self._turn(mine)
        with contextlib.ExitStack() as turn:
            if together:
                turn.callback(self._end, together)
                self._share(together)
                if len(together) > 1 or mine.found is not None:
                    turn.close()  # the next ones go on
            yield mine.found

    def _turn(self, mine: "_Waiting") -> List["_Waiting"]:
        """Those for whom this thread has to ask, itself the first; nobody where another has asked for it."""
        with self._condition:
            self._waiting.append(mine)
            try:
                self._condition.wait_for(lambda: mine.is_taken or self._at_work < _PASSES)
                while mine.is_taken and not mine.is_done:
                    self._condition.wait()
            except BaseException:
                self._waiting = [one for one in self._waiting if one is not mine]
                raise
            if mine.is_done:
                return []
            others = [one for one in self._waiting if one.metric == mine.metric and one is not mine]
            together = [mine, *others[: MOST_QUERIES - 1]]
            for one in together:
                one.is_taken = True
            self._waiting = [one for one in self._waiting if not one.is_taken]
            self._at_work += 1
            return together

    def _share(self, together: List["_Waiting"]) -> None:
        metric, is_alone = together[0].metric, len(together) == 1
        has_bounds = self._bounds.ready(metric)
        if is_alone and not has_bounds:
            return
        queries, wanted = np.stack([one.feature for one in together]), max(one.wanted for one in together)
        found: Optional[Sequence[Optional[Found]]] = None
        try:
            with self._database.transaction(write=False) as session:
                if has_bounds:
                    found = self._bounds.near(session, queries, wanted, metric)
                if found is None and not is_alone:
                    found = self._scan.near(session, queries, wanted, metric)
        except KinframeError as error:
            if is_alone and isinstance(error, Unavailable):
                raise
            return
        for one, near in zip(together, found or ()):
            one.found = near

    def _end(self, together: List["_Waiting"]) -> None:
        with self._condition:
            for one in together:
                one.is_done = True
            self._at_work -= 1
            self._condition.notify_all()


class _Waiting:
    """A query that may be asked with others."""

    def __init__(self, feature: np.ndarray, wanted: int, metric: str) -> None:
        self.feature, self.wanted, self.metric = feature, wanted, metric
        self.found: Optional[Found] = None
        self.is_taken = self.is_done = False


def prepare(session: DatabaseSession, settings: Mapping[str, str] = _SETTINGS) -> None:
    """Settings for the searches of one transaction."""
    statement = "SELECT " + ", ".join(["set_config(?, ?, true)"] * len(settings))
    session.rows(statement, *(text for setting in settings.items() for text in setting))


def _place(sample: _Sample, wanted: int) -> int:
    """The rank in the sample, from 0, of a feature beyond the `wanted` nearest of the table, with a margin."""
    expected = wanted * sample.share
    return int(np.ceil(expected + 3 * np.sqrt(expected) + 4)) - 1


def _limits(sample: _Sample, queries: np.ndarray, wanted: int, metric: str) -> np.ndarray:
    """The distance of each query from that feature, float64 [queries]; infinite where the sample has none."""
    place = _place(sample, wanted)
    if place >= len(sample.vectors):
        return np.full(len(queries), np.inf)
    with np.errstate(all="ignore"):
        products = queries @ sample.vectors.T
        lengths, own = (np.square(rows).sum(axis=1) for rows in (sample.vectors, queries))
        if metric == "cosine":
            apart = 1 - products / np.sqrt(own[:, None] * lengths)
        else:
            apart = np.sqrt(np.maximum(own[:, None] + lengths - 2 * products, 0))
    limits = np.partition(np.nan_to_num(apart, nan=np.inf), place, axis=1)[:, place].astype(np.float64)
    return np.nextafter(limits, np.inf)
