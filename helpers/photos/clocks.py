"""Cameras whose clocks are wrong: found, named, and put right by hand.

A camera that loses its power begins again at a date of its maker's, such as
2012-01-01 00:00, and every later photo counts on from there.
"""

import datetime
import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from helpers.errors import FrameError
from helpers.frames.columns import typed_frame, with_columns
from helpers.photos.events import cameras_of
from helpers.photos.metadata.moon import moon_phases

Moment = Union[str, datetime.datetime]
Shift = Union[datetime.timedelta, Tuple[Moment, Moment]]

BACK = datetime.timedelta(hours=1, minutes=5)  # an hour is the end of summer time, which is no fault
AHEAD = datetime.timedelta(days=90)
_ORDERLY = 4  # runs, and photos in a run on average: with more of the one and less of the other there is no order
_NO_ORDER = "its files are in another order than their dates: nothing can be said of its clock"
_FACTORY = datetime.timedelta(days=2)  # after the New Year that a clock was reset to, until its first photo


class Run(NamedTuple):
    """Photos of one camera between two jumps of its clock, in the order of their files."""

    camera: str
    rows: List[int]
    first: datetime.datetime  # what the clock said
    last: datetime.datetime
    before: Optional[datetime.datetime]  # what it said last before the jump; None for the camera's first photos


def runs(data: Any) -> List[Run]:
    """The photos with dates, cut where a clock jumps: back by more than an hour, or ahead by more than 90 days.

    By camera, and in a camera by the names of its files, in which numbers count as numbers.
    """
    cameras, paths, taken = cameras_of(data), list(data["path"]), list(data["taken"])
    order = sorted(
        (row for row, moment in enumerate(taken) if moment is not None),
        key=lambda row: (str(cameras[row]), _by_number(paths[row]), row),
    )
    found: List[Run] = []
    for row in order:
        moment, camera = taken[row], str(cameras[row])
        here = found[-1] if found and found[-1].camera == camera else None
        if here is not None and here.last - BACK <= moment <= here.last + AHEAD:
            here.rows.append(row)
            found[-1] = here._replace(last=max(moment, here.last))
        else:
            found.append(Run(camera, [row], moment, moment, None if here is None else here.last))
    return found


def clock_report(data: Any) -> Any:
    """Cameras whose clock jumps, or stands at its maker's date, as an SFrame of a row each jump.

    So are cameras that are years behind the others. `data` is a frame of
    `load_photos`. Columns: `camera` (with its site);
    `trouble` (what is wrong, in words); `photos` (how many say so, until the
    next jump); `path` and `taken` of the first of them; `before`: what the
    clock said at the photo before (None at the camera's first photo). Such
    photos were taken after that moment, and a note of when the batteries were
    changed tells the rest: `shift_clocks`. Sorted by camera and file name.
    Empty where all is well. A camera whose files are in another order than
    their dates, such as a folder of photos from everywhere, is one row that
    says so. Raises `FrameError` where the frame does not say who took its photos when.

    >>> import datetime
    >>> from helpers import tc
    >>> days = [datetime.datetime(2026, 5, 1), datetime.datetime(2012, 1, 1, 0, 3)]
    >>> data = tc.SFrame({"path": ["c/1.jpg", "c/2.jpg"], "folder": ["c", "c"], "taken": days})
    >>> clock_report(data)["trouble"][0]
    'the clock was reset to 2012-01-01'
    """
    _check(data)
    paths = list(data["path"])
    found = runs(data)
    usual = _usual_year(found)
    wrong = [(run, trouble) for run, trouble in _judged(found, usual) if trouble]
    return typed_frame(
        [
            ("camera", str, [run.camera for run, _ in wrong]),
            ("trouble", str, [trouble for _, trouble in wrong]),
            ("photos", int, [len(run.rows) for run, _ in wrong]),
            ("path", str, [paths[run.rows[0]] for run, _ in wrong]),
            ("taken", datetime.datetime, [run.first for run, _ in wrong]),
            ("before", datetime.datetime, [run.before for run, _ in wrong]),
        ]
    )


