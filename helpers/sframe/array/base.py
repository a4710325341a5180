"""The values of a column, and where they are missing: what every part of `SArray` builds on."""

from typing import TYPE_CHECKING, Any, Callable, Iterator

import numpy as np

from helpers.sframe.dtype import NUMBERS, Missing, Values, store

if TYPE_CHECKING:
    from helpers.sframe.array.sarray import SArray


class BaseArray:
    """Values of one type; `_missing` is None where none is missing. Operations on it make an `SArray`."""

    __slots__ = ("_dtype", "_missing", "_values")
    _dtype: type
    _values: Values
    _missing: Missing

    @classmethod
    def _of(cls, dtype: type, values: Values, missing: Missing) -> "SArray":
        """A column of values that are already as `store` returns them."""
        column: Any = cls.__new__(cls)
        column._dtype, column._values = dtype, values
        column._missing = missing if missing is not None and missing.any() else None
        return column

    @property
    def dtype(self) -> type:
        """The Python type of the values."""
        return self._dtype

    @property
    def _gaps(self) -> np.ndarray:
        """Where a value is missing; the value itself is 0 or None there."""
        return np.zeros(len(self), bool) if self._missing is None else self._missing

    def _missing_or_nan(self) -> np.ndarray:
        return self._gaps | np.isnan(self._values) if self.dtype is float else self._gaps

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        values = self._values.tolist()
        if self._missing is None or self._dtype not in NUMBERS:
            return iter(values)
        return (None if gap else value for value, gap in zip(values, self._missing.tolist()))

    def _slice(self, rows: slice) -> "SArray":
        missing = None if self._missing is None else self._missing[rows]
        return self._of(self._dtype, self._values[rows], missing)

    def _take(self, rows: np.ndarray) -> "SArray":
        """The rows of these numbers; -1 makes a missing value."""
        absent = rows < 0
        if not absent.any():
            return self._of(self._dtype, self._values[rows], None if self._missing is None else self._missing[rows])
        blank = 0 if self._dtype in NUMBERS else None
        values = np.full(len(rows), blank, self._values.dtype)
        values[~absent] = self._values[rows[~absent]]
        gaps = absent.copy()
        gaps[~absent] = self._gaps[rows[~absent]]
        return self._of(self._dtype, values, gaps)

    def _map(self, function: Callable[[Any], Any], dtype: type) -> "SArray":
        """`function` of every value that is not missing, as a column of `dtype`."""
        cells = [None if cell is None else function(cell) for cell in self]
        return self._of(dtype, *store(cells, dtype))
