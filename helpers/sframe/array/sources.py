"""The data that a column can be made of: lists, numpy arrays, pandas Series, and other sequences."""

import collections
import collections.abc
import itertools
import types
from array import array
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, Sequence, Tuple, Union

import numpy as np

from helpers.sframe.brackets import numbers, parsed_as
from helpers.sframe.dtype import Missing, Values, is_missing, objects, store
from helpers.sframe.errors import BadFile, OutOfRange, Unsupported, WrongType
from helpers.sframe.pandas_classes import pandas_classes
from helpers.sframe.paths import PathLike, found, text_of
from helpers.sframe.text import fraction, whole

if TYPE_CHECKING:
    import pandas as pd

_SEQUENCES = (
    types.GeneratorType,
    range,
    filter,
    map,
    collections.deque,
    collections.abc.KeysView,
    collections.abc.ValuesView,
)
_READERS: Dict[type, Callable[[str], Any]] = {
    int: whole,
    float: fraction,
    array: numbers,
    list: parsed_as(list),
    dict: parsed_as(dict),
}


def is_number_array(data: Any) -> bool:
    """Whether this is a numpy array or a Series of plain numbers, whose values need no check one by one."""
    arrays: Any = (np.ndarray, *pandas_classes("Series"))
    if not isinstance(data, arrays):
        return False
    return isinstance(data.dtype, np.dtype) and data.dtype.kind in "biuf"


def of_numbers(data: np.ndarray) -> Tuple[type, Values, Missing]:
    """The type and the values of a column of such an array; each row of two dimensions is one list."""
    if data.ndim > 2:
        raise WrongType("a column takes a numpy array of one or two dimensions; reshape it to one row each")
    if data.ndim == 2:
        rows = np.ascontiguousarray(data, np.float64)
        return array, objects((array("d", row.tobytes()) for row in rows), len(rows)), None
    if data.dtype.kind == "f":
        return float, data.astype(np.float64), None
    if data.dtype.kind == "u" and data.size and data.max() > np.iinfo(np.int64).max:
        raise OutOfRange("a whole number needs more than 64 bits; store it as float")
    return int, data.astype(np.int64), None


def listed(data: Any) -> Union[List[Any], Tuple[Any, ...]]:
    """The values in a list. Raises `TypeError` for data without an order, or without values."""
    if isinstance(data, (list, tuple)):
        return data
    if isinstance(data, pandas_classes("Series")):
        return _series(data)
    if isinstance(data, (np.ndarray, *_SEQUENCES)) or hasattr(data, "typecode"):
        return list(data)
    raise WrongType(f"a column is made of a list, a numpy array or a pandas Series, not {type(data).__name__}")


def lines_of(url: PathLike, dtype: type) -> List[Any]:
    """The lines of a text file, or of all files of a folder or a pattern, as texts or read as `dtype`."""
    lines = [line for path in found(url) for line in text_of(path).splitlines()]
    if dtype is str:
        return lines
    if dtype not in _READERS:
        raise WrongType(f"a line of text is no {dtype.__name__}; use .astype() or .str_to_datetime()")
    try:
        return [_READERS[dtype](line) for line in lines]
    except Unsupported as error:
        raise BadFile(f"{url}: {error}") from error


def fitting(values: Sequence[Any], dtype: type) -> List[Any]:
    """The values that a column of `dtype` takes."""

    def fits(value: Any) -> bool:
        try:
            store([value], dtype)
        except (TypeError, OutOfRange):
            return False
        return True

    return [value for value in values if fits(value)]


def _series(data: "pd.Series[Any]") -> List[Any]:
    values: Iterable[Any] = data.array if data.dtype.kind == "M" else data.tolist()
    cells = [None if is_missing(value) else value for value in values]
    if any(isinstance(cell, str) for cell in itertools.islice(cells, 1000)):
        # Pandas has NaN for a missing text; Turi Create raises there.
        return [None if cell is None or cell != cell else cell for cell in cells]
    return cells
