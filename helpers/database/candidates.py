"""The exact nearest photos to a query in PostgreSQL: it returns candidates, whose distances are computed here."""

from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Protocol, Sequence, Tuple

import numpy as np

from helpers.database.interface import DatabaseSession, parts
from helpers.database.rounding import DistanceBounds
from helpers.database.shared_scan import OPERATORS, Bounded, Found, ScannedTable, prepare
from helpers.features.distance import Distance

MORE = 32  # candidates beyond k: in 16 bits their order may be another
_MOST = 10_000  # candidates; a search that needs more takes all rows
_EF = 200, 1000  # candidates that an HNSW index keeps in sight: at least, and at most


class References(NamedTuple):
    """The photos that are searched: the images of a service, or the rows of a notebook's collection."""

    rows: str  # a statement that returns `item` and `identity`
    values: Tuple[Any, ...] = ()
    few: bool = False  # whether they are so few of the table's features that it is faster to join them first


Candidate = Tuple[int, str, float]  # item, identity, approximate distance
Settle = Callable[[List[int], List[str]], np.ndarray]  # items and their identities → exact distances, float64


class SearchedTable(ScannedTable, Protocol):
    """The features of one network: a `helpers.database.feature_table.FeatureTable`."""

    def features(self, session: DatabaseSession, identities: Sequence[str]) -> Dict[str, np.ndarray]: ...


