"""The nearest of some items by their features in PostgreSQL: candidates from there, settled here."""

from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Protocol, Sequence, Tuple

import numpy as np

from helpers.database.interface import Session
from helpers.database.rounding import Bounds
from helpers.features.distance import Distance

_MORE = 32  # candidates beyond k: in 16 bits their order may be another
_MOST = 10_000  # candidates from which all rows are candidates
_AT_ONCE = 1000  # features that are fetched at once
_EF = 200, 1000  # candidates that an HNSW index keeps in sight: at least, and at most

_OPERATORS = {"euclidean": "<->", "cosine": "<=>"}
_SETTINGS = {  # for one transaction
    "jit": "off",  # it takes longer than the search
    "plan_cache_mode": "force_custom_plan",  # how many are asked for decides whether an index is of use
}


class Table(Protocol):
    """The table of a network's features, as `helpers.database.feature_table.FeatureTable`."""

    name: str
    type: str  # of its vectors
    dimension: int

    def vector(self, numbers: np.ndarray) -> Any:
        """Numbers of `rounded`, as a parameter of a statement."""

    def features(self, session: Session, identities: Sequence[str]) -> Dict[str, np.ndarray]:
        """The features of these photos, as far as they are kept."""


class Items(NamedTuple):
    """What is searched for: the images of a service, or the rows of a notebook's collection."""

    rows: str  # a statement that gives `item` and `identity`
    values: Tuple[Any, ...] = ()
    few: bool = False  # so few of the features are theirs, that these are picked out first


Near = Tuple[int, str, float]  # item, identity, how far it seems
Settle = Callable[[List[int], List[str]], np.ndarray]  # items and their identities → distances, float64


class Candidates:
    """One question."""

    def __init__(
        self,
        table: Table,
        session: Session,
        feature: np.ndarray,
        metric: str,
        bounds: Bounds,
        items: Items,
        settle: Optional[Settle],
    ) -> None:
        self._table, self._session, self._metric, self._bounds = table, session, metric, bounds
        self._feature, self._items, self._settle = feature, items, settle or self._from_table
        self._distances: Dict[int, float] = {}
        self.few = False  # whether they turned out to be

    def found(self, k: int, by_graph: bool) -> List[Tuple[int, float]]:
        for name, value in _SETTINGS.items():
            self._session.rows("SELECT set_config(?, ?, true)", name, value)
        self._take(self._lost())
        if self._bounds.is_zero and self._metric == "cosine":  # at 1 from all that has a direction
            self._distances.update(dict.fromkeys(self._first(k), 1.0))
            return self._nearest(k)
        limit: Optional[int] = k + _MORE
        few = self._items.few
        while True:
            near, last = self._near_few(limit) if few else self._near(limit, by_graph)
            is_all = last is None
            farthest = self._bounds.most(near[k - 1][2]) if len(near) >= k else np.inf
            self._take([one for one in near if not self._bounds.least(one[2]) > farthest])
            nearest = self._nearest(k)
            if len(nearest) == k and (by_graph or is_all or nearest[-1][1] < self._bounds.least(last or 0.0)):
                return nearest
            if is_all and not by_graph:
                return nearest
            self.few = len(near) < k
            few, by_graph = few or by_graph or self.few, False
            if limit is not None:
                limit = None if 8 * limit > _MOST else 8 * limit

    def _near(self, limit: Optional[int], by_graph: bool) -> Tuple[List[Near], Optional[float]]:
        """The items of the features that seem nearest; and how far the last of these seems, None if they are all."""
        table, operator = self._table, _OPERATORS[self._metric]
        apart = f"v {operator} ?::{table.type}({table.dimension})"
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
            FROM near LEFT JOIN ({self._items.rows}) AS items ON items.identity = near.identity""",  # noqa: S608
            table.vector(self._bounds.numbers),
            limit,
            *self._items.values,
        )
        features = {identity for identity, _, _ in rows}
        last = None if limit is None or len(features) < limit else max(apart for _, apart, _ in rows)
        near = [(item, identity, apart) for identity, apart, item in rows if item is not None]
        return sorted(near, key=lambda one: one[2]), last

    def _near_few(self, limit: Optional[int]) -> Tuple[List[Near], Optional[float]]:
        """The items that seem nearest, and how far the last of them seems, None if they are all."""
        table = self._table
        apart = f"0 + (v {_OPERATORS[self._metric]} ?::{table.type}({table.dimension}))"
        rows = self._session.rows(
            f"""SELECT items.item, items.identity, {apart} AS apart
            FROM ({self._items.rows}) AS items JOIN {table.name} AS kept ON kept.identity = items.identity
            WHERE v IS NOT NULL ORDER BY 3 LIMIT ?::bigint""",  # noqa: S608
            table.vector(self._bounds.numbers),
            *self._items.values,
            limit,
        )
        return rows, None if limit is None or len(rows) < limit else rows[-1][2]

    def _lost(self) -> List[Near]:
        return self._session.rows(
            f"""SELECT items.item, items.identity, 0.0::double precision
            FROM {self._table.name} AS kept JOIN ({self._items.rows}) AS items ON items.identity = kept.identity
            WHERE kept.v IS NULL""",  # noqa: S608
            *self._items.values,
        )

    def _first(self, k: int) -> List[int]:
        """The first items that have a direction."""
        rows = self._session.rows(
            f"""SELECT items.item
            FROM ({self._items.rows}) AS items JOIN {self._table.name} AS kept ON kept.identity = items.identity
            WHERE v IS NOT NULL ORDER BY 1 LIMIT ?::bigint""",  # noqa: S608
            *self._items.values,
            k,
        )
        return [item for (item,) in rows]

    def _take(self, candidates: Iterable[Near]) -> None:
        """Settle how far candidates are."""
        new = [(item, identity) for item, identity, _ in candidates if item not in self._distances]
        for start in range(0, len(new), _AT_ONCE):
            items, identities = [list(each) for each in zip(*new[start : start + _AT_ONCE])]
            self._distances.update(zip(items, self._settle(items, identities).tolist()))

    def _from_table(self, items: List[int], identities: List[str]) -> np.ndarray:
        photos = list(dict.fromkeys(identities))
        kept = self._table.features(self._session, photos)
        distance = Distance(np.stack([kept[photo] for photo in photos]), self._metric)
        apart = dict(zip(photos, distance.to(distance.points(self._feature[None])[0])))
        return np.array([apart[identity] for identity in identities])

    def _nearest(self, k: int) -> List[Tuple[int, float]]:
        items = np.fromiter(self._distances.keys(), np.int64, len(self._distances))
        distances = np.fromiter(self._distances.values(), np.float64, len(self._distances))
        order = np.lexsort((items, distances))[:k]
        return list(zip(items[order].tolist(), distances[order].tolist()))
