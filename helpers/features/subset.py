"""The nearest neighbours among some photos of a collection: only those of one folder, one night, one label.

The rows that do not count are left out before the nearest are taken, so that there are always as many as were asked
for, if there are so many.
"""

from typing import Optional, Sequence

import numpy as np

from helpers.features.blocks import blocks
from helpers.features.bounds import FullBound
from helpers.features.distance import Distance
from helpers.features.index import Answer, Bound, Index, SearchIndex

_FEW = 1 << 21  # numbers of features whose exact distances take about 10 ms
_ALL = 1 << 28  # numbers that a bound takes about 0.1 s for
_MORE = 16  # neighbours beyond those that are expected to be enough


class SubsetSearch:
    """An index and the features in it, float32 [N, dimension], to be searched among some rows.

    100,000 rows of 1,280 numbers take about as long as without a choice of rows, whichever these are.
    """

    def __init__(self, index: SearchIndex, vectors: np.ndarray) -> None:
        self._index = index
        self._distance = Distance(vectors, index.metric)
        # An exact index has made its bounds already; of another they are made when they are first needed.
        self._bounds: Sequence[Bound] = index.bounds if isinstance(index, Index) else ()

    @property
    def metric(self) -> str:
        return self._distance.metric

    @property
    def kind(self) -> str:
        """Of the index: one of `helpers.features.open_index.KINDS`, or `postgresql`."""
        return self._index.kind

    def search(self, query: np.ndarray, k: Optional[int], allowed: Optional[np.ndarray] = None) -> Answer:
        """The `k` nearest rows of one query, float32 [dimension], among the rows where `allowed`, bool [N], is true.

        Returns rows, int64 [min(k, allowed rows)], and distances, float64; nearest first, equals by their row. They
        are what the index would give for all rows, without the others: exact, unless it is approximate itself.
        """
        query = np.ascontiguousarray(query, dtype=np.float32)
        if allowed is None or allowed.all():
            all_rows, distances = self._index.search(query[None], k)
            return all_rows[0], distances[0]
        rows = np.flatnonzero(allowed)
        wanted = len(rows) if k is None else min(k, len(rows))
        point = self._distance.points(query[None])[0]
        if len(rows) * len(point) <= _FEW or wanted > len(rows) // 4:
            return self._distance.nearest(point, rows, wanted)
        if not isinstance(self._index, Index):
            answer = self._from_index(query, wanted, allowed, len(rows))
            if answer is not None:
                return answer
        return self._distance.nearest(point, self._near(point, wanted, rows), wanted)

    def _from_index(self, query: np.ndarray, wanted: int, allowed: np.ndarray, count: int) -> Optional[Answer]:
        """The answer, if an approximate index comes to it soon."""
        expected = 2 * wanted * len(allowed) // count + _MORE
        more = min(expected, wanted + len(allowed) - count)
        while more * len(query) <= _FEW:
            rows, distances = self._index.search(query[None], more)
            inside = np.flatnonzero(allowed[rows[0]])[:wanted]
            if len(inside) == wanted:
                return rows[0][inside], distances[0][inside]
            if len(allowed) * len(query) <= _ALL:
                break  # those that count are not where the query is; far from it, a graph misses more
            more *= 2
        return None

    def _near(self, point: np.ndarray, wanted: int, rows: np.ndarray) -> np.ndarray:
        """Those of the rows that can be among the nearest, as `helpers.features.index.Index` finds them."""
        self._bounds = self._bounds or [FullBound(self._distance)]
        apart = np.inf
        for bound in self._bounds:
            query = bound.queries(point[None])
            factors, square = query.factors[0], float(query.squares[0])
            scores = _scores(bound, factors, rows, len(self._distance))
            guess = rows[np.argpartition(scores, len(rows) - wanted)[len(rows) - wanted :]]
            apart = min(apart, self._distance.squared(float(self._distance.to(point, guess).max())))
            if square > -np.inf and apart < np.inf:
                rows = rows[scores >= bound.least(square, apart)]
        return rows


def _scores(bound: Bound, factors: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """The scores of some of `count` rows by a bound, float32 [rows]."""
    if isinstance(bound, FullBound) and len(rows) < count // 4:
        parts = blocks(len(rows), 4 * len(factors))
        return np.concatenate([bound.scores(factors, rows[part]) for part in parts])
    return bound.scores(factors, slice(None))[rows]  # in the order of memory, by all cores
