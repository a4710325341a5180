"""Nearest neighbours among features, exactly.

A query takes one pass over all rows with a bound (`helpers.features.bounds`: O(rows · dimension / 4) on all cores),
which excludes most of them, and exact distances (`helpers.features.distance`) for the few that are left. Several
queries share the pass, in blocks of 1,024 queries and 4,096 rows. However many queries there are, and whichever bound
was at work, the answer is the same to the last bit.
"""

import functools
from typing import Callable, Iterator, List, NamedTuple, Optional, Protocol, Tuple, Union

import numpy as np

from helpers.features.blocks import blocks
from helpers.features.bounds import FullBound, ShortBound
from helpers.features.distance import Distance
from helpers.files.progress import progress_bar

MANY = 4096  # rows from which a short bound pays
WIDE = 128  # numbers in a feature, likewise
BESIDE = 0.5  # what a short bound may leave out of the squared lengths
_POOR = 64  # rows beyond 4 k that can be as near as the k-th seems to be: more, and its guess was a poor one
_TOGETHER = 4  # queries from which it is faster to score them at once
_QUERIES, _ROWS = 1024, 4096  # that are scored at once
_SCORES = 1 << 23  # likewise, with those of the candidates
_MORE = 256  # candidates for each query, beyond 2 k

Answer = Tuple[np.ndarray, np.ndarray]  # rows, distances
Bound = Union[ShortBound, FullBound]


class SearchIndex(Protocol):
    """An index of a collection's features, of whichever kind: `Index`, `Hnsw`, or one in a database."""

    kind: str  # `exact`, `hnsw` or `postgresql`

    @property
    def metric(self) -> str:
        """`euclidean` or `cosine`."""

    @property
    def note(self) -> str:
        """A line for people: what is searched, and how."""

    def __len__(self) -> int: ...

    def search(self, queries: np.ndarray, k: Optional[int], progress: bool = False) -> Answer:
        """The `k` nearest rows of each query, float32 [n, dimension], or all: rows and distances, nearest first."""


class _BoundedQuery(NamedTuple):
    """A query, ready for exact distances and for each bound."""

    point: np.ndarray
    factors: List[np.ndarray]  # for each bound
    squares: List[float]  # likewise


