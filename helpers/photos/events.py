"""When photos belong together: bursts of a camera, and visits that are independent of each other.

A camera photographs what moves again and again. What a study counts are not
photos but events, and what is asked is asked of other events.
"""

import datetime
import math
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from helpers.errors import FrameError
from helpers.frames.columns import typed_frame, with_columns

SEQUENCE = 120  # seconds
INDEPENDENT = 30 * 60

_COLUMNS = ("sequence", "event")


class Numbers(NamedTuple):
    """Which sequence and which event each photo belongs to: int64 [photos] both, from 0 on in the order of time."""

    sequences: np.ndarray
    events: np.ndarray


def add_events(data: Any, sequence: float = SEQUENCE, independent: float = INDEPENDENT) -> Any:
    """The frame with two more columns, `sequence` and `event`: whole numbers from 0 on, in the order of time.

    - Photos of one camera of which each was taken less than `sequence` seconds
      after the one before are one sequence.
    - Sequences of one camera of which each begins less than `independent`
      seconds after the last photo of the one before are one event.

    A photo without a `camera` is taken for one of its deployment's, or its
    folder's; one without `taken` is a sequence and an event of its own. Columns of
    these names are made anew; rows keep their order. Raises `FrameError` where
    the frame does not say when or where its photos were taken, for numbers
    below 0, and for a sequence that may be longer than an event.

    >>> from helpers.photos.load import load_photos
    >>> data, bad = load_photos("data/robots/tarn")
    >>> data = add_events(data)
    >>> data["event"].dtype.__name__
    'int'
    """
    check_times(sequence, independent)
    names = data.column_names()
    if "taken" not in names:
        raise FrameError(f"the frame has no column 'taken', as load_photos gives it; it has {', '.join(names)}")
    found = number(list(data["taken"]), cameras_of(data), sequence, independent)
    return with_columns(data, ((name, int, values.tolist()) for name, values in zip(_COLUMNS, found)))


def number(
    taken: Sequence[Optional[datetime.datetime]],
    cameras: Sequence[str],
    sequence: float = SEQUENCE,
    independent: float = INDEPENDENT,
) -> Numbers:
    """`add_events` of when each photo was taken, and of which camera took it; equals in time by their order."""
    known = [row for row, moment in enumerate(taken) if moment is not None]
    order = sorted(known, key=lambda row: (cameras[row], taken[row], row))
    first = {"sequence": np.arange(len(taken)), "event": np.arange(len(taken))}  # row → the first row of its group
    for before, row in zip(order, order[1:]):
        if cameras[before] != cameras[row]:
            continue
        gap = (taken[row] - taken[before]).total_seconds()  # type: ignore[operator]  # both are known
        for name, longest in zip(_COLUMNS, (sequence, independent)):
            if gap < longest:
                first[name][row] = first[name][before]
    return Numbers(*(_counted(first[name], taken, cameras) for name in _COLUMNS))


def _counted(first: np.ndarray, taken: Sequence[Optional[datetime.datetime]], cameras: Sequence[str]) -> np.ndarray:
    """Numbers in the order of time, of groups that are known by their first row."""

    def when(row: int) -> Tuple[bool, Any, str, int]:
        moment = taken[row]
        return moment is None, moment or datetime.datetime.min, cameras[row], row

    groups = sorted(np.unique(first).tolist(), key=when)
    numbers = np.zeros(len(first), np.int64)
    numbers[groups] = np.arange(len(groups))
    return numbers[first]


def event_table(data: Any) -> Any:
    """The events of a frame that has them, an SFrame of a row each, in their order.

    Columns: `event`; `site`, `camera` and `deployment`, as far as the frame has
    them; `start` and `end` (datetimes, None where unknown); `photos` (how many);
    `first` (the row of the frame of its first photo). Raises `FrameError`
    where the frame has no column `event`.
    """
    if "event" not in data.column_names():
        raise FrameError("the frame has no column 'event'; add_events makes it")
    events = np.array(list(data["event"]), np.int64)
    taken = list(data["taken"]) if "taken" in data.column_names() else [None] * len(events)
    rows = [sorted(group, key=lambda row: (taken[row] is None, taken[row], row)) for group in _groups(events)]
    columns: List[Tuple[str, Optional[type], List[Any]]] = [("event", int, [int(events[group[0]]) for group in rows])]
    for name in ("site", "camera", "deployment"):
        if name in data.column_names():
            values = list(data[name])
            columns.append((name, str, [values[group[0]] for group in rows]))
    columns += [
        ("start", datetime.datetime, [taken[group[0]] for group in rows]),
        ("end", datetime.datetime, [taken[group[-1]] for group in rows]),
        ("photos", int, [len(group) for group in rows]),
        ("first", int, [group[0] for group in rows]),
    ]
    return typed_frame(columns)


def check_times(sequence: float, independent: float) -> None:
    """Raise `FrameError` unless these are seconds, and sequences are not longer than events."""
    for name, value in (("sequence", sequence), ("independent", independent)):
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value < math.inf:
            raise FrameError(f"{name}= is a number of seconds, 0 or more, not {value!r}")
    if sequence > independent:
        raise FrameError(f"sequence={sequence} is more than independent={independent}: an event is made of sequences")


def cameras_of(data: Any) -> List[str]:
    """Which camera took each photo: by the columns site and camera, where these are empty by its deployment or folder.

    Raises `FrameError` where the frame has none of these columns.
    """
    names = data.column_names()
    known = [name for name in ("camera", "deployment", "folder") if name in names]
    if not known:
        raise FrameError(
            "the frame does not say which camera took a photo: it has none of the columns camera, deployment, folder"
        )
    sites = list(data["site"]) if "site" in names else [None] * len(data)
    found: List[str] = []
    for site, *told in zip(sites, *(data[name] for name in known)):
        which = next((place for place, value in enumerate(told) if value is not None), None)
        text = "" if which is None else str(told[which])
        found.append(f"{site}/{text}" if which is not None and known[which] == "camera" and site is not None else text)
    return found


def _groups(values: np.ndarray) -> List[List[int]]:
    """The rows of each value, by value."""
    order = np.argsort(values, kind="stable")
    edges = np.flatnonzero(np.diff(values[order])) + 1
    return [part.tolist() for part in np.split(order, edges) if len(part)]
