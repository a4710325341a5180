"""Bounds on exact distances, from those that pgvector computes with 16 and 32 bits.

A `halfvec` holds a feature x as h, with |x - h| <= 2^-11 |x|, and distances are
summed in 32 bits. So a distance of PostgreSQL bounds the exact one, that of
`helpers.features.distance.Distance`, from both sides: by the triangle inequality,
and by the error of sums (N. Higham, Accuracy and Stability of Numerical
Algorithms, 2002, section 3.1). The few features for which this does not hold
are kept without a vector, and their distances always computed exactly.
"""

from typing import Tuple

import numpy as np

from helpers.features.blocks import blocks
from helpers.features.distance import squared_lengths

LONGEST_VECTOR = 2000  # numbers; a longer `vector` does not fit on a page with the rest of its row
_HALF, _SINGLE = 2.0**-11, 2.0**-24
_LARGEST = 65504.0  # number in 16 bits
_LENGTHS = 1e-12, 1e12  # whose squares are well within 32 bits


def type_of(dimension: int) -> str:
    """pgvector's type for features of this length."""
    return "vector" if dimension <= LONGEST_VECTOR else "halfvec"


def rounded(vectors: np.ndarray, kind: str) -> Tuple[np.ndarray, np.ndarray]:
    """Features, float32 [n, dimension], as `vector` or `halfvec` holds them, and which it cannot hold: bool [n].

    Those are zero (pgvector has no cosine of them), not finite, or lose too much.
    """
    numbers = np.empty(vectors.shape, np.float32 if kind == "vector" else np.float16)
    lost = np.empty(len(vectors), bool)
    with np.errstate(all="ignore"):
        for part in blocks(len(vectors), 8 * vectors.shape[1]):
            exact = vectors[part].astype(np.float64)
            numbers[part] = np.clip(np.nan_to_num(exact), -_LARGEST, _LARGEST) if kind == "halfvec" else vectors[part]
            lengths = np.sqrt(squared_lengths(exact))
            apart = np.sqrt(squared_lengths(exact - numbers[part]))
            good = (lengths > _LENGTHS[0]) & (lengths < _LENGTHS[1]) & (apart <= _HALF * lengths)
            lost[part] = ~good
    return numbers, lost


class DistanceBounds:
    """How far rows can be from a query, float32 [dimension], given their approximate distances."""

    def __init__(self, feature: np.ndarray, metric: str, kind: str) -> None:
        exact = feature.astype(np.float64)
        with np.errstate(all="ignore"):
            numbers, _ = rounded(np.nan_to_num(feature)[None], kind)
            length = float(np.sqrt(np.square(exact).sum()))
            self._lost = float(np.sqrt(np.square(exact - numbers[0]).sum()))
        self.numbers = numbers[0]  # the query as PostgreSQL gets it
        self._row = _HALF if kind == "halfvec" else _SINGLE  # what a row has lost at most, relative to its length
        self._sum = (len(feature) + 8) * _SINGLE
        self._length, self._metric = length, metric
        self.is_zero = length == 0
        self.is_usable = self.is_zero or (_LENGTHS[0] < length < _LENGTHS[1] and self._lost <= 0.01 * length)

    def least(self, approximate: float) -> float:
        """The smallest exact distance of a row at this approximate distance."""
        if not self.is_usable:
            return -np.inf
        if self._metric == "euclidean":
            return (approximate * (1 - self._sum) - self._lost - self._row * self._length) / (1 + self._row)
        chord = np.sqrt(2 * max(0.0, approximate - 4 * self._sum)) - self._turned
        return float(chord) ** 2 / 2 if chord > 0 else -1.0

    def most(self, approximate: float) -> float:
        """The largest exact distance of a row at this approximate distance."""
        if not self.is_usable:
            return np.inf
        if self._metric == "euclidean":
            return (approximate * (1 + self._sum) + self._lost + self._row * self._length) / (1 - self._row)
        chord = np.sqrt(2 * max(0.0, approximate + 4 * self._sum)) + self._turned
        return float(chord) ** 2 / 2

    @property
    def _turned(self) -> float:
        """How far rounding can have moved both on the unit sphere, as a chord."""
        return 2 * self._row + 2 * self._lost / (self._length or 1.0) + 1e-9
