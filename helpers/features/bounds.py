"""How near two features can be at most, computed quickly: what spares an exact search most of its work.

A bound gives each row a score for a query: one matrix product in 32 bits on all cores, O(rows · dimension) numbers
with `FullBound`, and a quarter of these with `ShortBound`, which keeps a matrix of that size. Rows whose score is
below `least` cannot be among the nearest; for the few others `helpers.features.distance` has the answer.

Notes
-----
For points a and b, |a - b|² = |a|² + |b|² - 2ab. The score of a row b for a query a is ab - |b|²/2, with an allowance
for all that was rounded or left out: the larger, the nearer b may be. No row is farther by a bound than it is, in
whatever order a processor sums. For the errors of sums see N. Higham, Accuracy and Stability of Numerical Algorithms
(2002), section 3.1; for the directions of `ShortBound`, Halko, Martinsson and Tropp, Finding Structure with Randomness
(2011).
"""

import os
from contextlib import closing
from typing import NamedTuple, Optional, Tuple, Union

import numpy as np

from helpers.features.blocks import blocks
from helpers.features.distance import Distance, squared_lengths
from helpers.files.threads import one_thread_each, work_ahead

SAMPLE = 2048  # rows by which directions are chosen
_LONG = 1e15  # times the usual length: beyond it, squares come near the end of 32 bits
_USUAL = 1e20  # usual lengths from 1 / this to this can be worked with in 32 bits
_IN_CACHE = 1 << 22  # bytes that are worked on at once, by each thread
_FEW = 1 << 19  # numbers: 400 rows of 1,280
_NEAR = np.float32(1e30)  # the score of a row whose distance is not bounded: it may be the nearest


class BoundQueries(NamedTuple):
    """Queries, ready for a bound."""

    factors: np.ndarray  # float32 [M, width]
    squares: np.ndarray  # float64 [M]: |a|², less the allowance; -inf for a query that has no bound


class FullBound:
    """Scores from the features themselves, which are not copied; 8 bytes a row are kept beside them."""

    def __init__(self, distance: Distance) -> None:
        self._vectors = distance.vectors
        count, dimension = self._vectors.shape
        self._allowance = 1.1 * _error(dimension + 16)
        lengths = np.empty(count)
        for part in blocks(count, 8 * dimension, _IN_CACHE):
            lengths[part] = np.sqrt(squared_lengths(self._vectors[part].astype(np.float64)))
        self._inverse: Optional[np.ndarray] = None
        with np.errstate(all="ignore"):
            if distance.metric == "cosine":
                self._scale, self._usable = 1.0, True
                odd = (lengths > 0) & ~((lengths > 1 / _USUAL) & (lengths < _USUAL))
                self._inverse = np.where(lengths > 0, 1 / lengths, 0).astype(np.float32)
                lengths = np.sign(lengths)
            else:
                usual = _usual(lengths)
                self._scale, self._usable = 1 / usual, 1 / _USUAL < usual < _USUAL
                lengths *= self._scale
                odd = ~(lengths < _LONG)
            self._halves = (np.where(odd, 0, lengths) ** 2 * ((1 - self._allowance) / 2)).astype(np.float32)
        self._odd = odd if odd.any() else None

    def queries(self, points: np.ndarray) -> BoundQueries:
        """Queries at `points` of a `Distance`, float64 [M, dimension]."""
        with np.errstate(all="ignore"):
            squares = squared_lengths(points) * self._scale**2
            good = (squares < _LONG**2) & self._usable
            factors = np.where(good[:, None], points * self._scale**2, 0).astype(np.float32)
        return BoundQueries(factors, np.where(good, squares * (1 - self._allowance), -np.inf))

    def scores(self, factors: np.ndarray, rows: Union[slice, np.ndarray]) -> np.ndarray:
        """The scores of rows: float32 [rows] for the factors of one query, [M, rows] for M.

        `rows` is a slice, or for one query row numbers.
        """
        with np.errstate(all="ignore"):  # odd rows get another score
            if isinstance(rows, slice):
                scores = products(factors, self._vectors[rows])
            else:  # mostly few: not worth waking other threads
                scores = np.einsum("ij,j->i", self._vectors.take(rows, axis=0), factors)
            if self._inverse is not None:
                scores *= self._inverse[rows]
            scores -= self._halves[rows]
        if self._odd is not None:
            scores[..., self._odd[rows]] = _NEAR
        return scores

    def least(self, square: float, apart: float) -> np.float32:
        """The least score of a row that is no farther than `apart`, squared, from a query of that `square`."""
        return _least(square, apart * self._scale**2)


