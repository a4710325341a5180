"""Which cameras' clocks are wrong, by what is known for certain first.

The clock of a camera that loses its power restarts at its factory date, such
as 2012-01-01 00:00, and goes on from there. Others were set wrongly by hand.
"""

import contextlib
import datetime
from typing import Any, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np

from helpers.arguments import takes
from helpers.files.stamps import stamp
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame
from helpers.photos.clocks.neighbours import Span, mistyped, never_set, years_behind
from helpers.photos.clocks.runs import ClockRun, clock_runs, new_year_of, was_reset
from helpers.photos.events import cameras_of

_DAY = datetime.timedelta(days=1)  # zones are less apart than that
_LOOKED_AT = 20  # files of a run whose own dates are read
_ARCHIVE = datetime.datetime(2001, 1, 1)  # before it are dates that archives give files for want of one
_EXCHANGED = "these photos are in order if they change places: were their names exchanged, or their dates?"


class _Fault(NamedTuple):
    """A row of the report."""

    camera: str
    trouble: str
    rows: Sequence[int]
    taken: datetime.datetime
    before: Optional[datetime.datetime]


@takes(data="frame")
def clock_report(data: SFrame) -> SFrame:
    """Report cameras whose clocks are wrong, or very probably so.

    Parameters
    ----------
    data
        A frame of `load_photos`.

    Returns
    -------
    SFrame
        A row per fault, by camera and file name; none where nothing is known
        against any clock: `camera` (with its site); `trouble` (in words);
        `photos` (how many, until the next jump of the clock); `path` and `taken`
        of the first of them; `before` (the clock at the photo before, None at
        the camera's first photo, and where the order is unknown). Correct them
        with `shift_clocks` and a note of when the batteries were changed.

    Raises
    ------
    FrameError
        Where the frame lacks the camera, path or date of its photos.

    Notes
    -----
    Named is a clock

    - that was reset to a New Year, or goes back by more than an hour and then on
      from there, or ahead by more than 300 days; and two photos that changed places;
    - that shows a date later than today, or than the files were copied at;
    - that is years behind all others, or a year or month beside them, or has day
      and month exchanged, so that its photos would be of the same days as those
      of other cameras (see `helpers.photos.clocks.neighbours`).

    The first needs cards as the camera wrote them, with its own names in order
    (see `helpers.photos.cards`). Of renamed or sorted photos only dates are judged;
    a line is printed with the number of such cameras.

    Examples
    --------
    >>> import datetime
    >>> from helpers import tc
    >>> days = [datetime.datetime(2026, 5, 1 + n) for n in range(6)] + [datetime.datetime(2012, 1, 1, 0, 3)]
    >>> data = tc.SFrame({"path": [f"c/IMG_{n:04d}.JPG" for n in range(7)], "folder": ["c"] * 7, "taken": days})
    >>> clock_report(data)["trouble"][0]
    'the clock was reset to 2012-01-01'
    """
    runs = clock_runs(data)
    faults = _faults(runs, data)
    unordered = {run.camera for run in runs if not run.ordered}
    if unordered:
        print(f"{_of_whom(unordered, runs, data)}: only their dates are judged, and no jump of a clock can be seen")
    paths = list(data["path"])
    return typed_frame(
        [
            ("camera", str, [fault.camera for fault in faults]),
            ("trouble", str, [fault.trouble for fault in faults]),
            ("photos", int, [len(fault.rows) for fault in faults]),
            ("path", str, [paths[fault.rows[0]] for fault in faults]),
            ("taken", datetime.datetime, [fault.taken for fault in faults]),
            ("before", datetime.datetime, [fault.before for fault in faults]),
        ]
    )


