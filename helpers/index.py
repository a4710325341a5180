"""Nearest neighbours among features, exactly.

Candidates are found by a scan of 16-bit copies (usearch); their distances are
then computed from the 32-bit features, so that a photo is at distance 0 from
itself and the order is right among near equals.
Where rounding to 16 bits could have kept a neighbour, or its equal, out of the
candidates, more of them are taken, and in the end all.
"""

from typing import List, Optional, Tuple

import numpy as np

from helpers.errors import FrameError

METRICS = ("euclidean", "cosine")

_SLACK = 32  # candidates beyond k: nearly always enough for 16 bits not to decide who is in
_MORE = 8  # times as many where that was not enough
_HALF = 1.01 * 2.0**-11  # the largest error of rounding to 16 bits, relative; below 2 ** -14, absolute:
_TINY = 1.01 * 2.0**-25
_BLOCK = 4096  # rows compared at a time, where all distances are wanted


class Index:
    """The features of a collection, ready to be searched.

    `vectors` is float32 [N, dimension]. `metric` is `euclidean`, the length of
    the difference; or `cosine`, 1 minus the cosine of the angle: 0 for the same
    direction, 1 at right angles, 2 for the opposite. Features that are all zero
    have no direction: 0 from each other, 1 from the rest.

    Raises `FrameError` for another metric.
    """

    def __init__(self, vectors: np.ndarray, metric: str = "euclidean") -> None:
        if metric not in METRICS:
            raise FrameError(f"metric={metric!r} is not known; there are {' and '.join(METRICS)}")
        self.metric = metric
        self._vectors = self._prepared(vectors)
        largest = float(np.abs(self._vectors).max(initial=0.0))
        self._scale = np.float32(min(1.0 / largest, 1e38)) if largest else np.float32(1.0)  # 16 bits end at 65504
        self._small = (self._vectors * self._scale).astype(np.float16)
        squares = [self._squares(rows * self._scale) for rows in self._blocks(self._vectors)]
        self._longest = max([float(each.max()) for each in squares], default=0.0) ** 0.5
        # Without a direction, a photo is not where the scan would look for it.
        self._scannable = metric == "euclidean" or all(each.all() for each in squares)

    def __len__(self) -> int:
        return len(self._vectors)

    def search(self, queries: np.ndarray, k: Optional[int]) -> Tuple[np.ndarray, np.ndarray]:
        """The `k` nearest rows of each query, float32 [M, dimension]; all rows with `k=None`.

        Returns rows, int64 [M, min(k, N)], and distances, float64 of the same
        shape; nearest first, equals by their row.
        """
        queries = self._prepared(queries)
        wanted = len(self) if k is None else min(k, len(self))
        if not wanted or not len(queries):
            return np.empty((len(queries), wanted), np.int64), np.empty((len(queries), wanted))
        rows, distances = zip(*(self._nearest(query, wanted) for query in queries))
        return np.stack(rows), np.stack(distances)

    def _nearest(self, query: np.ndarray, wanted: int) -> Tuple[np.ndarray, np.ndarray]:
        count = wanted + _SLACK
        while True:
            candidates, others = self._candidates(query, count)
            distances = np.concatenate(
                [self._distances(query, self._vectors[rows]) for rows in self._blocks(candidates)]
            )
            order = np.lexsort((candidates, distances))[:wanted]
            if len(candidates) == len(self) or distances[order[-1]] < others:
                return candidates[order], distances[order]
            count *= _MORE

    def _candidates(self, query: np.ndarray, count: int) -> Tuple[np.ndarray, float]:
        """The nearest `count` rows as 16 bits see them, and the distance below which there can be no other; or all."""
        everything = np.arange(len(self), dtype=np.int64), np.inf
        if count >= len(self) or not self._scannable or (self.metric == "cosine" and not query.any()):
            return everything
        from usearch.index import MetricKind, search

        with np.errstate(over="ignore"):  # a query far beyond the collection: infinite, and seen below
            small = (query * self._scale).astype(np.float16)
        found = search(self._small, small, count, metric=MetricKind.L2sq, exact=True)
        length = float(np.linalg.norm(small.astype(np.float32)))
        error = _HALF * (length + self._longest) + 2 * _TINY * len(query) ** 0.5
        others = float(found.distances[-1]) ** 0.5 * (1 - _HALF) - error
        if not np.isfinite(others):
            return everything
        others = max(0.0, others) / float(self._scale)
        return np.asarray(found.keys).astype(np.int64), others**2 / 2 if self.metric == "cosine" else others

    def _distances(self, query: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        # From the difference itself: |a|² + |b|² - 2ab would leave a photo some way off from itself.
        squares = self._squares(vectors.astype(np.float64) - query)
        if self.metric == "euclidean":
            return np.sqrt(squares)
        return np.where(vectors.any(axis=1) == query.any(), squares / 2, 1.0)

    def _prepared(self, vectors: np.ndarray) -> np.ndarray:
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if self.metric != "cosine":
            return vectors
        # Of unit length, half the squared difference is 1 minus the cosine.
        vectors = vectors / _or_one(np.abs(vectors).max(axis=1, initial=0.0))  # or squares could leave 32 bits
        return vectors / _or_one(np.linalg.norm(vectors, axis=1))

    @staticmethod
    def _squares(vectors: np.ndarray) -> np.ndarray:
        return np.einsum("ij,ij->i", vectors, vectors)

    @staticmethod
    def _blocks(rows: np.ndarray) -> List[np.ndarray]:
        return [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]


def _or_one(lengths: np.ndarray) -> np.ndarray:
    return np.where(lengths > 0, lengths, 1)[:, None]
