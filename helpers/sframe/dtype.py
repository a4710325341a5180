"""The types that a column can have: inferred from values, and values converted to them.

A type is its Python class, as in Turi Create: `int`, `float`, `str`,
`list`, `dict`, `array.array` (numbers only), `numpy.ndarray`,
`datetime.datetime`, `Image`. One column holds one type, with None for missing.
Numbers are stored in 64 bits, everything else as Python objects.
"""

import datetime
import decimal
from array import array
from collections import deque
from typing import Any, Callable, Iterable, List, Optional, Sequence, Set, Tuple, Union

import numpy as np

from helpers.sframe.errors import OutOfRange, WrongType
from helpers.sframe.image import Image
from helpers.sframe.pandas_classes import marks_of_pandas, pandas_classes

Values = np.ndarray  # int64, float64, or object
Missing = Optional[np.ndarray]  # bool, True where a value is missing; None where nothing is

NUMBERS = (int, float)
_KEPT = (str, datetime.datetime, Image)  # whose values stay as they are
_INTS = (bool, int, np.integer, np.bool_)
_FLOATS = (float, np.floating)
_DATES = (datetime.datetime, datetime.date, np.datetime64)
_SECONDS = (datetime.timedelta, np.timedelta64)
_ITEMS = (list, tuple, array, set, frozenset, deque, range, bytearray)


def infer(values: Iterable[Any]) -> type:
    """The one type that holds all the values; `float` where there are none, or only None.

    Whole numbers and fractions together are `float`; lists of numbers are
    `array.array`, lists of anything else `list`, as are sets, ranges and deques;
    bytes are text in UTF-8, decimals are floats, and durations seconds.

    Raises `TypeError` for a mixture, and for classes that no column can hold.
    """
    values = values if isinstance(values, (list, tuple)) else list(values)
    kinds: Set[type] = {_kind(cls) for cls in set(map(type, values))} - {type(None)}
    if not kinds:
        return float
    if kinds == {int, float}:
        return float
    if kinds <= {list, array}:
        return _list_or_array(values)
    if kinds == {np.ndarray, array}:
        return np.ndarray
    if len(kinds) == 1:
        return kinds.pop()
    names = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise WrongType(f"a column holds one type, not {names} together; convert the values first")


def store(values: Union[List[Any], Tuple[Any, ...]], dtype: type) -> Tuple[Values, Missing]:
    """The values as a column of `dtype` stores them, and where one is missing.

    Raises `TypeError` for a value of another type; but `float` takes whole
    numbers, `int` cuts off fractions, and `str` takes numbers.
    """
    kinds = set(map(type, values))
    if kinds == {dtype} and dtype in _KEPT:
        return objects(values, len(values)), None
    gaps = _gaps(values, kinds)
    if dtype in NUMBERS or dtype is str:
        values = _usual(values)
    if dtype in NUMBERS:
        return _store_numbers(values, gaps, dtype), gaps
    convert = _converter(dtype)
    if gaps is None:
        return objects(map(convert, values), len(values)), None
    cells = (None if gap else convert(value) for value, gap in zip(values, gaps))
    return objects(cells, len(values)), gaps


def unchanged(cells: List[Any]) -> Tuple[Values, Missing]:
    """As `store`, of objects that are already as a column keeps them."""
    missing = np.fromiter((cell is None for cell in cells), bool, len(cells))
    return objects(cells, len(cells)), missing if missing.any() else None


def objects(cells: Iterable[Any], count: int) -> np.ndarray:
    """A one-dimensional array of any objects; `np.array` would make a table of lists of one length."""
    return np.fromiter(cells, object, count)


def is_missing(value: Any) -> bool:
    """Whether a value counts as missing: None, and the markers of pandas. NaN is a number."""
    return isinstance(value, (type(None), *marks_of_pandas()))


def _gaps(values: Sequence[Any], kinds: Set[type]) -> Missing:
    marks = (type(None), *marks_of_pandas())
    if kinds.isdisjoint(marks):
        return None
    return np.fromiter((isinstance(value, marks) for value in values), bool, len(values))