class Index:
    """The features of a collection, ready to be searched.

    `vectors`, float32 [N, dimension], and `metric` are those of `helpers.features.distance.Distance`: the features are
    not copied. From 4,096 rows on a quarter of their size is kept beside them, where that helps. `bounds`, the
    quickest first, are for those who search among some rows only. With `short=False` it is made in a tenth of the
    time, and a search takes several times as long.

    Raises `FrameError` for another metric.
    """

    kind = "exact"

    def __init__(self, vectors: np.ndarray, metric: str = "euclidean", *, short: bool = True) -> None:
        self._distance = Distance(vectors, metric)
        self._full = FullBound(self._distance)
        self.bounds: List[Bound] = [self._full]
        if short and len(self) >= MANY and self._distance.vectors.shape[1] >= WIDE:
            bound = ShortBound(self._distance)
            if bound.beside < BESIDE:
                self.bounds = [bound, self._full]

    @property
    def metric(self) -> str:
        return self._distance.metric

    @property
    def note(self) -> str:
        """A line for people."""
        return "exact"

    def __len__(self) -> int:
        return len(self._distance)

    def search(self, queries: np.ndarray, k: Optional[int], progress: bool = False) -> Answer:
        """The `k` nearest rows of each query, float32 [M, dimension]; all rows with `k=None`.

        Returns rows, int64 [M, min(k, N)], and distances, float64 of the same shape; nearest first, equals by their
        row. With 2,048 numbers a feature it works in less than 200 MB beside these, whatever M and N. `progress` shows
        a bar where it takes more than two seconds.
        """
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        wanted = len(self) if k is None else min(k, len(self))
        rows, distances = np.empty((len(queries), wanted), np.int64), np.empty((len(queries), wanted))
        if not wanted:
            return rows, distances
        step = max(1, min(_QUERIES, _SCORES // (_ROWS + enough(wanted))))
        with progress_bar(total=len(queries), show=progress) as bar:
            for start in range(0, len(queries), step):
                points = self._distance.points(queries[start : start + step])
                for place, answer in self._answers(points, wanted):
                    rows[start + place], distances[start + place] = answer
                    bar.update()
        return rows, distances

    def _answers(self, points: np.ndarray, wanted: int) -> Iterator[Tuple[int, Answer]]:
        """The place of each query and its answer, in no order."""
        bounded = [bound.queries(points) for bound in self.bounds]
        queries = [
            _BoundedQuery(point, [some.factors[place] for some in bounded], [some.squares[place] for some in bounded])
            for place, point in enumerate(points)
        ]
        few = wanted <= len(self) // 4  # else exact distances of nearly all rows are needed anyway
        left = []  # the queries that have no answer yet
        for place, query in enumerate(queries):
            if few and min(query.squares) > -np.inf:
                left.append(place)
            else:
                yield place, self._distance.nearest(query.point, None, wanted)
        for level, bound in enumerate(self.bounds):  # together, by the quickest bound first
            if len(left) < _TOGETHER:
                break
            scores_of = functools.partial(bound.scores, bounded[level].factors[left])
            rows, scores = largest_scores(scores_of, len(self), enough(wanted))
            beyond = scores.min(axis=1) if rows.shape[1] < len(self) else np.full(len(rows), -np.inf)
            places, left = left, []
            for line, place in enumerate(places):
                answer = self._answer_among(queries[place], wanted, level, rows[line], scores[line], beyond[line])
                if answer is None:
                    left.append(place)
                else:
                    yield place, answer
        for place in left:  # one by one, over all rows
            all_scores = self.bounds[0].scores(queries[place].factors[0], slice(None))
            answer = self._answer_among(queries[place], wanted, 0, None, all_scores, -np.inf)
            yield place, answer or self._distance.nearest(points[place], None, wanted)

    def _answer_among(
        self,
        query: _BoundedQuery,
        wanted: int,
        level: int,
        rows: Optional[np.ndarray],
        scores: np.ndarray,
        beyond: float,
    ) -> Optional[Answer]:
        """The answer, if it is certain to be among `rows` (None are all rows); else None.

        `scores` are those of `rows` by the bound of that `level`; no other row has a larger one than `beyond`.
        """
        bound = self.bounds[level]
        # The last neighbour is no farther than the farthest of the rows that seem nearest.
        guess = _largest(scores, wanted)
        guess = guess if rows is None else rows[guess]
        apart = self._farthest(query, guess)
        if not apart < np.inf:
            return None
        least = bound.least(query.squares[level], apart)
        if beyond >= least:
            return None
        # These rows can be as near as that.
        near = np.flatnonzero(scores >= least)
        near = near if rows is None else rows[near]
        if bound is not self._full:
            parts = blocks(len(near), 4 * len(query.point))
            scores = np.concatenate([self._full.scores(query.factors[-1], near[part]) for part in parts])
            if len(near) > 4 * wanted + _POOR:
                apart = min(apart, self._farthest(query, near[_largest(scores, wanted)]))
            near = near[scores >= self._full.least(query.squares[-1], apart)]
        return self._distance.nearest(query.point, near, wanted)

    def _farthest(self, query: _BoundedQuery, rows: np.ndarray) -> float:
        """The squared distance of the farthest of these rows."""
        return self._distance.squared(float(self._distance.to(query.point, rows).max()))


def enough(wanted: int) -> int:
    """How many of the largest scores nearly always are enough to prove that many neighbours."""
    return 2 * wanted + _MORE


def _largest(scores: np.ndarray, count: int) -> np.ndarray:
    """The places of the `count` largest, in no order; all where there are fewer."""
    if count >= len(scores):
        return np.arange(len(scores))
    return np.argpartition(scores, len(scores) - count)[len(scores) - count :]


def largest_scores(scores_of: Callable[[slice], np.ndarray], total: int, count: int) -> Tuple[np.ndarray, np.ndarray]:
    """The `count` of `total` rows with the largest scores for each query, in no order, and these scores: [M, count].

    `scores_of` returns those of some rows, float32 [M, rows].
    """
    rows, scores = np.empty((1, 0), np.int64), np.empty((1, 0), np.float32)
    for start in range(0, total, _ROWS):
        new = scores_of(slice(start, min(total, start + _ROWS)))
        if rows.shape[1] < count:
            places = np.broadcast_to(np.arange(start, start + new.shape[1]), new.shape)
        else:
            places, new = _above(new, scores.min(axis=1), start)
        if not start:
            rows, scores = places, new
        else:
            rows, scores = np.concatenate([rows, places], axis=1), np.concatenate([scores, new], axis=1)
        if rows.shape[1] > count:
            order = np.argpartition(scores, rows.shape[1] - count, axis=1)[:, -count:]
            rows, scores = np.take_along_axis(rows, order, 1), np.take_along_axis(scores, order, 1)
    return rows, scores


def _above(scores: np.ndarray, least: np.ndarray, start: int) -> Tuple[np.ndarray, np.ndarray]:
    """The scores above `least` in each line, moved to the left: their places, counted from `start`, and they."""
    lines, places = np.divmod(np.flatnonzero(scores > least[:, None]), scores.shape[1])
    counts = np.bincount(lines, minlength=len(scores))
    columns = np.arange(len(lines)) - np.repeat(np.cumsum(counts) - counts, counts)
    rows = np.zeros((len(scores), int(np.max(counts))), np.int64)
    above = np.full(rows.shape, -np.inf, np.float32)
    rows[lines, columns], above[lines, columns] = places + start, scores[lines, places]
    return rows, above
