"""Labels and groups of photos, one entry for each photo; photos of one group do not count as each other's matches."""

from typing import Any, Dict, Hashable, List, Optional, Tuple

import numpy as np

from helpers.errors import FrameError
from helpers.frames import Frame


def entries(model: Any, values: Any, argument: str) -> List[Any]:
    """The entries that an argument gives, one for each photo: a list, or the name of a column of `model.data`.

    Raises `FrameError` where there is no such column, or not one entry for each photo.
    """
    return entries_of(getattr(model, "data", None), values, len(model.vectors), argument)


def entries_of(data: Optional[Frame], values: Any, count: int, argument: str) -> List[Any]:
    """As `entries`, of a frame with `count` rows; None for a model without one."""
    if isinstance(values, str):
        if data is None:
            raise FrameError(
                f"{argument}={values!r} names a column, but a model from disk has no frame; "
                f"give a list with an entry for each photo"
            )
        if values not in data.column_names():
            names = ", ".join(data.column_names())
            raise FrameError(f"the frame has no column {values!r} for {argument}=; it has {names}")
        values = data[values]
    entries = list(values)
    check_entries(entries, count, argument)
    return entries


def check_entries(values: List[Any], count: int, argument: str) -> None:
    """Raise `FrameError` unless there is an entry for each photo."""
    if len(values) != count:
        raise FrameError(f"there are {len(values)} {argument} for {count} photos; give one for each")


def numbers(values: List[Any], argument: str) -> Tuple[np.ndarray, List[Hashable]]:
    """A number for each entry, int64, equal for equal entries, and the distinct entries in the order of the numbers.

    An entry that is no label (None, an empty text, nan) gets -1. Raises `FrameError`
    for entries that cannot be compared, such as lists.
    """
    number_of: Dict[Hashable, int] = {}
    try:
        result = [number_of.setdefault(value, len(number_of)) if is_label(value) else -1 for value in values]
    except (TypeError, ValueError) as error:
        raise FrameError(f"{argument} have to be numbers or text ({error})") from error
    return np.array(result, np.int64), list(number_of)


def is_label(value: Any) -> bool:
    """Whether an entry is a label or a group: None, an empty text and nan are not."""
    return value is not None and not (isinstance(value, str) and value == "") and bool(value == value)


def group_numbers(groups: Optional[List[Any]], count: int) -> np.ndarray:
    """The number of each photo's group, int64 [count]; a photo without one is a group by itself."""
    if groups is None:
        return np.arange(count)
    result, distinct = numbers(groups, "groups")
    alone = np.flatnonzero(result < 0)
    result[alone] = len(distinct) + np.arange(len(alone))
    return result
