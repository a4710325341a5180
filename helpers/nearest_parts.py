"""Which photos have a part that is near to a feature: each photo by its nearest part."""

from typing import Tuple

import numpy as np

from helpers.bounds import FullBound
from helpers.distance import Distance


class NearestParts:
    """Parts of photos, to be searched exactly.

    `rows`, int64 [n] ascending, are the photos that the parts are of, `vectors`,
    float32 [n, dimension], their features. 30,000 parts of 1,280 numbers take
    some hundredths of a second a search. Raises `FrameError` for an unknown metric.
    """

    def __init__(self, rows: np.ndarray, vectors: np.ndarray, metric: str) -> None:
        self._rows, self._distance = rows, Distance(vectors, metric)
        self._bound = FullBound(self._distance)

    def search(self, vector: np.ndarray, k: int, allowed: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """The nearest part of each of the k nearest photos of those where `allowed`, bool [photos], is true.

        Returns parts, int64 [m], and distances, float64 [m]; nearest first, equals by their photo.
        """
        parts = np.flatnonzero(allowed[self._rows])
        point = self._distance.points(np.asarray(vector, np.float32)[None])[0]
        parts, distances = self._distance.nearest(point, self._near(point, parts, k), len(parts))
        first = np.sort(np.unique(self._rows[parts], return_index=True)[1])[:k]
        return parts[first], distances[first]

    def _near(self, point: np.ndarray, parts: np.ndarray, k: int) -> np.ndarray:
        """Those of the parts that can be the nearest one of the k nearest photos."""
        photos, starts, photo = np.unique(self._rows[parts], return_index=True, return_inverse=True)
        if k >= len(photos):
            return parts
        asked = self._bound.asked(point[None])
        scores = self._bound.scores(asked.factors[0], slice(None))[parts]
        best = np.maximum.reduceat(scores, starts)
        guessed = np.zeros(len(photos), bool)
        guessed[np.argpartition(best, len(photos) - k)[len(photos) - k :]] = True
        guess = parts[guessed[photo] & (scores == best[photo])]  # one of each photo that seems to be near
        apart = self._distance.squared(float(self._distance.to(point, guess).max()))
        square = float(asked.squares[0])
        if not (square > -np.inf and apart < np.inf):  # features so large that nothing is known of them
            return parts
        return parts[scores >= self._bound.least(square, apart)]