def _of_whom(unordered: Set[str], runs: Sequence[ClockRun], data: SFrame) -> str:
    """Whose photos are not in the order of their names; a folder of photos without a camera is no camera."""
    cameras = list(data["camera"]) if "camera" in data.column_names() else []
    nameless = {name for name, camera in zip(cameras_of(data), cameras) if camera is None} if any(cameras) else {""}
    everyone = {run.camera for run in runs}
    if len(everyone) == 1:
        return "the photos are renamed, sorted or few"
    named = sorted(unordered - nameless)
    whose = [f"of {len(named)} of {len(everyone - nameless)} cameras"] if named else []
    whose += ["without a camera"] if unordered & nameless else []
    such = f", such as those of {named[0]}" if named else ""
    return f"the photos {' and those '.join(whose)} are renamed, sorted or few{such}"


def _faults(runs: Sequence[ClockRun], data: SFrame) -> List[_Fault]:
    files = list(data["file"]) if "file" in data.column_names() else []
    spans = [Span(run.camera, run.first, run.last) for run in runs]
    troubles = [_by_itself(run, files) or never_set(span, spans) for run, span in zip(runs, spans)]
    for number, run in enumerate(runs):
        if run.before is not None and not troubles[number] and not troubles[number - 1]:  # else it was set right
            troubles[number] = _jump(run, run.before)
    sound = [span for span, trouble in zip(spans, troubles) if not trouble]
    troubles = [trouble or mistyped(span, sound) or years_behind(span, sound) for span, trouble in zip(spans, troubles)]
    taken = list(data["taken"])
    latest = _now() + _DAY
    faults: List[_Fault] = []
    for run, trouble in zip(runs, troubles):
        if trouble:
            faults.append(_Fault(run.camera, trouble, run.rows, run.first, run.before))
            continue
        some: List[Tuple[str, Sequence[int]]] = [(_EXCHANGED, run.exchanged)] if run.exchanged else []
        some += [(_later(taken[row]), (row,)) for row in run.rows if taken[row] > latest]
        for words, rows in some:
            before = taken[run.rows[run.rows.index(rows[0]) - 1]]
            faults.append(_Fault(run.camera, words, rows, taken[rows[0]], before))
    return faults


def _by_itself(run: ClockRun, files: Sequence[Any]) -> Optional[str]:
    """What is wrong with a run's dates, whatever the other cameras show; None where nothing is."""
    if was_reset(run):
        return f"the clock was reset to {new_year_of(run.first):%Y-%m-%d}"
    if run.last > _now() + _DAY:
        return _later(run.last)
    written = _written(run, files)
    if written is not None and run.last > written + _DAY:
        return f"the clock shows {run.last:%Y-%m-%d}, and the files are of {written:%Y-%m-%d}, when they were copied"
    return None


def _later(moment: datetime.datetime) -> str:
    return f"the clock shows {moment:%Y-%m-%d}, later than today, {_now():%Y-%m-%d}"


def _jump(run: ClockRun, before: datetime.datetime) -> Optional[str]:
    """The jump that a run begins with; None where the clock does not go on from there."""
    if run.first > before:
        return f"the clock goes ahead by {_length(run.first - before)}, or nothing was taken for so long"
    return f"the clock goes back by {_length(before - run.first)}" if run.goes_on else None


def _written(run: ClockRun, files: Sequence[Any]) -> Optional[datetime.datetime]:
    """The latest of the own dates of a run's files; None where these are not the dates at which they were copied.

    A copy may keep the date that the camera gave the file, which is then as
    wrong as its clock. Such dates are as far apart as those of the photos.
    """
    if not files:
        return None
    dates: List[datetime.datetime] = []
    for place in np.linspace(0, len(run.rows) - 1, min(len(run.rows), _LOOKED_AT)).astype(int):
        with contextlib.suppress(OSError, OverflowError, ValueError, TypeError):  # it has gone since
            dates.append(datetime.datetime.fromtimestamp(stamp(files[run.rows[place]]).modified / 1e9))
    if len(set(dates)) < 2 or min(dates) < _ARCHIVE or max(dates) - min(dates) > (run.last - run.first) / 2:
        return None
    return max(dates)


def _now() -> datetime.datetime:
    return datetime.datetime.now()


def _length(time: datetime.timedelta) -> str:
    hours = time.total_seconds() / 3600
    return f"{hours / 24:,.0f} days" if hours >= 48 else f"{hours:.1f} hours"
