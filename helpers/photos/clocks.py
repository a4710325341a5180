"""Finding cameras whose clocks are wrong, and correcting the dates of their photos.

The clock of a camera that loses its power restarts at a date of its maker, such
as 2012-01-01 00:00, and goes on from there.
"""

import datetime
import itertools
import re
from collections import Counter
from typing import List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame, with_columns
from helpers.photos.events import cameras_of
from helpers.photos.metadata.moon import moon_phases

Moment = Union[str, datetime.datetime]
Shift = Union[datetime.timedelta, Tuple[Moment, Moment]]

BACK = datetime.timedelta(hours=1, minutes=5)  # an hour is the end of summer time, and not a fault
AHEAD = datetime.timedelta(days=90)
_FEW_RUNS = 4  # so many say nothing of the order of the files
_LONG_RUN = 4  # photos: files in order make runs of so many, on average
_NO_ORDER = "its files are in another order than their dates: its clock cannot be judged"
_FACTORY = datetime.timedelta(days=2)  # after the New Year that a clock was reset to, until its first photo


class ClockRun(NamedTuple):
    """Photos of one camera between two jumps of its clock, in the order of their files."""

    camera: str
    rows: List[int]
    first: datetime.datetime  # by the clock
    last: datetime.datetime
    before: Optional[datetime.datetime]  # the last time before the jump; None for the camera's first photos


def clock_runs(data: SFrame) -> List[ClockRun]:
    """Split dated photos where a clock jumps: back by more than an hour, or ahead by more than 90 days.

    Sorted by camera, and then by the names of its files, in which numbers count as numbers.
    """
    cameras, paths, taken = cameras_of(data), list(data["path"]), list(data["taken"])
    order = sorted(
        (row for row, moment in enumerate(taken) if moment is not None),
        key=lambda row: (str(cameras[row]), _by_number(paths[row]), row),
    )
    runs: List[ClockRun] = []
    for row in order:
        moment, camera = taken[row], str(cameras[row])
        current = runs[-1] if runs and runs[-1].camera == camera else None
        if current is not None and current.last - BACK <= moment <= current.last + AHEAD:
            current.rows.append(row)
            runs[-1] = current._replace(last=max(moment, current.last))
        else:
            runs.append(ClockRun(camera, [row], moment, moment, None if current is None else current.last))
    return runs


def clock_report(data: SFrame) -> SFrame:
    """Report cameras whose clock jumps, restarted at its maker's date, or is years behind the others.

    Parameters
    ----------
    data
        A frame of `load_photos`.

    Returns
    -------
    SFrame
        A row per jump, by camera and file name; none where all is well:
        `camera` (with its site); `trouble` (in words); `photos` (how many, until
        the next jump); `path` and `taken` of the first of them; `before` (the
        clock at the photo before, None at the camera's first photo). Such photos
        were taken after that moment. Correct them with `shift_clocks` and a note
        of when the batteries were changed. A camera whose files are in another
        order than their dates, such as a folder of collected photos, is one row
        that says so.

    Raises
    ------
    FrameError
        Where the frame lacks the camera, path or date of its photos.

    Examples
    --------
    >>> import datetime
    >>> from helpers import tc
    >>> days = [datetime.datetime(2026, 5, 1), datetime.datetime(2012, 1, 1, 0, 3)]
    >>> data = tc.SFrame({"path": ["c/1.jpg", "c/2.jpg"], "folder": ["c", "c"], "taken": days})
    >>> clock_report(data)["trouble"][0]
    'the clock was reset to 2012-01-01'
    """
    _check(data)
    paths = list(data["path"])
    runs = clock_runs(data)
    wrong = [(run, trouble) for run, trouble in _judged(runs, _usual_year(runs)) if trouble]
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


