"""Night and day by the sun: whether it was down, and what time it was between sunrise and sunset.

A camera takes infrared photos in a dark wood by day, and colours at dusk; its
own light is little evidence of the night. The sun's is known from the place, and the
clock's offset from UTC.
"""

import datetime
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from astral import Observer
from astral.sun import elevation, sunrise, sunset

from helpers.arguments import takes
from helpers.errors import FrameError
from helpers.files.progress import progress_bar
from helpers.frames import SFrame
from helpers.frames.columns import with_columns
from helpers.photos.utc_offset import GivenOffset, zone_of

COLUMNS = {"night": int, "sunrise": datetime.datetime, "sunset": datetime.datetime, "sun_time": float}
PLACE = ("latitude", "longitude")

_DIGITS = 2  # of degrees, within which photos are of one place: a kilometre, or four seconds of sunrise
_HORIZON = -0.833  # degrees at which the sun's upper edge rises, through the air
_LARGEST = {"latitude": 90, "longitude": 180}
_DAY = datetime.timedelta(days=1)
_RISES, _SETS = 6.0, 18.0  # sun time

Moment = Optional[datetime.datetime]


class Sun(NamedTuple):
    """What the sun was doing when a photo was taken; None where that is not known."""

    night: Optional[int] = None  # 1 between sunset and sunrise, else 0
    sunrise: Moment = None  # of that day, by the camera's clock
    sunset: Moment = None
    sun_time: Optional[float] = None  # hours: 6 at sunrise, 18 at sunset


@takes(data="frame")
def add_sun(
    data: SFrame,
    offset: GivenOffset,
    *,
    latitude: Optional[float] = None,
    longitude: Optional[float] = None,
    progress: bool = True,
) -> SFrame:
    """Add by the sun whether photos were taken by night, and at what time of its day.

    Parameters
    ----------
    data
        A frame of `load_photos`, after `shift_clocks` where clocks were wrong.
        Its columns `latitude` and `longitude` come from a table of deployments,
        or from the photos with `details=True`.
    offset
        Of the cameras' clocks from UTC, such as `"+02:00"`, or a dict of
        offsets by deployment. Clocks that follow summer time have another one
        in winter; most field cameras don't.
    latitude, longitude
        Degrees north and east, for photos without coordinates.
    progress
        Whether to show a progress bar.

    Returns
    -------
    SFrame
        The frame with `night` (1 between sunset and sunrise, else 0); `sunrise`
        and `sunset` (datetimes by the camera's clock, of the photo's day; None
        where the sun does not rise or set); and `sun_time`, in hours: 6 is
        sunrise, 18 sunset, and in between time is stretched evenly. None for
        photos without a date or coordinates; a line is printed on how many.

    Raises
    ------
    FrameError
        For an invalid offset or place, and a frame without dates.

    Notes
    -----
    Sunrise and sunset are those of astral, when the sun's upper edge crosses a
    level horizon: in a valley or below trees it is dark for longer. `sun_time`
    anchors both, as Vazquez and others, "Comparing diel activity patterns of
    wildlife across latitudes and seasons: time transformations using day length"
    (2019), Methods in Ecology and Evolution 10, 2057-2066; at 6 and 18 o'clock,
    so that it can be compared between seasons and places.

    Examples
    --------
    >>> from helpers import tc
    >>> data = tc.SFrame({"path": ["a.jpg"], "taken": [datetime.datetime(2026, 3, 20, 12, 8)]})
    >>> sunny = add_sun(data, "Z", latitude=51.5, longitude=0.0)
    >>> sunny["night"][0], round(sunny["sun_time"][0], 1)
    (0, 12.0)
    """
    names = data.column_names()
    if "taken" not in names:
        raise FrameError(f"the frame has no column 'taken', as load_photos gives it; it has {', '.join(names)}")
    places = list(zip(*(_degrees(data, name, value) for name, value in zip(PLACE, (latitude, longitude)))))
    deployments = list(data["deployment"]) if "deployment" in names else [None] * len(data)
    by_deployment = isinstance(offset, Mapping)
    zones = {name: None if by_deployment and name is None else zone_of(offset, name) for name in set(deployments)}
    suns = _suns(list(data["taken"]), places, [zones[name] for name in deployments], progress)
    unknown = sum(sun.night is None for sun in suns)
    if unknown:
        print(
            f"night is not known of {unknown} of {len(suns)} photos, which have no date or no coordinates"
            f"{' or no deployment' * by_deployment}; latitude= and longitude= are for those without"
        )
    return with_columns(data, ((name, kind, [getattr(sun, name) for sun in suns]) for name, kind in COLUMNS.items()))


