"""Values as whole numbers, equal for equal values: for grouping, joining, sorting and looking up.

None equals None, NaN equals NaN, and the two differ.
"""

import datetime
from array import array
from typing import Any, Sequence, Tuple

import numpy as np

from helpers.sframe.array.base import BaseArray
from helpers.sframe.dtype import NUMBERS, objects
from helpers.sframe.errors import Unsupported
from helpers.sframe.image import Image

SORTABLE = (int, float, str, datetime.datetime)


def codes(column: BaseArray, ordered: bool = False) -> np.ndarray:
    """A number for each row of one column, from 0; None equals None, and NaN equals NaN.

    With `ordered=True` the numbers sort as the values do: None first, NaN last.
    """
    from pandas import factorize  # not before: it takes longer than importing all of Kinframe

    values = column._values
    if column.dtype is Image:
        raise Unsupported("images cannot be grouped, joined or counted by; use their path column")
    if column.dtype not in (*NUMBERS, str):
        values = objects((_hashable(value) for value in values), len(values))
    numbers, distinct = factorize(values, sort=ordered)
    result = np.where(numbers < 0, len(distinct), numbers) + 1  # pandas gives -1 to NaN
    result[column._gaps] = 0
    return result.astype(np.int64)


def combined(columns: Sequence[BaseArray]) -> Tuple[np.ndarray, int]:
    """A number for each row of several columns, in order of first appearance; and how many there are."""
    from pandas import factorize

    rows = len(columns[0]) if columns else 0
    result = np.zeros(rows, np.int64)
    for column in columns:
        numbers = codes(column)
        # Renumbered after each column, so that the product stays far from 64 bits.
        result = factorize(result * (1 + np.max(numbers, initial=0)) + numbers)[0].astype(np.int64)
    return result, 1 + int(np.max(result, initial=-1))


def direction(numbers: np.ndarray, ascending: bool) -> np.ndarray:
    """Numbers that sort upwards, or downwards."""
    return numbers if ascending else -numbers


def _hashable(value: Any) -> Any:
    if isinstance(value, (array, np.ndarray)):
        return ("array", *np.asarray(value).ravel().tolist())
    if isinstance(value, list):
        return ("list", *map(_hashable, value))
    if isinstance(value, dict):
        return frozenset((_hashable(key), _hashable(item)) for key, item in value.items())
    return value