def shift_clocks(data: SFrame, shifts: Mapping[str, Shift]) -> SFrame:
    """Correct the dates of some cameras' photos.

    Parameters
    ----------
    data
        A frame of `load_photos`, or what this function returned: it always
        shifts the clock's own time, so that done twice is the same as done once.
    shifts
        By camera as `clock_report` names it, or by the path of a jump in it, for
        the photos from there to the next jump (a clock that was reset twice):

        - a timedelta, which is added to all of its photos;
        - the time by the clock and the true one, (`2012-01-01 00:03:20`,
          `2026-05-03 14:10:00`), as datetimes or text. This shifts the photos
          between the two jumps around that time.

    Returns
    -------
    SFrame
        The frame with `taken` corrected, the clock's own time in
        `taken_by_clock`, and `moon` computed again. Cameras that are not named
        are as by their clocks. `sequence` and `event` are removed, to be added
        again; so should deployments be that are told apart by dates, with
        `helpers.photos.details.add_places`.

    Raises
    ------
    FrameError
        For an unknown camera, an invalid date, and a time that the clock never showed.
    """
    _check(data)
    names = data.column_names()
    taken = list(data["taken_by_clock" if "taken_by_clock" in names else "taken"])
    by_clock = data if "taken_by_clock" not in names else with_columns(data, [("taken", datetime.datetime, taken)])
    runs, moved = clock_runs(by_clock), list(taken)
    paths = list(data["path"])
    for camera, shift in shifts.items():
        of_camera = [run for run in runs if camera in (run.camera, paths[run.rows[0]])]
        if not of_camera:
            cameras = sorted({run.camera for run in runs})
            raise FrameError(f"there is no camera {camera!r} with dated photos; there are {', '.join(cameras[:8])}")
        rows, difference = _rows_and_difference(of_camera, camera, shift)
        for row in rows:
            try:
                moved[row] = taken[row] + difference
            except OverflowError:
                raise FrameError(f"{camera}: {difference} leads beyond all dates") from None
    data = data[[name for name in names if name not in ("sequence", "event")]]
    moon = [("moon", str, moon_phases(moved))] if "moon" in names else []
    return with_columns(
        data, [("taken", datetime.datetime, moved), *moon, ("taken_by_clock", datetime.datetime, taken)]
    )


def _rows_and_difference(runs: List[ClockRun], camera: str, shift: Shift) -> Tuple[List[int], datetime.timedelta]:
    if isinstance(shift, datetime.timedelta):
        return [row for run in runs for row in run.rows], shift
    if not isinstance(shift, (tuple, list)) or len(shift) != 2:
        raise FrameError(f"{camera}: a shift is a timedelta, or a pair of the time by the clock and the true one")
    by_clock, true = (_moment(camera, moment) for moment in shift)
    fitting = [run for run in runs if _begin(run) <= by_clock <= run.last]
    if len(fitting) > 1:
        raise FrameError(
            f"{camera}: its clock showed {by_clock} more than once; name the jump by the path of its first photo, as "
            "clock_report gives it"
        )
    if not fitting:
        raise FrameError(f"{camera}: its clock never showed {by_clock}; clock_report shows where it jumps")
    return fitting[0].rows, true - by_clock


def _begin(run: ClockRun) -> datetime.datetime:
    """The earliest time by the clock in a run: after a reset that of the New Year."""
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


def _check(data: SFrame) -> None:
    missing = [name for name in ("path", "taken") if name not in data.column_names()]
    if missing:
        raise FrameError(f"the frame has no column {missing[0]!r}, as load_photos gives it")


def _usual_year(runs: Sequence[ClockRun]) -> int:
    """The year of most photos."""
    years: Counter = Counter()
    for run in runs:
        years[run.last.year] += len(run.rows)
    return max(years, key=lambda year: (years[year], year), default=0)


def _judged(runs: Sequence[ClockRun], usual: int) -> List[Tuple[ClockRun, str]]:
    """The runs with what is wrong, or an empty text; all runs of a camera without any order are one."""
    judged: List[Tuple[ClockRun, str]] = []
    for camera, group in itertools.groupby(runs, lambda run: run.camera):
        of_camera = list(group)
        rows = [row for run in of_camera for row in run.rows]
        if len(of_camera) > max(_FEW_RUNS, len(rows) / _LONG_RUN):
            judged.append((ClockRun(camera, rows, of_camera[0].first, of_camera[-1].last, None), _NO_ORDER))
        else:
            judged += [(run, _trouble(run, usual)) for run in of_camera]
    return judged


def _trouble(run: ClockRun, usual: int) -> str:
    new_year = datetime.datetime(run.first.year, 1, 1)
    jumped = run.before is not None
    if run.first - new_year <= _FACTORY and (jumped or run.first.year < usual - 1):
        return f"the clock was reset to {new_year:%Y-%m-%d}"
    if run.first.year < usual - 1:
        return f"the clock shows {run.first.year}, and those of most photos {usual}"
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
