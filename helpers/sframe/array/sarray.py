"""One column: values of one type, None where one is missing. It never changes; operations return a new one."""

import numbers
import os
from array import array
from typing import TYPE_CHECKING, Any, Callable, Iterable, Optional, Tuple

import numpy as np

from helpers.sframe.array import casts
from helpers.sframe.array.cells import Cells
from helpers.sframe.array.comparison import Comparison, truth
from helpers.sframe.array.keys import SORTABLE, codes, direction
from helpers.sframe.array.positions import count, forwards, row_number
from helpers.sframe.array.sources import fitting, is_number_array, lines_of, listed, of_numbers
from helpers.sframe.array.statistics import Statistics
from helpers.sframe.dtype import NUMBERS, infer, objects, store
from helpers.sframe.errors import SizeMismatch, Unsupported, WrongCall, WrongKey, WrongType, WrongValue
from helpers.sframe.image import Image
from helpers.sframe.left_out import LeavesOut, LeftOutMethods

if TYPE_CHECKING:
    from helpers.sframe.frame.sframe import SFrame

SHOWN = 100  # values in the text of a column


class SArray(Statistics, Comparison, Cells, LeftOutMethods, metaclass=LeavesOut):
    """A column of a frame, with the calls of Turi Create's SArray.

    `data` is a list, a tuple, a generator, a numpy array (two dimensions make a
    column of `array.array`), a pandas Series, another SArray, or the path of a
    text file, each line of which is a value. The type is the one that fits all
    values unless `dtype` names it; `ignore_cast_failure` then leaves out values
    that are of another type.

    Raises `TypeError` for values of several types, and for anything but a sequence.

    >>> SArray([1, None, 3]) + 1
    dtype: int
    Rows: 3
    [2, None, 4]
    """

    __slots__ = ()
    __array_ufunc__ = None  # a numpy number on the left leaves the operator to the column

    def __init__(self, data: Any = (), dtype: Optional[type] = None, ignore_cast_failure: bool = False) -> None:
        if dtype is not None and not isinstance(dtype, type):
            raise WrongType("dtype is a type, such as int, not its name")
        if isinstance(data, SArray):
            data = data if dtype is None else casts.cast(data, dtype, ignore_cast_failure)
            self._dtype, self._values, self._missing = data._dtype, data._values, data._missing
        elif dtype is None and is_number_array(data):
            self._dtype, self._values, self._missing = of_numbers(np.asarray(data))
        else:
            if isinstance(data, (str, os.PathLike)):
                dtype = dtype or str
                values: Any = lines_of(data, dtype)
            else:
                values = listed(data)
            self._dtype = infer(values) if dtype is None else int if dtype is bool else dtype
            if ignore_cast_failure and dtype is not None:
                values = fitting(values, self._dtype)
            self._values, self._missing = store(values, self._dtype)

    @classmethod
    def from_const(cls, value: Any, size: int, dtype: Optional[type] = None) -> "SArray":
        """`size` times the same value."""
        if not isinstance(size, int) or size < 0:
            raise WrongCall("size is a whole number, 0 or more")
        if isinstance(value, tuple):
            raise WrongType("from_const() takes a list, not a tuple")
        return cls([value], dtype)._take(np.zeros(size, np.int64))

    @classmethod
    def from_sequence(cls, *bounds: int) -> "SArray":
        """The whole numbers from 0, or from `start`, up to and without `stop`."""
        if len(bounds) not in (1, 2) or not all(type(bound) is int for bound in bounds):
            raise WrongType("from_sequence() takes stop, or start and stop, as whole numbers")
        return cls._of(int, np.arange(*bounds, dtype=np.int64), None)

    @classmethod
    def where(cls, condition: "SArray", istrue: Any, isfalse: Any, dtype: Optional[type] = None) -> "SArray":
        """`istrue` where the condition is true, else `isfalse`; each a column or one value, of one type."""
        sides = [istrue, isfalse]
        kinds = [side.dtype for side in sides if isinstance(side, SArray)]
        if not kinds and dtype is None:
            kinds = [infer([side]) for side in sides if side is not None] or [float]
            if len(set(kinds)) > 1:
                raise WrongType("both values need the same type; choose it with dtype=")
        kind = kinds[0] if kinds else dtype
        columns = [s if isinstance(s, SArray) else cls.from_const(s, len(condition), kind) for s in sides]
        if len(set(map(len, [condition, *columns]))) > 1:
            raise SizeMismatch("the condition and both columns need the same length")
        if columns[0].dtype is not columns[1].dtype:
            raise Unsupported(f"{columns[0].dtype.__name__} and {columns[1].dtype.__name__}; both need the same type")
        chosen = truth(condition)
        gaps = np.where(chosen, columns[0]._gaps, columns[1]._gaps)
        return cls._of(columns[0].dtype, np.where(chosen, columns[0]._values, columns[1]._values), gaps)

    @property
    def shape(self) -> Tuple[int]:
        """The number of rows, in a tuple."""
        return (len(self),)

    def __contains__(self, item: Any) -> bool:
        return (self == item).any()

    def __bool__(self) -> bool:
        raise WrongValue("a column is neither true nor false; use .any() or .all()")

    def __getitem__(self, key: Any) -> Any:
        """One value by its row (negative from the end), rows by a slice, or rows where a column is true."""
        if isinstance(key, numbers.Integral):
            row = row_number(int(key), len(self))
            return next(iter(self[row : row + 1]))
        if isinstance(key, slice):
            return self._slice(forwards(key, len(self)))
        if isinstance(key, SArray):
            return self._take(chosen_rows(key, len(self)))
        raise WrongKey(f"rows are a number, a slice or a column, not {type(key).__name__}")

    def head(self, n: int = 10) -> "SArray":
        """The first n values."""
        return self._slice(slice(0, count(n)))

    def tail(self, n: int = 10) -> "SArray":
        """The last n values."""
        return self._slice(slice(max(0, len(self) - count(n)), None))

    def append(self, other: "SArray") -> "SArray":
        """This column, and below it another of the same type; an empty one fits any."""
        if not isinstance(other, SArray):
            raise Unsupported(f"append() takes an SArray, not {type(other).__name__}")
        if self.dtype is not other.dtype and min(len(self), len(other)):
            raise Unsupported(f"{other.dtype.__name__} below {self.dtype.__name__}; convert with .astype()")
        if not len(self) or not len(other):
            kind = self.dtype if len(self) or not len(other) else other.dtype
            full = self if len(self) else other
            return self._of(kind, full._values if len(full) else store([], kind)[0], full._missing)
        gaps = np.concatenate([self._gaps, other._gaps])
        return self._of(self.dtype, np.concatenate([self._values, other._values]), gaps)

    def apply(self, fn: Callable[[Any], Any], dtype: Optional[type] = None, skip_na: bool = True) -> "SArray":
        """`fn` of every value, once each, from the first to the last.

        Missing values stay missing, without a call, unless `skip_na=False`. Without
        `dtype` the type is that of the results, as in a new SArray.
        """
        if not callable(fn):
            raise WrongCall("apply() takes a function of one value")
        return SArray([None if skip_na and value is None else fn(value) for value in self], dtype)

    def filter(self, fn: Callable[[Any], Any], skip_na: bool = True, seed: Optional[int] = None) -> "SArray":
        """The values for which `fn` is true. `seed` is ignored, as in Turi Create's signature."""
        if not callable(fn):
            raise WrongCall("filter() takes a function of one value")
        kept = [not (skip_na and value is None) and bool(fn(value)) for value in self]
        return self._take(np.flatnonzero(np.array(kept, bool)))

    def astype(self, dtype: type, undefined_on_failure: bool = False) -> "SArray":
        """The column as another type; see `helpers.sframe.array.casts.cast`."""
        return casts.cast(self, dtype, undefined_on_failure)

    def dropna(self) -> "SArray":
        """The values that are neither missing nor NaN."""
        return self._take(np.flatnonzero(~self._missing_or_nan()))

    def fillna(self, value: Any) -> "SArray":
        """The column with `value` where one is missing, or NaN; it must convert to the column's type."""
        try:
            if value is None:
                raise WrongType("None fills nothing")
            if self.dtype is str and not isinstance(value, (list, dict)):
                value = str(value)
            filling = SArray([value], self.dtype)
        except TypeError as error:
            raise Unsupported(f"{value!r} cannot fill a column of {self.dtype.__name__}") from error
        rows = np.where(self._missing_or_nan(), len(self), np.arange(len(self)))
        return self._of(self.dtype, np.concatenate([self._values, filling._values])[rows], None)

    def sort(self, ascending: bool = True) -> "SArray":
        """From the smallest to the largest: missing values first, NaN last; or the other way round."""
        if self.dtype not in SORTABLE:
            raise WrongType(f"only numbers, texts and dates can be sorted, not {self.dtype.__name__}")
        return self._take(np.argsort(direction(codes(self, ordered=True), ascending), kind="stable"))

    def unique(self) -> "SArray":
        """Each value once, in order of first appearance (Turi Create promises no order)."""
        return self._frame().unique()["X1"]

    def is_topk(self, topk: int = 10, reverse: bool = False) -> "SArray":
        """1 for the `topk` largest values, or the smallest with `reverse`; never for missing ones or NaN."""
        if self.dtype not in SORTABLE:
            raise Unsupported(f"{self.dtype.__name__} has no order; only numbers, texts and dates have")
        known = np.flatnonzero(~self._missing_or_nan())
        order = np.argsort(direction(codes(self._take(known), ordered=True), reverse), kind="stable")
        result = np.zeros(len(self), np.int64)
        result[known[order[:topk]]] = 1
        return self._of(int, result, None)

    def filter_by(self, values: Iterable[Any], exclude: bool = False) -> "SArray":
        """The values that are among `values`, or with `exclude` the others; `values` are of the column's type."""
        return self._frame().filter_by(values, "X1", exclude)["X1"]

    def sample(self, fraction: float, seed: Optional[int] = None, exact: bool = False) -> "SArray":
        """A random part, in the old order; the same for the same seed. With `exact`, exactly that fraction."""
        return self._frame().sample(fraction, seed, exact)["X1"]

    def random_split(self, fraction: float, seed: Optional[int] = None) -> "Tuple[SArray, SArray]":
        """Two parts, of about `fraction` and the rest; the same for the same seed."""
        first, second = self._frame().random_split(fraction, seed)
        return first["X1"], second["X1"]

    def shuffle(self) -> "SArray":
        """All values in a random order."""
        return self._frame().shuffle()["X1"]

    def value_counts(self) -> "SFrame":
        """How often each value occurs: columns `value` and `count`, the most frequent first."""
        from helpers.sframe.frame import aggregate

        return self._frame("value").groupby("value", {"count": aggregate.COUNT}).sort("count", ascending=False)

    def _frame(self, name: str = "X1") -> "SFrame":
        from helpers.sframe.frame.sframe import SFrame

        return SFrame({name: self})

    def to_numpy(self) -> np.ndarray:
        """A numpy array; lists of one length are the rows of a table, missing values make it one of objects."""
        return np.asarray(self)

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> np.ndarray:
        if self._dtype in NUMBERS and self._missing is None:
            values = self._values.copy()
        elif self._dtype is str and self._missing is None:
            values = np.array(list(self), str)
        else:
            vectors = self._dtype in (array, list, np.ndarray) and self._missing is None
            table = vectors and len(set(map(len, self._values))) == 1
            values = np.array(list(self._values)) if table else objects(self, len(self))
        return values if dtype is None else values.astype(dtype)

    def materialize(self) -> None:
        """Nothing to do: nothing here is lazy."""

    def is_materialized(self) -> bool:
        """Always true: nothing here is lazy."""
        return True

    def explore(self, title: Optional[str] = None) -> None:
        """Show the first hundred values as a table."""
        self._frame("SArray").explore(title)

    def show(self, title: Optional[str] = None, xlabel: Optional[str] = None, ylabel: Optional[str] = None) -> None:
        """Show a summary of the values. The axis labels are ignored: there is no plot."""
        self._frame(title or "SArray").show()

    def __copy__(self) -> "SArray":
        return self

    def __deepcopy__(self, memo: Any) -> "SArray":
        return self

    def __str__(self) -> str:
        head = self.head(SHOWN)
        values = list(casts.cast(head, str, False) if self.dtype is Image else head)
        return f"{values}"[:-1] + (", ... ]" if len(self) > SHOWN else "]")

    def __repr__(self) -> str:
        return f"dtype: {self.dtype.__name__}\nRows: {len(self)}\n{self}"


def chosen_rows(column: SArray, length: int) -> np.ndarray:
    """The rows where a column is true; raises `SizeMismatch` unless it is `length` rows long."""
    if len(column) != length:
        raise SizeMismatch(f"a mask of {len(column)} rows for {length}; both need the same length")
    return np.flatnonzero(truth(column))
