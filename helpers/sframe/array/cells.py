"""Operations on each value of a column: parts of texts and lists, membership, limits, dates."""

import datetime
from array import array
from typing import TYPE_CHECKING, Any, Iterable, List, Optional

import numpy as np

from helpers.sframe.array.base import BaseArray
from helpers.sframe.dates import ISO, reader, writer
from helpers.sframe.dtype import NUMBERS, plain
from helpers.sframe.errors import OutOfRange, Unsupported, WrongType

if TYPE_CHECKING:
    from helpers.sframe.array.sarray import SArray


class Cells(BaseArray):
    """The methods of `SArray` that work value by value."""

    __slots__ = ()

    def vector_slice(self, start: int, end: Optional[int] = None) -> "SArray":
        """Items `start` to `end` of each list, or its item `start` alone; missing where a list is too short."""
        if self.dtype not in (array, list):
            raise Unsupported(f"vector_slice() needs lists, not {self.dtype.__name__}")
        if start < 0 or (end is not None and end < 0):
            raise OutOfRange("vector_slice() counts from the front; use element_slice() for negative places")
        stop = start + 1 if end is None else end
        if end is None and self.dtype is array:
            return self._map(lambda cell: cell[start] if len(cell) > start else None, float)
        return self._map(lambda cell: cell[start:stop] if len(cell) >= stop else None, self.dtype)

    def element_slice(
        self, start: Optional[int] = None, stop: Optional[int] = None, step: Optional[int] = None
    ) -> "SArray":
        """Each text or list cut as `value[start:stop:step]` cuts it."""
        if self.dtype not in (str, array, list):
            raise WrongType(f"element_slice() needs texts or lists, not {self.dtype.__name__}")
        return self._map(lambda cell: cell[start:stop:step], self.dtype)

    def item_length(self) -> "SArray":
        """How many items each list or dict has."""
        if self.dtype not in (list, dict, array):
            raise WrongType(f"item_length() needs lists or dicts, not {self.dtype.__name__}")
        return self._map(len, int)

    def contains(self, item: Any) -> "SArray":
        """1 where a text, a list or the keys of a dict contain `item`, else 0."""
        kinds: Any = {str: str, array: (int, float), list: object, dict: object}
        if not isinstance(item, kinds.get(self.dtype, ())):
            raise Unsupported(f"a column of {self.dtype.__name__} cannot contain {item!r}")
        return self._yes_or_no(cell is not None and item in cell for cell in self._values)

    def is_in(self, other: Iterable[Any]) -> "SArray":
        """1 where the value is one of `other` (or part of it, where `other` is a text), else 0. NaN never is."""
        if isinstance(other, str) and self.dtype is str:
            return self._yes_or_no(isinstance(cell, str) and cell in other for cell in self._values)
        if not hasattr(other, "__iter__") or isinstance(other, str):
            raise Unsupported(f"is_in() takes several values, not {other!r}; use == for one")
        others = list(other)
        if others and self.dtype not in NUMBERS and all(isinstance(item, (int, float)) for item in others):
            raise Unsupported(f"no value of a column of {self.dtype.__name__} is in a list of numbers")
        return self._yes_or_no(_members(self, others))

    def _yes_or_no(self, values: Iterable[Any]) -> "SArray":
        return self._of(int, np.fromiter(values, np.int64, len(self)), None)

    def clip(self, lower: float = float("nan"), upper: float = float("nan")) -> "SArray":
        """Numbers, or lists of them, cut off below `lower` and above `upper`; NaN is no limit.

        Whole numbers stay whole if both limits are.
        """
        if lower > upper:
            raise Unsupported(f"the lower limit {lower} is above the upper limit {upper}")
        if self.dtype is array:
            return self._map(lambda cell: array("d", np.fmin(np.fmax(cell, lower), upper)), array)
        if self.dtype not in NUMBERS:
            raise Unsupported(f"clip() needs numbers, not {self.dtype.__name__}")
        # A comparison with NaN is false, so a limit of NaN changes nothing, and NaN itself stays.
        whole = self.dtype is int and isinstance(lower, int) and isinstance(upper, int)
        values = self._values if whole else self._values.astype(np.float64)
        values = np.where(values < lower, lower, values)
        values = np.where(values > upper, upper, values)
        return self._of(int if whole else float, values, self._missing)

    def clip_lower(self, threshold: float) -> "SArray":
        """Numbers of at least `threshold`, as floats."""
        return self.clip(lower=threshold)

    def clip_upper(self, threshold: float) -> "SArray":
        """Numbers of at most `threshold`, as floats."""
        return self.clip(upper=threshold)

    def str_to_datetime(self, format: str = ISO) -> "SArray":
        """Texts read as dates, an empty one as missing; `helpers.sframe.dates` has the format's letters."""
        if self.dtype is not str:
            raise WrongType(f"str_to_datetime() needs texts, not {self.dtype.__name__}")
        return self._map(reader(format), datetime.datetime)

    def datetime_to_str(self, format: str = ISO) -> "SArray":
        """Dates written out; `helpers.sframe.dates` has the format's letters."""
        if self.dtype is not datetime.datetime:
            raise WrongType(f"datetime_to_str() needs dates, not {self.dtype.__name__}")
        return self._map(writer(format), str)


def _members(column: BaseArray, others: List[Any]) -> np.ndarray:
    wants_missing = any(item is None for item in others)
    present = [item for item in others if item is not None]
    if not present:
        members = np.zeros(len(column), bool)
    elif column.dtype in NUMBERS:
        numbers = [item for item in present if isinstance(item, (int, float, np.number))]
        members = np.isin(column._values, np.array(numbers)) if numbers else np.zeros(len(column), bool)
    elif column.dtype in (str, datetime.datetime):
        wanted = {item for item in present if isinstance(item, column.dtype)}
        members = np.fromiter((cell in wanted for cell in column._values), bool, len(column))
    else:
        cells = [plain(item) for item in present]
        members = np.fromiter((cell in cells for cell in column._values), bool, len(column))
    return np.where(column._gaps, wants_missing, members)
