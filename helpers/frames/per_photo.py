"""Labels and groups of photos, one entry for each photo; photos of one group do not count as each other's matches."""

from typing import Any, Dict, Hashable, Iterable, List, NamedTuple, Optional, Tuple

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


class Sides(NamedTuple):
    """Who is on whose side: labels and groups as numbers, one a photo."""

    known: np.ndarray  # the number of the label, -1 without one
    names: List[Any]  # the labels that these are
    own: np.ndarray  # the number of the group
    others: np.ndarray  # how many photos are outside the group
    kin: np.ndarray  # how many of these have the label; -1 for a photo without one
    asked: np.ndarray  # the photos that count

    @classmethod
    def of(cls, labels: Iterable[Any], groups: Optional[Iterable[Any]], count: int) -> "Sides":
        """Raises `FrameError` unless there is an entry for each of `count` photos."""
        named = list(labels)
        check_entries(named, count, "labels")
        grouped = None if groups is None else list(groups)
        if grouped is not None:
            check_entries(grouped, count, "groups")
        known, names = numbers(named, "labels")
        own = group_numbers(grouped, count)
        others, kin = np.zeros(count, np.int64), np.full(count, -1, np.int64)
        if count:
            others = count - np.bincount(own)[own]
        has = np.flatnonzero(known >= 0)
        if len(has):
            _, both, inside = np.unique(known[has] * count + own[has], return_inverse=True, return_counts=True)
            kin[has] = np.bincount(known[has])[known[has]] - inside[both.reshape(-1)]
        return cls(known, names, own, others, kin, np.flatnonzero((known >= 0) & (others > 0)))

    @property
    def differ(self) -> bool:
        """Whether there is something to tell apart."""
        return len(self.names) > 1 and len(self.asked) > 0

    def checked(self) -> "Sides":
        """Itself; raises `FrameError` where there is nothing to tell apart."""
        if len(self.names) < 2:
            raise FrameError("there is nothing to tell apart: give labels=, at least two different ones")
        if not len(self.asked):
            raise FrameError("no photo has another one outside its own group; give other groups, or none")
        return self