class CandidateSearch:
    """One search: candidates are fetched until the k nearest of them are proved to be the nearest of all."""

    def __init__(
        self,
        table: SearchedTable,
        session: DatabaseSession,
        feature: np.ndarray,
        metric: str,
        references: References,
        settle: Optional[Settle],
    ) -> None:
        self._table, self._session, self._metric = table, session, metric
        self._bounds = DistanceBounds(feature, metric, table.type)
        self._feature, self._references, self._settle = feature, references, settle or self._from_table
        self._distances: Dict[int, float] = {}
        self.found_few = False  # whether few of the nearest features belonged to references

    def nearest(self, k: int, by_graph: bool, found: Optional[Found] = None) -> List[Tuple[int, float]]:
        """The nearest; `found` are the first candidates."""
        prepare(self._session)
        self._add(self._without_vector())
        if self._bounds.is_zero and self._metric == "cosine":  # at 1 from all that has a direction
            self._distances.update(dict.fromkeys(self._first(k), 1.0))
            return self._nearest(k)
        limit: Optional[int] = k + MORE
        few = self._references.few
        first = self._among(found, k) if found is not None and self._bounds.is_usable else None
        while True:
            if first is not None:
                (near, beyond), first = first, None
            else:
                near, last = self._near_few(limit) if few else self._near(limit, by_graph)
                beyond = None if last is None else self._bounds.least(last)
            is_all = beyond is None
            farthest = self._bounds.most(near[k - 1][2]) if len(near) >= k else np.inf
            self._add([candidate for candidate in near if not self._bounds.least(candidate[2]) > farthest])
            nearest = self._nearest(k)
            if len(nearest) == k and (by_graph or beyond is None or nearest[-1][1] < beyond):
                return nearest
            if is_all and not by_graph:
                return nearest
            self.found_few = len(near) < k
            few, by_graph = few or by_graph or self.found_few, False
            if limit is not None:
                limit = None if 8 * limit > _MOST else 8 * limit

    def _among(self, found: Found, k: int) -> Optional[Tuple[List[Candidate], Optional[float]]]:
        """Candidates among features that were found, and the least distance of any other; None if they are too few."""
        if isinstance(found, Bounded):
            return self._near_these(found.identities), None if found.beyond == np.inf else found.beyond
        found_near = found.first(k + MORE)
        if found_near is None:
            return None
        apart, near = dict(found_near.candidates), []
        for part in parts(list(apart)):
            items = self._session.rows(
                f"SELECT item, identity FROM ({self._references.rows}) AS items WHERE identity = ANY(?)",  # noqa: S608  # nosec B608  # names are ours, values are bound
                *self._references.values,
                part,
            )
            near += [(item, identity, apart[identity]) for item, identity in items]
        beyond = None if found_near.last is None else self._bounds.least(found_near.last)
        return sorted(near, key=_apart), beyond

    def _near_these(self, identities: Sequence[str]) -> List[Candidate]:
        """The candidates among these features."""
        near: List[Candidate] = []
        for part in parts(list(dict.fromkeys(identities))):  # some twice, where rows were removed and put in again
            near += self._session.rows(
                f"""SELECT items.item, items.identity, {self._apart} FROM {self._joined}
                WHERE kept.v IS NOT NULL AND kept.identity = ANY(?)""",  # noqa: S608  # nosec B608  # names are ours, values are bound
                self._table.vector(self._bounds.numbers),
                *self._references.values,
                part,
            )
        return sorted(near, key=_apart)

    def _near(self, limit: Optional[int], by_graph: bool) -> Tuple[List[Candidate], Optional[float]]:
        """Candidates among the nearest features, and the last one's approximate distance; None if they are all."""
        table, apart = self._table, self._apart
        if by_graph:
            sight = min(_EF[1], max(_EF[0], 2 * (limit or _EF[1])))
            self._session.rows("SELECT set_config('hnsw.ef_search', ?, true)", str(sight))
            self._session.rows("SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true)")
        else:
            apart = f"0 + ({apart})"  # for which no index is of use
        rows = self._session.rows(
            f"""WITH near AS MATERIALIZED (
                SELECT identity, {apart} AS apart FROM {table.name} WHERE v IS NOT NULL ORDER BY 2 LIMIT ?::bigint
            ) SELECT near.identity, near.apart, items.item
            FROM near LEFT JOIN ({self._references.rows}) AS items ON items.identity = near.identity""",  # noqa: S608  # nosec B608  # names are ours, values are bound
            table.vector(self._bounds.numbers),
            limit,
            *self._references.values,
        )
        features = {identity for identity, _, _ in rows}
        last = None if limit is None or len(features) < limit else max(apart for _, apart, _ in rows)
        near = [(item, identity, apart) for identity, apart, item in rows if item is not None]
        return sorted(near, key=_apart), last

    def _near_few(self, limit: Optional[int]) -> Tuple[List[Candidate], Optional[float]]:
        """Candidates among the references, and the last one's approximate distance; None if they are all."""
        rows = self._session.rows(
            f"""SELECT items.item, items.identity, 0 + ({self._apart}) AS apart FROM {self._joined}
            WHERE v IS NOT NULL ORDER BY 3 LIMIT ?::bigint""",  # noqa: S608  # nosec B608  # names are ours, values are bound
            self._table.vector(self._bounds.numbers),
            *self._references.values,
            limit,
        )
        return rows, None if limit is None or len(rows) < limit else rows[-1][2]

    def _without_vector(self) -> List[Candidate]:
        """The references whose feature has no vector in the table: always candidates."""
        some = f"SELECT 1 FROM {self._table.name} WHERE v IS NULL ORDER BY identity LIMIT 1"  # noqa: S608  # nosec B608  # names are ours
        if not self._session.rows(some):  # nearly always, and known from an index
            return []
        return self._session.rows(
            f"SELECT items.item, items.identity, 0.0::double precision FROM {self._joined} WHERE kept.v IS NULL",  # noqa: S608  # nosec B608  # names are ours, values are bound
            *self._references.values,
        )

    def _first(self, k: int) -> List[int]:
        """The first references that have a direction."""
        rows = self._session.rows(
            f"SELECT items.item FROM {self._joined} WHERE v IS NOT NULL ORDER BY 1 LIMIT ?::bigint",  # noqa: S608  # nosec B608  # names are ours, values are bound
            *self._references.values,
            k,
        )
        return [item for (item,) in rows]

    @property
    def _apart(self) -> str:
        """The approximate distance of a feature from the query, its one parameter."""
        return f"v {OPERATORS[self._metric]} ?::{self._table.type}({self._table.dimension})"

    @property
    def _joined(self) -> str:
        return f"({self._references.rows}) AS items JOIN {self._table.name} AS kept ON kept.identity = items.identity"

    def _add(self, candidates: Iterable[Candidate]) -> None:
        """Compute the exact distances of candidates."""
        new = [(item, identity) for item, identity, _ in candidates if item not in self._distances]
        for part in parts(new):
            items, identities = map(list, zip(*part))
            self._distances.update(zip(items, self._settle(items, identities).tolist()))

    def _from_table(self, items: List[int], identities: List[str]) -> np.ndarray:
        photos = list(dict.fromkeys(identities))
        features = self._table.features(self._session, photos)
        distance = Distance(np.stack([features[photo] for photo in photos]), self._metric)
        distances = dict(zip(photos, distance.to(distance.points(self._feature[None])[0])))
        return np.array([distances[identity] for identity in identities])

    def _nearest(self, k: int) -> List[Tuple[int, float]]:
        items = np.fromiter(self._distances.keys(), np.int64, len(self._distances))
        distances = np.fromiter(self._distances.values(), np.float64, len(self._distances))
        order = np.lexsort((items, distances))[:k]
        return list(zip(items[order].tolist(), distances[order].tolist()))


def _apart(candidate: Candidate) -> float:
    return candidate[2]
