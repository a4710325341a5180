"""What is said of each photo of a collection, one entry a photo: labels, and groups that must not be found."""

from typing import Any, Dict, Hashable, Iterable, List, NamedTuple, Optional, Tuple

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
