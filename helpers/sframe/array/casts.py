"""A column as another type: `SArray.astype`."""

import datetime
from array import array
from typing import TYPE_CHECKING, Any, Callable, Dict, Tuple

import numpy as np

from helpers.sframe.brackets import numbers, parsed_as
from helpers.sframe.dtype import plain, store, unchanged
from helpers.sframe.errors import BadImage, Unsupported, WrongType
from helpers.sframe.image import Image
from helpers.sframe.text import fraction, whole, written

if TYPE_CHECKING:
    from helpers.sframe.array.sarray import SArray

_EPOCH = datetime.datetime(1970, 1, 1)


def cast(column: "SArray", dtype: type, undefined_on_failure: bool) -> "SArray":
    """The column with every value as `dtype`; missing stays missing, and NaN becomes missing, even as a float.

    Raises `Unsupported` for types that cannot be converted to each other, and
    for such a value unless `undefined_on_failure`.
    """
    if not isinstance(dtype, type):
        raise WrongType("astype() takes a type, such as int")
    dtype = int if dtype is bool else dtype
    if column.dtype is float:
        column = column._of(float, column._values, column._gaps | np.isnan(column._values))
    if dtype is column.dtype:
        return column
    if column.dtype is int and dtype is float:
        return column._of(float, column._values.astype(np.float64), column._missing)
    if column.dtype is float and dtype is int:
        finite = np.isfinite(column._values)
        return column._of(int, np.where(finite, column._values, 0).astype(np.int64), column._gaps | ~finite)
    convert = _conversion(column.dtype, dtype)
    cells = [None if value is None else _try(convert, value, undefined_on_failure) for value in column]
    # What a text describes keeps its lists of whole numbers; `store` would turn them into arrays.
    keep = column.dtype is str and dtype in (list, dict)
    return column._of(dtype, *(unchanged(cells) if keep else store(cells, dtype)))


def _conversion(source: type, target: type) -> Callable[[Any], Any]:
    if target is str:
        return written
    if (source, target) not in _CONVERSIONS:
        raise Unsupported(f"a column of {source.__name__} cannot become {target.__name__}; use .apply()")
    return _CONVERSIONS[source, target]


def _try(convert: Callable[[Any], Any], value: Any, undefined_on_failure: bool) -> Any:
    try:
        return convert(value)
    except (Unsupported, BadImage):
        if undefined_on_failure:
            return None
        raise


def _seconds(moment: datetime.datetime) -> float:
    naive = moment.tzinfo is None
    return (moment - _EPOCH).total_seconds() if naive else moment.timestamp()


def _moment(seconds: float) -> datetime.datetime:
    return _EPOCH + datetime.timedelta(seconds=seconds)


def _numeric(items: Any) -> array:
    try:
        return array("d", items)
    except TypeError:
        raise Unsupported("a list with more than numbers in it cannot become an array") from None


_CONVERSIONS: Dict[Tuple[type, type], Callable[[Any], Any]] = {
    (str, int): whole,
    (str, float): fraction,
    (str, list): parsed_as(list),
    (str, dict): parsed_as(dict),
    (str, array): numbers,
    (str, Image): Image,
    (array, list): list,
    (list, array): _numeric,
    (np.ndarray, array): lambda table: array("d", table.ravel()),
    (array, np.ndarray): np.array,
    (Image, np.ndarray): lambda image: image.pixel_data.astype(np.float64),
    (np.ndarray, list): lambda pixels: plain(pixels.tolist()),
    (datetime.datetime, int): lambda moment: int(_seconds(moment)),
    (datetime.datetime, float): _seconds,
    (int, datetime.datetime): _moment,
    (float, datetime.datetime): _moment,
    (Image, array): lambda image: array("d", image.pixel_data.ravel()),
}
