"""What is said of each photo of a collection, one entry a photo: labels, and groups that must not be found."""

from typing import Any, Dict, Hashable, List, Optional, Tuple

import numpy as np

from helpers.errors import FrameError


def entries(model: Any, given: Any, argument: str) -> List[Any]:
    """What an argument says of each photo: a list of its own, or the column of `model.data` that it names.

    Raises `FrameError` where there is no such column, or not one entry a photo.
    """
    data = getattr(model, "data", None)
    if isinstance(given, str) and data is None:
        raise FrameError(
            f"{argument}={given!r} names a column, but a model from disk has no frame; "
            f"give a list with an entry for each photo"
        )
    return entries_of(data, given, len(model.vectors), argument)


def entries_of(data: Any, given: Any, count: int, argument: str) -> List[Any]:
    """The same of a frame with `count` rows."""
    if isinstance(given, str):
        if given not in data.column_names():
            have = ", ".join(data.column_names())
            raise FrameError(f"the frame has no column {given!r} for {argument}=; it has {have}")
        given = data[given]
    values = list(given)
    check_entries(values, count, argument)
    return values


def check_entries(values: List[Any], count: int, argument: str) -> None:
    """Raise `FrameError` unless there is an entry for each photo."""
    if len(values) != count:
        raise FrameError(f"there are {len(values)} {argument} for {count} photos; give one for each")


def numbers(values: List[Any], argument: str) -> Tuple[np.ndarray, List[Hashable]]:
    """A number for each entry, int64, the same for equals, and what the numbers stand for.

    Without a value (None, an empty text, nan) it is -1. Raises `FrameError` for
    what cannot be told apart, such as lists.
    """
    known: Dict[Hashable, int] = {}
    try:
        found = [known.setdefault(value, len(known)) if is_label(value) else -1 for value in values]
    except (TypeError, ValueError) as error:
        raise FrameError(f"{argument} are to be numbers or text ({error})") from error
    return np.array(found, np.int64), list(known)


def is_label(value: Any) -> bool:
    """Whether an entry says something: None, an empty text and nan do not."""
    return value is not None and not (isinstance(value, str) and value == "") and bool(value == value)


def group_numbers(groups: Optional[List[Any]], count: int) -> np.ndarray:
    """The number of each photo's group, int64 [count]; photos without one, and all without `groups`, stand alone."""
    if groups is None:
        return np.arange(count)
    own, known = numbers(groups, "groups")
    alone = np.flatnonzero(own < 0)
    own[alone] = len(known) + np.arange(len(alone))
    return own
