"""The photos of each camera between two jumps of its clock."""

import datetime
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.photos.cards import card_of, order_on_card
from helpers.photos.events import SEQUENCE, cameras_of

BACK = datetime.timedelta(hours=1, minutes=5)  # an hour is the end of summer time, and not a fault
AHEAD = datetime.timedelta(days=300)  # without a photo: batteries hold for less, and a year may be mistyped
FACTORY = datetime.timedelta(days=2)  # after the New Year that a clock was reset to, until its first photo

_BURST = datetime.timedelta(seconds=SEQUENCE)
_LARGEST = 3  # photos of a burst that may be out of order
_MOST = 1 / 100  # of a card's photos at which its dates may leave the order of its names; once in fewer photos


class ClockRun(NamedTuple):
    """Photos of one camera between two jumps of its clock, in the order in which they were taken."""

    camera: str
    rows: List[int]
    first: datetime.datetime  # by the clock, without single photos that are out of order
    last: datetime.datetime
    before: Optional[datetime.datetime] = None  # the clock before the jump; None for the first photos, or if unknown
    exchanged: Tuple[int, ...] = ()  # rows, among `rows`, whose dates are in order if they change places
    ordered: bool = True  # by the names of the files; else by their dates

    @property
    def goes_on(self) -> bool:
        """Whether the clock went on after the first photos, so that they are not only a burst."""
        return self.last - self.first > _BURST


class _Photo(NamedTuple):
    row: int
    moment: datetime.datetime


def clock_runs(data: SFrame) -> List[ClockRun]:
    """Split dated photos where a clock jumps, by camera.

    On a card whose files are named by their order (see `helpers.photos.cards`) a
    jump is back by more than an hour, or ahead by more than 300 days. Other
    photos of a camera are taken in the order of their dates, so that only a gap
    of 300 days splits them. Raises `FrameError` where the frame lacks the path,
    the date or the camera of its photos.
    """
    check_dated(data)
    paths, taken = list(data["path"]), list(data["taken"])
    cards: Dict[str, Dict[str, List[int]]] = {}
    for row, camera in enumerate(cameras_of(data)):
        if taken[row] is not None:
            cards.setdefault(str(camera), {}).setdefault(card_of(paths[row].rpartition("/")[0]), []).append(row)
    runs: List[ClockRun] = []
    for camera in sorted(cards):
        unordered: List[_Photo] = []
        for _, rows in sorted(cards[camera].items()):
            order = order_on_card([paths[row] for row in rows])
            of_card = None
            if order is not None:
                of_card = _runs_of_card(camera, [_Photo(rows[place], taken[rows[place]]) for place in order])
            if of_card is None:
                unordered += [_Photo(row, taken[row]) for row in rows]
            else:
                runs += of_card
        unordered.sort(key=lambda photo: (photo.moment, photo.row))
        runs += [run._replace(before=None, ordered=False) for run in _split(camera, unordered)]
    return runs


def check_dated(data: SFrame) -> None:
    """Raise `FrameError` unless the frame has the path and the date of its photos."""
    missing = [name for name in ("path", "taken") if name not in data.column_names()]
    if missing:
        raise FrameError(f"the frame has no column {missing[0]!r}, as load_photos gives it")


def new_year_of(moment: datetime.datetime) -> datetime.datetime:
    """The New Year before a moment, to which clocks are reset."""
    return datetime.datetime(moment.year, 1, 1)


def was_reset(run: ClockRun) -> bool:
    """Whether the clock jumped back, to a New Year."""
    return run.before is not None and _is_reset(run.first, run.before)


def _is_reset(moment: datetime.datetime, before: datetime.datetime) -> bool:
    return moment < before and moment - new_year_of(moment) <= FACTORY


def _runs_of_card(camera: str, photos: Sequence[_Photo]) -> Optional[List[ClockRun]]:
    """The runs of photos in the order of their names; None where their dates leave that order too often to trust it."""
    groups = _misplaced(photos)
    out = {place for group in groups for place in group}
    runs = _split(camera, [photo for place, photo in enumerate(photos) if place not in out])
    jumps = sum(run.before is not None and run.first < run.before and not was_reset(run) for run in runs)
    exchanged = _are_exchanged(photos, groups)
    if jumps + (1 if exchanged else len(groups)) > max(1, _MOST * len(photos)):
        return None
    begins = {run.rows[0]: number for number, run in enumerate(runs)}
    of_run: List[List[int]] = [[] for _ in runs]  # with those that are out of order
    number = 0
    for photo in photos:
        number = begins.get(photo.row, number)
        of_run[number].append(photo.row)
    runs = [run._replace(rows=rows) for run, rows in zip(runs, of_run)]
    if exchanged:  # there is one run then
        runs[0] = runs[0]._replace(exchanged=tuple(photos[place].row for place in sorted(out)))
    return runs


def _are_exchanged(photos: Sequence[_Photo], groups: Sequence[Sequence[int]]) -> bool:
    """Whether the photos are in order once two of them, or two bursts, change places."""
    if len(groups) != 2 or len(groups[0]) != len(groups[1]):
        return False
    moments = [photo.moment for photo in photos]
    for one, other in zip(*groups):
        moments[one], moments[other] = moments[other], moments[one]
    return all(before - BACK <= after <= before + AHEAD for before, after in zip(moments, moments[1:]))


def _split(camera: str, photos: Sequence[_Photo]) -> List[ClockRun]:
    runs: List[ClockRun] = []
    for row, moment in photos:
        current = runs[-1] if runs else None
        if current is not None and current.last - BACK <= moment <= current.last + AHEAD:
            current.rows.append(row)
            runs[-1] = current._replace(last=max(moment, current.last))
        else:
            runs.append(ClockRun(camera, [row], moment, moment, None if current is None else current.last))
    return runs


def _misplaced(photos: Sequence[_Photo]) -> List[List[int]]:
    """Single photos or bursts that are out of order, where those before and after them are in order."""
    groups: List[List[int]] = []
    place, before = 1, photos[0].moment
    while place < len(photos) - 1:
        size = _out_of_order(photos, place, before)
        if size:
            groups.append(list(range(place, place + size)))
        else:
            before = photos[place].moment
        place += max(size, 1)
    return groups


def _out_of_order(photos: Sequence[_Photo], place: int, before: datetime.datetime) -> int:
    """How many photos from a place on, of one burst, are before or after both `before` and the photo after them."""
    for size in range(1, min(_LARGEST, len(photos) - 1 - place) + 1):
        moments = [photo.moment for photo in photos[place : place + size]]
        first, last, after = min(moments), max(moments), photos[place + size].moment
        if last - first > _BURST or not before - BACK <= after <= before + AHEAD:
            continue
        if first > after + BACK or (last < before - BACK and not _is_reset(first, before)):
            return size
    return 0
