"""What pgvector's numbers of 16 and 32 bits can say of a distance, and what they cannot.

A `halfvec` holds a feature x as h, with |x - h| <= 2^-11 |x|, and distances are
summed in 32 bits. So a distance that PostgreSQL says bounds the true one, which
is `helpers.features.distance.Distance`'s, from both sides: by the triangle inequality,
and by the error of sums (N. Higham, Accuracy and Stability of Numerical
Algorithms, 2002, section 3.1). The few features for which this does not hold
are kept without a vector, and always settled one by one.
"""

from typing import Tuple

import numpy as np

from helpers.features.blocks import blocks
from helpers.features.distance import squared_lengths

LONGEST_VECTOR = 2000  # numbers of a `vector` that fits on a page with all that is beside it
_HALF, _SINGLE = 2.0**-11, 2.0**-24
_LARGEST = 65504.0  # of 16 bits
_LENGTHS = 1e-12, 1e12  # of which squares are well within 32 bits


def type_of(dimension: int) -> str:
    """pgvector's type for features of a length."""
    return "vector" if dimension <= LONGEST_VECTOR else "halfvec"


def rounded(vectors: np.ndarray, kind: str) -> Tuple[np.ndarray, np.ndarray]:
    """Features, float32 [n, dimension], as `vector` or `halfvec` holds them, and which it does not hold: bool [n].

    These are zero (pgvector knows no cosine of them), not finite, or lose too much.
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


class Bounds:
    """How far from a question, float32 [dimension], rows can be of which PostgreSQL says how far they seem."""

    def __init__(self, feature: np.ndarray, metric: str, kind: str) -> None:
        exact = feature.astype(np.float64)
        with np.errstate(all="ignore"):
            numbers, _ = rounded(np.nan_to_num(feature)[None], kind)
            length = float(np.sqrt(np.square(exact).sum()))
            self._lost = float(np.sqrt(np.square(exact - numbers[0]).sum()))
        self.numbers = numbers[0]  # the question, as PostgreSQL gets it
        self._row = _HALF if kind == "halfvec" else _SINGLE  # what a row has lost, of its length
        self._sum = (len(feature) + 8) * _SINGLE
        self._length, self._metric = length, metric
        self.is_zero = length == 0
        self._usable = self.is_zero or (_LENGTHS[0] < length < _LENGTHS[1] and self._lost <= 0.01 * length)

    def least(self, seems: float) -> float:
        """A row that seems that far is no nearer than this."""
        if not self._usable:
            return -np.inf
        if self._metric == "euclidean":
            return (seems * (1 - self._sum) - self._lost - self._row * self._length) / (1 + self._row)
        chord = np.sqrt(2 * max(0.0, seems - 4 * self._sum)) - self._turned
        return float(chord) ** 2 / 2 if chord > 0 else -1.0

    def most(self, seems: float) -> float:
        """A row that seems that far is no farther than this."""
        if not self._usable:
            return np.inf
        if self._metric == "euclidean":
            return (seems * (1 + self._sum) + self._lost + self._row * self._length) / (1 - self._row)
        chord = np.sqrt(2 * max(0.0, seems + 4 * self._sum)) + self._turned
        return float(chord) ** 2 / 2

    @property
    def _turned(self) -> float:
        """How far, on the sphere, both have been moved at most."""
        return 2 * self._row + 2 * self._lost / (self._length or 1.0) + 1e-9