def _degrees(data: SFrame, name: str, given: Optional[float]) -> List[Optional[float]]:
    """The latitude or longitude of each photo; raises `FrameError` for an impossible one."""
    most = _LARGEST[name]
    if given is not None and not _is_degrees(given, most):
        raise FrameError(f"{name}= is in degrees, -{most} to {most}, not {given!r}")
    values = list(data[name]) if name in data.column_names() else [None] * len(data)
    values = [None if value is None or value != value else value for value in values]  # nan is none
    wrong = [value for value in values if value is not None and not _is_degrees(value, most)]
    if wrong:
        raise FrameError(f"the column {name} is in degrees, -{most} to {most}, not {wrong[0]!r}")
    return [given if value is None else float(value) for value in values]


def _is_degrees(value: Any, most: float) -> bool:
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return is_number and bool(abs(value) <= most)


class _Place:
    """The days of one place, each computed once."""

    def __init__(self, latitude: float, longitude: float) -> None:
        self._observer = Observer(latitude, longitude)
        self.zone = datetime.timezone(datetime.timedelta(seconds=round(longitude * 240)))  # noon is at the sun's
        self._days: Dict[datetime.date, Tuple[Moment, Moment]] = {}

    def day(self, date: datetime.date) -> Tuple[Moment, Moment]:
        """Sunrise and sunset; None for both where the sun stays up or down."""
        if date not in self._days:
            rises, sets = (self._crossing(find, date) for find in (sunrise, sunset))
            self._days[date] = (None, None) if rises is None or sets is None else (rises, sets)
        return self._days[date]

    def _crossing(self, find: Callable[..., datetime.datetime], date: datetime.date) -> Moment:
        """When the sun crosses the horizon; None where it does not."""
        try:
            return find(self._observer, date, self.zone)
        except ValueError as error:  # astral's way to report that there is none
            if "always" in str(error):
                return None
        try:  # nor does astral 3.2 find some that are near midnight in UTC: they are between those of the days around
            before, after = (find(self._observer, date + step, self.zone) for step in (-_DAY, _DAY))
        except ValueError:
            return None
        return before + (after - before) / 2

    def sun(self, moment: datetime.datetime) -> Sun:
        """The sun at a moment with a zone."""
        date = moment.astimezone(self.zone).date()
        up, down = self.day(date)
        if up is None or down is None:
            return Sun(int(elevation(self._observer, moment, with_refraction=False) < _HORIZON))
        clock = moment.tzinfo
        rises, sets = (each.astimezone(clock).replace(tzinfo=None, microsecond=0) for each in (up, down))
        if up <= moment < down:
            return Sun(0, rises, sets, _RISES + (_SETS - _RISES) * ((moment - up) / (down - up)))
        before = self.day(date - _DAY)[1] if moment < up else down
        after = up if moment < up else self.day(date + _DAY)[0]
        if before is None or after is None:
            return Sun(1, rises, sets)
        return Sun(1, rises, sets, (_SETS + (24 - _SETS + _RISES) * ((moment - before) / (after - before))) % 24)


def _suns(
    taken: Sequence[Moment],
    places: Sequence[Tuple[Optional[float], ...]],
    zones: Sequence[Optional[datetime.timezone]],
    progress: bool,
) -> List[Sun]:
    known: Dict[Any, _Place] = {}
    suns = []
    photos = progress_bar(zip(taken, places, zones), total=len(taken), desc="sun", show=progress)
    for moment, (latitude, longitude), zone in photos:
        if moment is None or latitude is None or longitude is None or zone is None:
            suns.append(Sun())
            continue
        place = round(latitude, _DIGITS), round(longitude, _DIGITS)
        if place not in known:
            known[place] = _Place(*place)
        try:
            suns.append(known[place].sun(moment.replace(tzinfo=zone)))
        except OverflowError:  # at an end of the calendar, as a broken clock may be
            suns.append(Sun())
    return suns
