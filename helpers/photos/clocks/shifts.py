"""Correcting the dates of photos whose camera's clock was wrong."""

import datetime
from typing import List, Mapping, Tuple, Union

from helpers.arguments import takes
from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.frames.columns import with_columns
from helpers.photos.clocks.runs import FACTORY, ClockRun, check_dated, clock_runs, new_year_of
from helpers.photos.metadata.moon import moon_phases
from helpers.photos.sun import COLUMNS

Moment = Union[str, datetime.datetime]
Shift = Union[datetime.timedelta, Tuple[Moment, Moment]]


@takes(data="frame")
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
        are as by their clocks. `sequence`, `event` and what `add_sun` has added
        are removed, to be added again; so should deployments be that differ
        by dates, with `helpers.photos.details.add_places`.

    Raises
    ------
    FrameError
        For an unknown camera, an invalid date, and a time that the clock never showed.
    """
    check_dated(data)
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
    data = data[[name for name in names if name not in ("sequence", "event", *COLUMNS)]]
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
        return min(run.first, new_year_of(run.first))
    return run.first - FACTORY


def _moment(camera: str, value: Moment) -> datetime.datetime:
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None)
    try:
        return datetime.datetime.fromisoformat(value.strip()).replace(tzinfo=None)
    except (AttributeError, ValueError):
        raise FrameError(f"{camera}: a date is written 2026-05-03 14:10:00, not {value!r}") from None