def plain(value: Any) -> Any:
    """A value within a list or a dict, as Turi Create returns it: lists of numbers become arrays.

    Raises `TypeError` for classes that no column can hold.
    """
    if value is None or type(value) in (int, float, str):
        return value
    if isinstance(value, (bytes, decimal.Decimal, *_SECONDS)):
        return _usual([value])[0]
    if isinstance(value, _INTS):
        return int(value)
    if isinstance(value, _FLOATS):
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, _ITEMS):
        return _array(value) if value and _all_numbers(value) else [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _table(value)
    if is_missing(value):
        return None
    if isinstance(value, Image):
        return value
    if isinstance(value, _DATES):
        return _date(value)
    raise WrongType(f"a column cannot hold values of type {type(value).__name__}, within a list or dict either")


def _kind(cls: type) -> type:
    if cls in (type(None), *marks_of_pandas()):
        return type(None)
    for classes, kind in _KINDS:
        if issubclass(cls, classes):
            return kind
    raise WrongType(f"a column cannot hold values of type {cls.__name__}")


_KINDS: Any = (
    ((decimal.Decimal, *_SECONDS), float),  # before whole numbers, which a timedelta64 is one of
    (_INTS, int),
    (_FLOATS, float),
    ((str, bytes), str),
    (dict, dict),
    (array, array),
    (_ITEMS, list),
    (_DATES, datetime.datetime),
    (np.ndarray, np.ndarray),
    (Image, Image),
)


def _usual(values: Any) -> Any:
    """The values, with bytes as text, decimals as floats and durations as seconds."""
    if not any(issubclass(cls, (bytes, decimal.Decimal, *_SECONDS)) for cls in set(map(type, values))):
        return values
    return [_usual_one(value) for value in values]


def _usual_one(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, _SECONDS):
        if isinstance(value, datetime.timedelta):
            return value.total_seconds()
        from pandas import Timedelta

        return Timedelta(value).total_seconds()
    return value


def _list_or_array(values: Iterable[Any]) -> type:
    present = [value for value in values if value is not None]
    numeric = all(_all_numbers(value) for value in present)
    return array if numeric and any(len(value) for value in present) else list


def _all_numbers(values: Iterable[Any]) -> bool:
    numbers = (*_INTS, *_FLOATS, decimal.Decimal, *_SECONDS)
    return isinstance(values, (array, range, bytearray)) or all(isinstance(value, numbers) for value in values)


def _store_numbers(values: Iterable[Any], gaps: Missing, dtype: type) -> Values:
    if gaps is not None:
        values = [0 if gap else value for value, gap in zip(values, gaps)]
    other = [cls for cls in set(map(type, values)) if not issubclass(cls, _INTS + _FLOATS)]
    if other:
        raise WrongType(f"{other[0].__name__} is not {dtype.__name__}; use .astype({dtype.__name__}) to convert text")
    try:
        return np.array([int(value) for value in values], np.int64) if dtype is int else np.array(values, np.float64)
    except OverflowError:
        raise OutOfRange("a whole number needs more than 64 bits; store it as float or str") from None


def _converter(dtype: type) -> Callable[[Any], Any]:
    if dtype not in _CONVERTERS:
        raise WrongType(f"no column can be of type {dtype.__name__}; use {', '.join(t.__name__ for t in _CONVERTERS)}")
    return _CONVERTERS[dtype]


def _text(value: Any) -> str:
    if isinstance(value, (str, *_INTS, *_FLOATS)):
        return str(value)
    raise WrongType(f"{type(value).__name__} is not str; use .astype(str) to write it out")


def _date(value: Any) -> datetime.datetime:
    if type(value) is datetime.datetime:
        return value
    if isinstance(value, np.datetime64):
        from pandas import Timestamp

        value = Timestamp(value)
    if isinstance(value, pandas_classes("Timestamp")):
        return value.to_pydatetime(warn=False)
    if isinstance(value, datetime.datetime):
        return value
    if isinstance(value, datetime.date):
        return datetime.datetime(value.year, value.month, value.day)
    raise WrongType(f"{type(value).__name__} is not datetime; use .str_to_datetime(format) to read text")


def _list(value: Any) -> List[Any]:
    if not isinstance(value, _ITEMS):
        raise WrongType(f"{type(value).__name__} is not a list")
    return [plain(item) for item in value]


def _array(value: Any) -> array:
    if not isinstance(value, (*_ITEMS, np.ndarray)) or not _all_numbers(list(value)):
        raise WrongType(f"{type(value).__name__} is not a list of numbers")
    try:
        return array("d", value.ravel() if isinstance(value, np.ndarray) else list(value))
    except TypeError:  # of durations
        return array("d", _usual(list(value)))


def _table(value: Any) -> np.ndarray:
    if not isinstance(value, (np.ndarray, array)):
        raise WrongType(f"{type(value).__name__} is not a numpy array")
    table = np.asarray(value)
    if table.dtype.kind not in "biuf":
        raise WrongType(f"a column holds numpy arrays of numbers, not of {table.dtype}; convert them first")
    return table.astype(np.float64)


def _same(cls: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, cls):
            raise WrongType(f"{type(value).__name__} is not {cls.__name__}")
        return value

    return check


def _dict(value: Any) -> Any:
    return plain(_same(dict)(value))


_CONVERTERS = {
    str: _text,
    list: _list,
    dict: _dict,
    array: _array,
    datetime.datetime: _date,
    np.ndarray: _table,
    Image: _same(Image),
}
