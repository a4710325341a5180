"""Nearest neighbours among features, exactly.

Candidates are found by a scan of 16-bit copies at the speed of the memory
(usearch); their distances are then computed from the 32-bit features, so that
a photo is at distance 0 from itself and the order is right among near equals.
"""

from typing import Optional, Tuple

import numpy as np

from helpers.errors import FrameError

METRICS = ("euclidean", "cosine")

_SLACK = 32  # candidates beyond k, so that 16 bits never decide who is in
_BLOCK = 4096  # rows compared at a time, where all distances are wanted


class Index:
    """The features of a collection, ready to be searched.

    `vectors` is float32 [N, dimension]. `metric` is `euclidean`, the length of
    the difference; or `cosine`, 1 minus the cosine of the angle: 0 for the same
    direction, 1 at right angles, 2 for the opposite.

    Raises `FrameError` for another metric.
    """

    def __init__(self, vectors: np.ndarray, metric: str = "euclidean") -> None:
        if metric not in METRICS:
            raise FrameError(f"metric={metric!r} is not known; there are {' and '.join(METRICS)}")
        self.metric = metric
        self._vectors = self._prepared(vectors)
        largest = float(np.abs(self._vectors).max(initial=0.0))
        self._scale = np.float32(1.0 / largest) if largest else np.float32(1.0)  # 16 bits end at 65504
        self._small = (self._vectors * self._scale).astype(np.float16)

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
        candidates = self._candidates(query, wanted + _SLACK)
        distances = np.concatenate(
            [
                self._distances(query, self._vectors[candidates[start : start + _BLOCK]])
                for start in range(0, len(candidates), _BLOCK)
            ]
        )
        order = np.lexsort((candidates, distances))[:wanted]
        return candidates[order], distances[order]

    def _candidates(self, query: np.ndarray, count: int) -> np.ndarray:
        if count >= len(self):
            return np.arange(len(self), dtype=np.int64)
        from usearch.index import MetricKind, search

        small = (query * self._scale).astype(np.float16)
        found = search(self._small, small, count, metric=MetricKind.L2sq, exact=True)
        return np.asarray(found.keys).astype(np.int64)

    def _distances(self, query: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        # From the difference itself: |a|² + |b|² - 2ab would leave a photo some way off from itself.
        difference = (vectors - query).astype(np.float64)
        squares = np.einsum("ij,ij->i", difference, difference)
        return squares / 2 if self.metric == "cosine" else np.sqrt(squares)

    def _prepared(self, vectors: np.ndarray) -> np.ndarray:
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if self.metric != "cosine":
            return vectors
        # Of unit length, half the squared difference is 1 minus the cosine.
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(lengths > 0, lengths, 1)
