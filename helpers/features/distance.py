"""What a distance between features is, to the last bit.

Every search settles its answer here, so that all give the same numbers: in 64 bits, one pair at a time, from the
difference itself. That costs O(rows · dimension) numbers in one thread: several times as long as multiplying the same
rows in 32 bits, so an index asks for few rows only. Rows are taken in blocks of 1 MB, which stay in the processor's
cache from step to step.
"""

from typing import Optional, Tuple

import numpy as np

from helpers.errors import FrameError
from helpers.features.blocks import blocks

METRICS = ("euclidean", "cosine")
_IN_CACHE = 1 << 20  # bytes of 64-bit numbers that are worked on at once
_RANDOM = 10_000  # pairs, by which the usual distance is measured


class Distance:
    """The features of a collection and their metric.

    `vectors` is float32 [N, dimension] and is not copied; it may be a memory map. Other types and orders are
    converted. `metric` is `euclidean`, the length of the difference; or `cosine`, 1 minus the cosine of the angle: 0
    for the same direction, 1 at right angles, 2 for the opposite. Features that are all zero have no direction: 0 from
    each other, 1 from the rest.

    Raises `FrameError` for another metric.
    """

    def __init__(self, vectors: np.ndarray, metric: str) -> None:
        if metric not in METRICS:
            raise FrameError(f"metric={metric!r} is not known; there are {' and '.join(METRICS)}")
        self.vectors, self.metric = np.ascontiguousarray(vectors, dtype=np.float32), metric

    def __len__(self) -> int:
        return len(self.vectors)

    def points(self, vectors: np.ndarray) -> np.ndarray:
        """The positions of features, float64: as they are, or for `cosine` on the unit sphere, or at its centre."""
        points = vectors.astype(np.float64)
        if self.metric == "cosine":
            lengths = np.sqrt(squared_lengths(points))
            lengths[lengths == 0] = 1
            points /= lengths[:, None]
        return points

    def to(self, point: np.ndarray, rows: Optional[np.ndarray] = None) -> np.ndarray:
        """The distances of `rows` of the collection, or of all, from one of `points`: float64 [rows].

        A row's distance does not depend on which others are asked for.
        """
        count = len(self) if rows is None else len(rows)
        distances = np.empty(count)
        for part in blocks(count, 8 * len(point), _IN_CACHE):
            points = self.points(self.vectors[part] if rows is None else self.vectors.take(rows[part], axis=0))
            directed = points.any(axis=1) if self.metric == "cosine" else None
            points -= point  # |a|² + |b|² - 2ab would leave a photo some way off from itself
            squares = squared_lengths(points)
            if directed is None:
                distances[part] = np.sqrt(squares)
            else:  # on the sphere, half the squared difference is 1 minus the cosine
                distances[part] = np.where(directed == point.any(), squares / 2, 1.0)
        return distances

    def nearest(self, point: np.ndarray, rows: Optional[np.ndarray], k: int) -> Tuple[np.ndarray, np.ndarray]:
        """The `k` nearest of these rows, or of all: rows and distances, nearest first, equals by their row."""
        distances = self.to(point, rows)
        order = (np.argsort(distances, kind="stable") if rows is None else np.lexsort((rows, distances)))[:k]
        return order if rows is None else rows[order], distances[order]

    def usual(self) -> float:
        """The median distance of two rows that were drawn at random, always the same ones: 10,000 pairs."""
        if not len(self):
            return 0.0
        random = np.random.default_rng(0)
        distances = []
        for row in random.integers(0, len(self), _RANDOM // 100):
            others = random.integers(0, len(self), 100)
            distances.append(self.to(self.points(self.vectors[row : row + 1])[0], others[others != row]))
        every = np.concatenate(distances)
        return float(np.median(every)) if len(every) else 0.0

    def squared(self, distance: float) -> float:
        """How far apart, squared, two points at a distance are."""
        return distance**2 if self.metric == "euclidean" else 2 * distance


def squared_lengths(points: np.ndarray) -> np.ndarray:
    """Of each line; the same to the last bit, whatever the other lines."""
    return np.square(points).sum(axis=1)  # einsum sums long lines in another way when there is only one
