"""The comparing and logical operators between columns, or a column and a value.

Turi Create's rules: the results are 1, 0, and missing where a side is missing;
NaN equals NaN; `==` and `!=` are never missing. `&` and `|` leave missing only
what the known side does not decide.
"""

import datetime
import operator
from typing import TYPE_CHECKING, Any, Callable, Tuple

import numpy as np

from helpers.sframe.array.base import BaseArray
from helpers.sframe.array.operands import Op, Operand, cell_by_cell, either, sides, unsupported
from helpers.sframe.dtype import NUMBERS, plain, store
from helpers.sframe.errors import WrongType

if TYPE_CHECKING:
    from helpers.sframe.array.sarray import SArray


def _ordering(op: Op) -> Callable[[Any, Any], "SArray"]:
    """The method for an operator that compares by order."""
    return lambda self, other: _order(op, self, other)


class Comparison(BaseArray):
    """The comparing and the logical operators of `SArray`."""

    __slots__ = ()

    __lt__, __le__ = _ordering(operator.lt), _ordering(operator.le)
    __gt__, __ge__ = _ordering(operator.gt), _ordering(operator.ge)

    def __eq__(self, other: Any) -> "SArray":  # type: ignore[override]
        return self._of(int, _equal(self, other).astype(np.int64), None)

    def __ne__(self, other: Any) -> "SArray":  # type: ignore[override]
        return self._of(int, (~_equal(self, other)).astype(np.int64), None)

    __hash__ = None  # type: ignore[assignment]  # `==` compares element by element

    def __and__(self, other: Any) -> "SArray":
        true, false = _truths(self, other)
        no = false[0] | false[1]
        return self._of(int, (true[0] & true[1]).astype(np.int64), ~(no | (true[0] & true[1])))

    def __or__(self, other: Any) -> "SArray":
        true, false = _truths(self, other)
        yes = true[0] | true[1]
        return self._of(int, yes.astype(np.int64), ~(yes | (false[0] & false[1])))


def truth(column: BaseArray) -> np.ndarray:
    """Where a column counts as true: not missing, not zero, not empty. NaN is true."""
    if column.dtype in NUMBERS:
        return (column._values != 0) & ~column._gaps
    return np.fromiter((value is not None and _full(value) for value in column._values), bool, len(column))


def _full(value: Any) -> bool:
    return not hasattr(value, "__len__") or len(value) > 0


def _order(op: Op, left_side: Any, right_side: Any) -> "SArray":
    left, right, column = sides(left_side, right_side)
    gaps = either(left.missing, right.missing)
    if left.dtype in NUMBERS and right.dtype in NUMBERS:
        answers = op(left.values, right.values)
        if op in (operator.le, operator.ge):
            answers = answers | (_nan(left) & _nan(right))
        return column._of(int, answers.astype(np.int64), gaps)
    if left.dtype is right.dtype and left.dtype in (str, datetime.datetime):
        cells, _ = cell_by_cell(op, left, right, gaps, len(column))
        return column._of(int, *store(list(cells), int))
    raise unsupported(op, left, right)


def _nan(side: Operand) -> Any:
    return np.isnan(side.values) if side.dtype is float else np.False_


def _equal(left_side: Any, right_side: Any) -> np.ndarray:
    left, right, column = sides(left_side, right_side)
    count = len(column)
    left_gaps, right_gaps = (
        np.full(count, side.dtype is None) if side.missing is None else side.missing for side in (left, right)
    )
    both_missing = left_gaps & right_gaps
    comparable = ~(left_gaps | right_gaps)
    if left.dtype in NUMBERS and right.dtype in NUMBERS:
        return both_missing | (comparable & ((left.values == right.values) | (_nan(left) & _nan(right))))
    if left.dtype is not right.dtype:
        return both_missing
    same = operator.eq if left.dtype in (str, datetime.datetime) else _same
    cells, _ = cell_by_cell(same, left, right, ~comparable, count)
    return both_missing | (cells == True)  # noqa: E712  # an object array: None, True or False


def _same(left: Any, right: Any) -> bool:
    return np.array_equal(left, right) if isinstance(left, np.ndarray) else bool(plain(left) == plain(right))


def _truths(left: Any, right: Any) -> Tuple[Tuple[np.ndarray, ...], Tuple[np.ndarray, ...]]:
    if not isinstance(right, BaseArray):
        raise WrongType("& and | need a column on both sides")
    sides(left, right)
    # Here, unlike in a mask, NaN is neither true nor false.
    columns: Tuple[BaseArray, BaseArray] = (left, right)
    known = [~column._missing_or_nan() for column in columns]
    true = tuple(truth(column) & sure for column, sure in zip(columns, known))
    return true, tuple(sure & ~yes for yes, sure in zip(true, known))
