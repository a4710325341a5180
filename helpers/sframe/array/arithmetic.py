"""The arithmetic operators between columns, or a column and a value.

Turi Create's rules: a missing value in, a missing value out; `/` and `**`
give floats; whole numbers divided by zero with `//` or `%` are missing.
"""

import datetime
import operator
from array import array
from typing import TYPE_CHECKING, Any, Callable, Tuple

import numpy as np

from helpers.sframe.array.base import BaseArray
from helpers.sframe.array.operands import Op, Operand, cell_by_cell, either, operand, sides, unsupported
from helpers.sframe.dtype import NUMBERS, Missing, Values, objects, store
from helpers.sframe.errors import SizeMismatch, Unsupported

if TYPE_CHECKING:
    from helpers.sframe.array.sarray import SArray


def _left(op: Op) -> Callable[[Any, Any], "SArray"]:
    """The method for a column on the left of an operator."""
    return lambda self, other: _compute(op, self, other)


def _right(op: Op) -> Callable[[Any, Any], "SArray"]:
    """The method for a column on the right of an operator."""
    return lambda self, other: _compute(op, other, self)


class Arithmetic(BaseArray):
    """The arithmetic operators of `SArray`."""

    __slots__ = ()

    __add__, __radd__ = _left(operator.add), _right(operator.add)
    __sub__, __rsub__ = _left(operator.sub), _right(operator.sub)
    __mul__, __rmul__ = _left(operator.mul), _right(operator.mul)
    __truediv__, __rtruediv__ = _left(operator.truediv), _right(operator.truediv)
    __mod__, __rmod__ = _left(operator.mod), _right(operator.mod)
    __pow__, __rpow__ = _left(operator.pow), _right(operator.pow)
    __floordiv__ = _left(operator.floordiv)

    def __rfloordiv__(self, other: Any) -> "SArray":
        # Towards zero, and always int, as in Turi Create when the column is on the right.
        return _compute(operator.truediv, other, self).astype(int)

    def __neg__(self) -> "SArray":
        return _compute(operator.sub, 0, self)

    def __pos__(self) -> "SArray":
        return _compute(operator.add, 0, self)

    def __abs__(self) -> "SArray":
        return self.abs()

    def abs(self) -> "SArray":
        """The values without their sign; of lists of numbers, item by item."""
        if self.dtype in NUMBERS:
            return self._of(self.dtype, np.abs(self._values), self._missing)
        if self.dtype is not array:
            raise Unsupported(f"abs() needs numbers, not {self.dtype.__name__}")
        return self._of(array, *_row_by_row(lambda left, right: np.abs(left), operand(self), operand(0)))


def _compute(op: Op, left_side: Any, right_side: Any) -> "SArray":
    left, right, column = sides(left_side, right_side)
    kinds = (left.dtype, right.dtype)
    gaps = either(left.missing, right.missing)
    if left.dtype in NUMBERS and right.dtype in NUMBERS:
        if op is operator.mod and kinds != (int, int):
            raise unsupported(op, left, right)
        values, undefined = _numbers(op, np.asarray(left.values), np.asarray(right.values))
        dtype = int if values.dtype == np.int64 else float
        return column._of(dtype, values, either(gaps, undefined))
    if kinds == (str, str) and op is operator.add:
        return column._of(str, *cell_by_cell(op, left, right, gaps, len(column)))
    if np.ndarray in kinds and set(kinds) <= {int, float, np.ndarray} and op in _OF_TABLES:
        cells, _ = cell_by_cell(_of_tables(op), left, right, gaps, len(column))
        return column._of(np.ndarray, *store(list(cells), np.ndarray))
    if array in kinds and set(kinds) <= {int, float, array} and op is not operator.mod:
        return column._of(array, *_row_by_row(op, left, right))
    if left.dtype is datetime.datetime and op in (operator.add, operator.sub):
        if right.dtype in NUMBERS:
            cells, _ = cell_by_cell(_shift(op), left, right, gaps, len(column))
            return column._of(datetime.datetime, *store(list(cells), datetime.datetime))
        if right.dtype is datetime.datetime and op is operator.sub:
            cells, _ = cell_by_cell(lambda a, b: (a - b).total_seconds(), left, right, gaps, len(column))
            return column._of(float, *store(list(cells), float))
    raise unsupported(op, left, right)


_OF_TABLES = (operator.add, operator.sub, operator.mul, operator.truediv)


def _of_tables(op: Op) -> Op:
    """An operator on numpy arrays of one shape, or one of them and a number."""

    def compute(a: Any, b: Any) -> np.ndarray:
        if np.ndim(a) and np.ndim(b) and np.shape(a) != np.shape(b):
            raise SizeMismatch(f"numpy arrays of the shapes {np.shape(a)} and {np.shape(b)}; both need the same shape")
        with np.errstate(all="ignore"):
            return np.asarray(op(np.asarray(a, np.float64), np.asarray(b, np.float64)))

    return compute


def _shift(op: Op) -> Op:
    """An operator on a date and seconds; missing for NaN seconds."""
    return lambda moment, seconds: None if np.isnan(seconds) else op(moment, datetime.timedelta(seconds=float(seconds)))


def _numbers(op: Op, a: np.ndarray, b: np.ndarray) -> Tuple[Values, Missing]:
    """An operator on numbers, and where its result is not defined."""
    whole = a.dtype == b.dtype == np.int64
    with np.errstate(all="ignore"):
        if whole and op in (operator.floordiv, operator.mod):
            zero = np.broadcast_to(b == 0, np.broadcast(a, b).shape)
            return op(a, np.where(zero, 1, b)), zero if zero.any() else None
        if op is operator.pow:
            return np.power(a.astype(np.float64), b.astype(np.float64)), None
        if op is operator.floordiv:
            # Not numpy's //, which makes NaN of an infinite quotient.
            return np.floor(np.true_divide(a, b)), None
        return op(a, b), None


def _row_by_row(op: Op, left: Operand, right: Operand) -> Tuple[Values, Missing]:
    """Lists of numbers against numbers or lists; missing where two lists differ in length."""
    count = max(len(side.values) for side in (left, right) if not side.single)

    def row(a: Any, b: Any, gap: bool) -> Any:
        if gap or (isinstance(a, array) and isinstance(b, array) and len(a) != len(b)):
            return None
        return array("d", _numbers(op, np.asarray(a, np.float64), np.asarray(b, np.float64))[0].tobytes())

    gaps = either(left.missing, right.missing)
    blank = [False] * count if gaps is None else gaps
    cells = objects(map(row, left.cells(count), right.cells(count), blank), count)
    missing = np.fromiter((cell is None for cell in cells), bool, count)
    return cells, missing if missing.any() else None