class Shortening:
    """What makes features short: the directions in which a collection extends most, a quarter of its numbers.

    The rest of a point, beside these directions, counts by its length alone, as if it had the same direction in all
    points. `sample`, float32 [n, dimension], are features of the collection, up to 2,048 of them; the same sample
    gives the same directions. A short feature has `width` numbers.
    """

    def __init__(self, sample: np.ndarray, metric: str) -> None:
        dimension = sample.shape[1]
        self.width = dimension // 4
        self._error = 2.1 * _error(dimension + 4) * self.width**0.5  # of products along the directions
        self._allowance = self._error + 2.1 * _error(self.width + 4)
        self._space = Distance(np.empty((0, dimension), np.float32), metric)
        with np.errstate(all="ignore"):
            points = _ordinary(self._space.points(sample))
            self._centre = points.mean(axis=0) if len(points) else np.zeros(dimension)
            points -= self._centre
            self._scale = 1 / _usual(np.sqrt(squared_lengths(points)))
            with one_thread_each():
                self._directions = _directions(points * self._scale, self.width - 2).astype(np.float32)

    def short(self, vectors: np.ndarray) -> Tuple[np.ndarray, float, float]:
        """Features of the collection, float32 [n, dimension], as float32 [n, width].

        And how much of their squared lengths is beside the directions, and how much there is of these in all.
        """
        factors, squares = self._factors(self._space.points(vectors))
        factors[:, -1] = squares * ((self._allowance - 1) / 2)
        factors[~np.isfinite(squares), -1] = _NEAR
        near = squares < 1e4  # a few far ones would outweigh all others
        return factors, float(np.square(factors[near, -2], dtype=np.float64).sum()), float(squares[near].sum())

    def queries(self, points: np.ndarray) -> BoundQueries:
        """Queries at `points` of a `Distance`, float64 [M, dimension]."""
        factors, squares = self._factors(points)
        factors[:, -1] = 1
        return BoundQueries(factors, np.where(np.isfinite(squares), squares * (1 - self._allowance), -np.inf))

    def least(self, square: float, apart: float) -> np.float32:
        """The least score of a row that is no farther than `apart`, squared, from a query of that `square`."""
        return _least(square, apart * self._scale**2)

    def apart(self, square: float, score: float) -> float:
        """How near, squared, a row with no larger score can be to a query of that `square`: `least` the other way."""
        if score == -np.inf:
            return np.inf
        score += 4 * float(np.spacing(np.float32(abs(score))))
        return max(0.0, (square - 2 * (score + 1e-30)) * (1 - 1e-8) / self._scale**2)

    def _factors(self, points: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """The points along the directions, and their lengths beside them; and squares, inf where too large."""
        with np.errstate(all="ignore"):
            points = points - self._centre
            points *= self._scale
            squares = np.einsum("ij,ij->i", points, points)
            good = squares < _LONG**2
            points[~good] = 0
        factors = np.empty((len(points), self.width), np.float32)
        along = factors[:, :-2] = points.astype(np.float32) @ self._directions
        squares = np.where(good, squares, 0)
        inside = along.astype(np.float64)
        beside = np.maximum(squares - np.einsum("ij,ij->i", inside, inside), 0) + self._error * squares
        factors[:, -2] = np.sqrt(beside) * (1 + 1e-6)
        return factors, np.where(good, squares, np.inf)


class ShortBound:
    """Scores from features made short by a `Shortening`.

    `beside` is the share of the squared lengths, from 0 to 1, that is beside its directions: a bound with much beside
    excludes few rows. A quarter of the size of the features is kept. The same features give the same directions.
    """

    def __init__(self, distance: Distance) -> None:
        vectors = distance.vectors
        count, dimension = vectors.shape
        sample = vectors[np.linspace(0, count - 1, min(count, SAMPLE)).astype(np.int64)]
        self._shortening = Shortening(sample, distance.metric)
        self._matrix = np.empty((count, self._shortening.width), np.float32)

        def fill(part: slice) -> Tuple[float, float]:
            self._matrix[part], beside, total = self._shortening.short(vectors[part])
            return beside, total

        parts = blocks(count, 8 * dimension, _IN_CACHE)
        with one_thread_each(), closing(work_ahead(fill, parts, ahead=2 * (os.cpu_count() or 1))) as sums:
            beside, total = np.sum(list(sums), axis=0).tolist()
        self.beside = beside / total if total else 1.0

    def queries(self, points: np.ndarray) -> BoundQueries:
        """Queries at `points` of a `Distance`, float64 [M, dimension]."""
        return self._shortening.queries(points)

    def scores(self, factors: np.ndarray, rows: slice) -> np.ndarray:
        """The scores of rows: float32 [rows] for the factors of one query, [M, rows] for M."""
        return products(factors, self._matrix[rows])

    def least(self, square: float, apart: float) -> np.float32:
        """The least score of a row that is no farther than `apart`, squared, from a query of that `square`."""
        return self._shortening.least(square, apart)


def products(factors: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The scores of the rows of a matrix: float32 [rows] for the factors of one query, [M, rows] for M."""
    if factors.ndim > 1:
        return factors @ matrix.T
    # For few rows it is not worth waking the threads of BLAS.
    return np.einsum("ij,j->i", matrix, factors) if matrix.size <= _FEW else matrix @ factors


def _error(count: int) -> float:
    """The error of a sum of `count` products in 32 bits, or of as many roundings, relative to the sum without signs."""
    return count * 2.0**-24 / (1 - count * 2.0**-24)


def _least(square: float, apart: float) -> np.float32:
    least = (square - apart * (1 + 1e-9)) / 2 - 1e-30  # 64 bits round too, and small products end at 1e-45
    return np.nextafter(np.float32(max(least, -1e38)), np.float32(-np.inf))


def _usual(lengths: np.ndarray) -> float:
    lengths = lengths[np.isfinite(lengths) & (lengths > 0)]
    return float(np.median(lengths)) if len(lengths) else 1.0


def _ordinary(points: np.ndarray) -> np.ndarray:
    lengths = np.sqrt(squared_lengths(points))
    return points[lengths < 100 * _usual(lengths)]


def _directions(points: np.ndarray, count: int) -> np.ndarray:
    """Directions along which points extend far, at right angles to each other: float64 [dimension, count]."""
    rough = points.astype(np.float32)  # enough to find them; 64 bits put them at right angles
    extent = rough.T @ np.random.default_rng(0).standard_normal((len(points), count), np.float32)
    for _ in range(2):
        extent = rough.T @ (rough @ extent)
        extent /= np.abs(extent).max() or 1
    return np.linalg.qr(extent.astype(np.float64))[0]
