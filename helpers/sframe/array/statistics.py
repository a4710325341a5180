"""Numbers about a column: sums, extremes, spread, counts. Missing values are passed over."""

import datetime
from array import array
from typing import TYPE_CHECKING, Any, Callable, Optional

import numpy as np

from helpers.sframe.array.arithmetic import Arithmetic
from helpers.sframe.array.base import BaseArray
from helpers.sframe.array.comparison import truth
from helpers.sframe.dtype import NUMBERS
from helpers.sframe.errors import Unsupported, WrongType
from helpers.sframe.image import Image

if TYPE_CHECKING:
    from helpers.sframe.array.sarray import SArray


class Statistics(Arithmetic):
    """The methods of `SArray` that return one value, and the cumulative ones."""

    __slots__ = ()

    def sum(self) -> Any:
        """The sum; 0 of nothing. Of lists of numbers and of numpy arrays, the sum at each place."""
        if self.dtype in (array, np.ndarray):
            return _placewise(self, "sum", np.sum)
        total = _numbers(self, "sum").sum()
        return self.dtype(total)

    def mean(self) -> Any:
        """The mean as a float, None of nothing. Of lists, numpy arrays and images of one size, that at each place."""
        if self.dtype in (array, np.ndarray):
            return _placewise(self, "mean", np.mean)
        if self.dtype is Image:
            return _mean_image(self)
        values = _numbers(self, "mean")
        return float(values.mean()) if len(values) else None

    def var(self, ddof: int = 0) -> Optional[float]:
        """The variance, over n - ddof values; None of nothing."""
        values = _numbers(self, "var")
        if not len(values):
            return None
        if len(values) <= ddof:
            raise Unsupported(f"{len(values)} values are too few for ddof={ddof}")
        return float(values.var(ddof=ddof))

    def std(self, ddof: int = 0) -> Optional[float]:
        """The standard deviation, over n - ddof values; None of nothing."""
        variance = self.var(ddof)
        return None if variance is None else float(np.sqrt(variance))

    def min(self) -> Any:
        """The smallest number or date, NaN aside; None of nothing."""
        return _extreme(self, "min", np.fmin.reduce, min)

    def max(self) -> Any:
        """The largest number or date, NaN aside; None of nothing."""
        return _extreme(self, "max", np.fmax.reduce, max)

    def median(self, approximate: bool = False) -> Any:
        """The middle value, the upper one of two; NaN aside. Always exact: `approximate` is ignored."""
        values = _numbers(self, "median")
        values = values[~np.isnan(values)]
        return self.dtype(np.partition(values, len(values) // 2)[len(values) // 2]) if len(values) else None

    def argmin(self) -> Optional[int]:
        """The row of the smallest number, the first of several; NaN only where there is no other, None of nothing."""
        return _where(self, np.argmin)

    def argmax(self) -> Optional[int]:
        """The row of the largest number, the first of several; NaN only where there is no other, None of nothing."""
        return _where(self, np.argmax)

    def any(self) -> bool:
        """Whether at least one value is neither missing, nor zero, nor empty."""
        return bool(_truth(self, "any").any())

    def all(self) -> bool:
        """Whether no value is missing, zero or empty; true of nothing."""
        return bool(_truth(self, "all").all())

    def nnz(self) -> int:
        """How many values are neither missing, nor zero, nor empty."""
        return int(_truth(self, "nnz").sum())

    def countna(self) -> int:
        """How many values are missing. NaN is not."""
        return int(self._gaps.sum())

    def cumulative_sum(self) -> "SArray":
        """At each row the sum so far; missing until there is a first value."""
        return _cumulative(self, np.cumsum, 0, self.dtype)

    def cumulative_min(self) -> "SArray":
        """At each row the smallest so far; missing until there is a first value."""
        return _cumulative(self, np.fmin.accumulate, _limits(self).max, self.dtype)

    def cumulative_max(self) -> "SArray":
        """At each row the largest so far; missing until there is a first value."""
        return _cumulative(self, np.fmax.accumulate, _limits(self).min, self.dtype)

    def cumulative_mean(self) -> "SArray":
        """At each row the mean so far; missing until there is a first value."""
        return self.cumulative_sum() / _counts(self)

    def cumulative_var(self) -> "SArray":
        """At each row the variance so far (ddof 0); missing until there is a first value."""
        values = _numbers(self, "cumulative_var")
        # Around the first value, because the squares of large numbers cancel badly.
        shifted = self - (float(values[0]) if len(values) else 0.0)
        mean = shifted.cumulative_mean()
        return (shifted * shifted).cumulative_mean() - mean * mean

    def cumulative_std(self) -> "SArray":
        """At each row the standard deviation so far (ddof 0); missing until there is a first value."""
        return self.cumulative_var().clip_lower(0) ** 0.5


def _numbers(column: BaseArray, name: str) -> np.ndarray:
    if column.dtype not in NUMBERS:
        raise Unsupported(f"{name}() needs numbers, not {column.dtype.__name__}; convert with .astype(float)")
    return column._values if column._missing is None else column._values[~column._missing]


def _placewise(column: BaseArray, name: str, reduce: Callable[..., Any]) -> Any:
    """The sum or mean at each place of lists or numpy arrays; of nothing an empty sum, and no mean."""
    rows = [row for row in column._values if row is not None]
    if len(set(map(np.shape, rows))) > 1:
        raise Unsupported(f"{name}() needs {'lists of one length' if column.dtype is array else 'arrays of one shape'}")
    if not rows:
        return None if name == "mean" else array("d") if column.dtype is array else np.zeros(0)
    total = reduce(np.array(rows, np.float64), axis=0)
    return array("d", total) if column.dtype is array else total


def _mean_image(column: BaseArray) -> Optional[Image]:
    """The mean of images of one size, as an image; they are opened one after the other."""
    images = [image for image in column._values if image is not None]
    if not images:
        return None
    total: Any = 0.0
    for image in images:
        pixels = image.pixel_data
        if np.ndim(total) and total.shape != pixels.shape:
            raise Unsupported(
                "mean() needs images of one size and number of channels; image_analysis.resize() makes them so"
            )
        total = total + pixels
    return Image.from_array((total / len(images)).astype(np.uint8))


def _extreme(column: BaseArray, name: str, reduce: Any, pick: Callable[..., Any]) -> Any:
    if column.dtype is datetime.datetime:
        return pick((value for value in column._values if value is not None), default=None)
    values = _numbers(column, name)
    return column.dtype(reduce(values)) if len(values) else None


def _where(column: BaseArray, pick: Callable[[Any], Any]) -> Optional[int]:
    if len(column) and column.dtype not in NUMBERS:
        raise WrongType(f"argmin() and argmax() need numbers, not {column.dtype.__name__}")
    values = _numbers(column, "argmax") if len(column) else ()
    if not len(values):
        return None
    numbers = np.flatnonzero(~np.isnan(values))
    place = numbers[pick(values[numbers])] if len(numbers) else 0
    return int(np.flatnonzero(~column._gaps)[place])


def _truth(column: BaseArray, name: str) -> np.ndarray:
    if column.dtype is datetime.datetime:
        raise Unsupported(f"{name}() is not defined for dates")
    return truth(column)


def _counts(column: BaseArray) -> "SArray":
    return column._of(int, np.cumsum(~column._gaps), None)


def _limits(column: BaseArray) -> Any:
    return np.iinfo(np.int64) if column.dtype is int else np.finfo(np.float64)


def _cumulative(column: BaseArray, accumulate: Callable[[Any], Any], neutral: Any, dtype: type) -> "SArray":
    _numbers(column, "a cumulative method")
    gaps = column._gaps
    with np.errstate(invalid="ignore"):
        values = accumulate(np.where(gaps, column._values.dtype.type(neutral), column._values))
    before = np.cumsum(~gaps) == 0
    return column._of(dtype, values, before if before.any() else None)
