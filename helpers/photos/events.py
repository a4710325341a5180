"""Sequences and events: photos of one burst, and of one visit.

A camera photographs an animal again and again. Studies count events, not photos.
"""

import datetime
import math
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from helpers.arguments import takes
from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame, with_columns
from helpers.photos.cards import card_of
from helpers.photos.layout import PLACES
from helpers.photos.summer_time import hours_back

SEQUENCE = 120  # seconds
INDEPENDENT = 30 * 60

_COLUMNS = ("sequence", "event")


class EventNumbers(NamedTuple):
    """The sequence and the event of each photo: int64 [photos] both, numbered from 0 by time."""

    sequences: np.ndarray
    events: np.ndarray


@takes(data="frame")
def add_events(data: SFrame, sequence: float = SEQUENCE, independent: float = INDEPENDENT) -> SFrame:
    """Add the columns `sequence` and `event` to a frame of photos.

    Parameters
    ----------
    data
        A frame of `load_photos`, with `taken` and one of `camera`, `deployment`
        and `folder`. A photo without a camera counts as one of its deployment's,
        or its folder's; folders such as `100MEDIA` and `101MEDIA` are one.
    sequence
        Photos of one camera that were taken less than so many seconds after the
        one before are one sequence.
    independent
        Sequences of one camera that begin less than so many seconds after the
        last photo of the one before are one event.

    Returns
    -------
    SFrame
        The same rows, with whole numbers from 0, by time. A photo without a date
        is a sequence and an event of its own. Columns of these names are
        replaced.

    Raises
    ------
    FrameError
        Where the frame has no date or camera, for seconds below 0, and for a
        `sequence` longer than `independent`.

    Notes
    -----
    Where a camera puts its clock back at the end of summer time, an hour comes
    twice: 02:50:00 and 02:50:05 may be an hour apart, and are two visits then.
    That is known where the files of a card are in order (see
    `helpers.photos.cards`) and their dates go back; a line is printed then. Where no
    photo was taken between the two, or the order is not known, they are one.

    Examples
    --------
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
    taken, cameras = list(data["taken"]), cameras_of(data)
    passed = _passed([path or "" for path in data["path"]], taken, cameras) if "path" in names else None
    numbers = number_events(taken, cameras, sequence, independent, passed)
    return with_columns(data, ((name, int, values.tolist()) for name, values in zip(_COLUMNS, numbers)))


def _passed(
    paths: Sequence[str], taken: Sequence[Optional[datetime.datetime]], cameras: Sequence[str]
) -> List[Optional[datetime.datetime]]:
    """The dates to count the time between photos by; prints a line where an hour came twice."""
    passed, back = hours_back(paths, taken, cameras)
    if back:
        first = back[0]
        more = f" (and {len(back) - 1} more)" if len(back) > 1 else ""
        print(
            f"{first.camera}: the clock was put back by an hour before {paths[first.row]}, {first.moment}{more}, as at "
            "the end of summer time; between photos before and after it an hour more has passed than by their dates"
        )
    return passed


def number_events(
    taken: Sequence[Optional[datetime.datetime]],
    cameras: Sequence[str],
    sequence: float = SEQUENCE,
    independent: float = INDEPENDENT,
    passed: Optional[Sequence[Optional[datetime.datetime]]] = None,
) -> EventNumbers:
    """Number the photos as `add_events` does, by their dates and cameras; equal dates by the order of photos.

    `passed` has the dates to count the time between photos by, where these are others.
    """
    by = taken if passed is None else passed
    known = [row for row, moment in enumerate(taken) if moment is not None]
    order = sorted(known, key=lambda row: (cameras[row], by[row], row))
    first = {"sequence": np.arange(len(taken)), "event": np.arange(len(taken))}  # row → the first row of its group
    for before, row in zip(order, order[1:]):
        if cameras[before] != cameras[row]:
            continue
        gap = (by[row] - by[before]).total_seconds()  # type: ignore[operator]  # both are known
        for name, longest in zip(_COLUMNS, (sequence, independent)):
            if gap < longest:
                first[name][row] = first[name][before]
    return EventNumbers(*(_counted(first[name], taken, cameras) for name in _COLUMNS))


def _counted(first: np.ndarray, taken: Sequence[Optional[datetime.datetime]], cameras: Sequence[str]) -> np.ndarray:
    """Number groups by time, each of which is given by its first row."""

    def when(row: int) -> Tuple[bool, Any, str, int]:
        moment = taken[row]
        return moment is None, moment or datetime.datetime.min, cameras[row], row

    groups = sorted(np.unique(first).tolist(), key=when)
    numbers = np.zeros(len(first), np.int64)
    numbers[groups] = np.arange(len(groups))
    return numbers[first]


@takes(data="frame")
def event_table(data: SFrame) -> SFrame:
    """The events of a frame, a row each.

    Parameters
    ----------
    data
        A frame with `event`, as `add_events` makes it.

    Returns
    -------
    SFrame
        `event`, ascending; `site`, `camera` and `deployment`, as far as the
        frame has them; `start` and `end` (datetimes, None where unknown);
        `photos` (how many); `first` (the frame's row of the first photo).

    Raises
    ------
    FrameError
        Where the frame has no column `event`.
    """
    if "event" not in data.column_names():
        raise FrameError("the frame has no column 'event'; add_events makes it")
    taken = list(data["taken"]) if "taken" in data.column_names() else [None] * len(data)
    by_event = rows_by_event(data)
    rows = list(by_event.values())
    columns: List[Tuple[str, Optional[type], List[Any]]] = [("event", int, list(by_event))]
    for name in PLACES:
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


def rows_by_event(data: SFrame) -> Dict[int, List[int]]:
    """The rows of each event, by event, and in an event by time."""
    events = list(data["event"])
    taken = list(data["taken"]) if "taken" in data.column_names() else [None] * len(events)
    rows: Dict[int, List[int]] = {event: [] for event in sorted(set(events))}
    for row in sorted(range(len(events)), key=lambda row: (taken[row] is None, taken[row] or 0, row)):
        rows[events[row]].append(row)
    return rows


def check_times(sequence: float, independent: float) -> None:
    """Raise `FrameError` unless both are seconds, and sequences are not longer than events."""
    for name, value in (("sequence", sequence), ("independent", independent)):
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value < math.inf:
            raise FrameError(f"{name}= is a number of seconds, 0 or more, not {value!r}")
    if sequence > independent:
        raise FrameError(f"sequence={sequence} is more than independent={independent}: an event is made of sequences")


def cameras_of(data: SFrame) -> List[str]:
    """The camera of each photo, with its site; where that is empty its deployment, or else its card's folder.

    Raises `FrameError` where the frame has none of these columns.
    """
    names = data.column_names()
    known = [name for name in ("camera", "deployment", "folder") if name in names]
    if not known:
        raise FrameError("the frame has no camera of its photos: it has none of the columns camera, deployment, folder")
    sites = list(data["site"]) if "site" in names else [None] * len(data)
    cameras: List[str] = []
    for site, *values in zip(sites, *(data[name] for name in known)):
        name, value = next(((name, value) for name, value in zip(known, values) if value is not None), ("", ""))
        if name == "folder":
            value = card_of(value)
        cameras.append(f"{site}/{value}" if name == "camera" and site is not None else str(value))
    return cameras
