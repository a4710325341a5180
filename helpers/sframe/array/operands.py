"""The two sides of an operator: columns or single values, with where they are missing."""

import operator
from typing import Any, Callable, Dict, Iterable, NamedTuple, Tuple

from helpers.sframe.array.base import BaseArray
from helpers.sframe.dtype import Missing, Values, infer, is_missing, objects, store
from helpers.sframe.errors import SizeMismatch, Unsupported

Op = Callable[[Any, Any], Any]
_SIGNS: Dict[Op, str] = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.truediv: "/",
    operator.floordiv: "//",
    operator.mod: "%",
    operator.pow: "**",
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
}


class Operand(NamedTuple):
    """One side of an operator: its type (None for None), the values of a column or a single one, the gaps."""

    dtype: Any
    values: Any
    missing: Missing
    single: bool

    def cells(self, count: int) -> Iterable[Any]:
        """The values of `count` rows."""
        return [self.values] * count if self.single else self.values


def operand(side: Any) -> Operand:
    """A column, or one value, as an operand."""
    if isinstance(side, BaseArray):
        return Operand(side.dtype, side._values, side._missing, single=False)
    if is_missing(side):
        return Operand(None, None, None, single=True)
    dtype = infer([side])
    return Operand(dtype, store([side], dtype)[0][0], None, single=True)


def sides(left: Any, right: Any) -> Tuple[Operand, Operand, BaseArray]:
    """Both operands, and a column to make the result of."""
    columns = [side for side in (left, right) if isinstance(side, BaseArray)]
    if len(columns) == 2 and len(left) != len(right):
        raise SizeMismatch(f"columns of {len(left)} and {len(right)} rows; both need the same length")
    return operand(left), operand(right), columns[0]


def unsupported(op: Op, left: Operand, right: Operand) -> Unsupported:
    """The error for an operator that these types do not have."""
    names = ["None" if side.dtype is None else side.dtype.__name__ for side in (left, right)]
    return Unsupported(f"{names[0]} {_SIGNS[op]} {names[1]} is not defined; convert one side with .astype()")


def either(left: Missing, right: Missing) -> Missing:
    """Where a value is missing on at least one side."""
    return right if left is None else left if right is None else left | right


def cell_by_cell(op: Op, left: Operand, right: Operand, gaps: Missing, count: int) -> Tuple[Values, Missing]:
    """An operator on Python objects, row by row, except where there are gaps."""
    blank = [False] * count if gaps is None else gaps
    rows = zip(left.cells(count), right.cells(count), blank)
    return objects((None if gap else op(a, b) for a, b, gap in rows), count), gaps