def shift_clocks(data: Any, shifts: Mapping[str, Shift]) -> Any:
    """The frame with the photos of some cameras moved in time; what their clock said is kept in `taken_by_clock`.

    `shifts` has a camera as `clock_report` names it, and one of:

    - a timedelta, which is added to all of its photos;
    - what the clock said and what was true, (`2012-01-01 00:03:20`,
      `2026-05-03 14:10:00`), as datetimes or text. Then the photos between the
      two jumps of the clock where it said so are moved by the difference.

    In place of a camera the `path` of a jump in the report, of its first photo,
    means the photos from there to the next jump: for a clock that was reset twice.

    It is always the clock's own time that is moved: done twice, it is the same
    as done once, and cameras that are not named stand as their clocks said. The
    moon's phases are worked out anew; sequences and events are left out, to be
    made again, and so are deployments, if those of the table are given by dates
    (`helpers.photos.details.add_places`). Raises `FrameError` for a camera that is
    not there, for what is no date, and where the clock never said so.
    """
    _check(data)
    names = data.column_names()
    taken = list(data["taken_by_clock" if "taken_by_clock" in names else "taken"])
    by_clock = data if "taken_by_clock" not in names else with_columns(data, [("taken", datetime.datetime, taken)])
    found, moved = runs(by_clock), list(taken)
    paths = list(data["path"])
    for which, shift in shifts.items():
        here = [run for run in found if which in (run.camera, paths[run.rows[0]])]
        if not here:
            cameras = sorted({run.camera for run in found})
            raise FrameError(f"there is no camera {which!r} with dated photos; there are {', '.join(cameras[:8])}")
        rows, by = _rows_and_time(here, which, shift)
        for row in rows:
            try:
                moved[row] = taken[row] + by
            except OverflowError:
                raise FrameError(f"{which}: {by} leads beyond all dates") from None
    data = data[[name for name in names if name not in ("sequence", "event")]]
    moon = [("moon", str, moon_phases(moved))] if "moon" in names else []
    return with_columns(
        data, [("taken", datetime.datetime, moved), *moon, ("taken_by_clock", datetime.datetime, taken)]
    )


def _rows_and_time(here: List[Run], which: str, shift: Shift) -> Tuple[List[int], datetime.timedelta]:
    if isinstance(shift, datetime.timedelta):
        return [row for run in here for row in run.rows], shift
    if not isinstance(shift, (tuple, list)) or len(shift) != 2:
        raise FrameError(f"{which}: a shift is a timedelta, or a pair of what the clock said and what was true")
    said, true = (_moment(which, each) for each in shift)
    fitting = [run for run in here if _begin(run) <= said <= run.last]
    if len(fitting) > 1:
        raise FrameError(
            f"{which}: its clock said {said} more than once; name the jump by the path of its first photo, as "
            "clock_report gives it"
        )
    if not fitting:
        raise FrameError(f"{which}: its clock never said {said}; clock_report tells where it jumps")
    return fitting[0].rows, true - said


def _begin(run: Run) -> datetime.datetime:
    """From when on a clock said so, as far as its photos tell: after a reset since the New Year."""
    if run.before is not None and run.first < run.before:
        return min(run.first, datetime.datetime(run.first.year, 1, 1))
    return run.first - _FACTORY


def _moment(camera: str, value: Moment) -> datetime.datetime:
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None)
    try:
        return datetime.datetime.fromisoformat(value.strip()).replace(tzinfo=None)
    except (AttributeError, ValueError):
        raise FrameError(f"{camera}: a date is written 2026-05-03 14:10:00, not {value!r}") from None


def _check(data: Any) -> None:
    missing = [name for name in ("path", "taken") if name not in data.column_names()]
    if missing:
        raise FrameError(f"the frame has no column {missing[0]!r}, as load_photos gives it")


def _usual_year(found: Sequence[Run]) -> int:
    """The year of most photos."""
    years: Dict[int, int] = {}
    for run in found:
        years[run.last.year] = years.get(run.last.year, 0) + len(run.rows)
    return max(years, key=lambda year: (years[year], year), default=0)


def _judged(found: Sequence[Run], usual: int) -> List[Tuple[Run, str]]:
    """The runs, and what is wrong with each; all those of a camera without any order are one."""
    by_camera: Dict[str, List[Run]] = {}
    for run in found:
        by_camera.setdefault(run.camera, []).append(run)
    judged: List[Tuple[Run, str]] = []
    for camera, each in by_camera.items():
        rows = [row for run in each for row in run.rows]
        if len(each) > max(_ORDERLY, len(rows) / _ORDERLY):
            judged.append((Run(camera, rows, each[0].first, each[-1].last, None), _NO_ORDER))
        else:
            judged += [(run, _trouble(run, usual)) for run in each]
    return judged


def _trouble(run: Run, usual: int) -> str:
    new_year = datetime.datetime(run.first.year, 1, 1)
    jumped = run.before is not None
    if run.first - new_year <= _FACTORY and (jumped or run.first.year < usual - 1):
        return f"the clock was reset to {new_year:%Y-%m-%d}"
    if run.first.year < usual - 1:
        return f"the clock says {run.first.year}, and those of most photos {usual}"
    if run.before is None:
        return ""
    if run.first < run.before:
        return f"the clock goes back by {_length(run.before - run.first)}"
    return f"the clock goes ahead by {_length(run.first - run.before)}, or nothing was taken for so long"


def _length(time: datetime.timedelta) -> str:
    hours = time.total_seconds() / 3600
    return f"{hours / 24:,.0f} days" if hours >= 48 else f"{hours:.1f} hours"


def _by_number(path: str) -> List[Tuple[int, str]]:
    return [(int(part), "") if place % 2 else (-1, part) for place, part in enumerate(re.split("([0-9]+)", path))]
