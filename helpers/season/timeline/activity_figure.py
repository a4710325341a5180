"""The figure of the time of day at which one species was seen, or two."""

from typing import List, NamedTuple, Optional, Tuple

from matplotlib.figure import Figure

from helpers.arguments import takes
from helpers.errors import FrameError
from helpers.season.sighting import (
    CANDIDATE,
    CONFIRMED,
    GivenSeason,
    GivenSightings,
    Sighting,
    count_of,
    data_of,
    sightings_of,
)
from helpers.season.timeline.activity import Activity, activity
from helpers.season.timeline.day_axes import NIGHT, DayAxes
from helpers.season.timeline.hours import CLOCK, SUN, check_time, hours_of
from helpers.season.timeline.night_shade import Shade, has_night, night_shade, sun_shade
from helpers.season.timeline.overlap import overlap
from helpers.season.timeline.style import COLOURS, OTHER, legend, new_figure, set_title, statuses, write_instead

_SPARSE = 5  # candidates, from which their curve is drawn


class _Shown(NamedTuple):
    """The events of one colour."""

    hours: List[float]
    curve: Activity
    has_curve: bool
    colour: str

    @classmethod
    def of(cls, hours: List[float], colour: str, fewest: int = 0) -> "_Shown":
        return cls(hours, activity(hours), len(hours) >= fewest, colour)


@takes(sightings="sightings or frame")
def show_activity(
    sightings: GivenSightings,
    season: Optional[GivenSeason] = None,
    *,
    other: Optional[GivenSightings] = None,
    time: str = CLOCK,
    circle: bool = False,
    width: float = 7,
) -> Figure:
    """Draw the time of day at which a species was seen, as a density of the hours at which events began.

    Parameters
    ----------
    sightings
        A `Sightings`, of which the candidates are the first `k`, or its frame.
    season
        The season, or its frame, to shade the night: the darker, the more of its
        days the sun is down at that time. Where `helpers.photos.add_sun` has not
        added the sun, it is the share of photos that are infrared instead, as
        the legend has it. Without a season, nothing is shaded.
    other
        The sightings of another species. The confirmed events of both are drawn
        then, without candidates, and their overlap (see `activity_overlap`).
    time
        `"clock"`, or `"sun"` for the `sun_time` of the season: all sunrises are
        at one place, and all sunsets. In other seasons and at other places
        animals follow the sun, and not the clock.
    circle
        Whether to draw a 24-hour clock. Otherwise the axis goes from midnight
        to midnight, or from noon to noon where the peak is at night.
    width
        Of the figure, 3.5 to 20 inches.

    Returns
    -------
    Figure
        Confirmed events are dark, candidates light, each with a mark; rejected
        ones are left out. A bar is the 95 % interval of the confirmed events'
        peak. Times are by the camera's clock, or by the sun.

    Raises
    ------
    FrameError
        For a frame without the columns that are needed, an unknown time, or a
        width out of range.

    Notes
    -----
    The density is that of `helpers.season.timeline.activity`.
    """
    check_time(time, season)
    rows = sightings_of(sightings)
    first = _Shown.of(hours_of(rows, CONFIRMED, season, time), COLOURS[CONFIRMED])
    if other is None:
        second = _Shown.of(hours_of(rows, CANDIDATE, season, time), COLOURS[CANDIDATE], _SPARSE)
    else:
        second = _Shown.of(hours_of(sightings_of(other), CONFIRMED, season, time), OTHER)
    figure = new_figure(width, (min(width, 5.2) if circle else 3.2) + 0.2)
    chief = (first if first.hours else second).curve
    at_night = chief.peak is not None and not 6 <= chief.peak < 18
    highest = max(float(each.curve.density.max()) for each in (first, second) if each.has_curve)
    day = DayAxes(figure, circle, 12.0 if at_night and not circle else 0.0, max(highest, 1 / 24))
    shade = _shade(season, time)
    if shade is not None:
        day.shade_night(shade)
    if not chief.observations:
        write_instead(day.axes, "no sighting has a time")
        return figure
    for each, inner in ((second, True), (first, False)):
        if each.has_curve and each.hours:
            day.draw_curve(each.curve, each.colour, width=1.4 if inner and other is None else 2)
        day.draw_marks(each.hours, each.colour, inner)
    if other is None:
        day.draw_peak(first.curve)
    elif first.hours and second.hours:
        day.draw_overlap(first.curve, second.curve)
    day.finish(every=3 if width >= 5 or circle else 6, by_sun=time == SUN)
    set_title(figure, _title(first, second, other is not None, time))
    entries = _entries(rows, sightings, other)
    if shade is not None:
        entries.append(((*NIGHT, 0.3), f"night: {shade.words}"))
    legend(figure, entries)
    return figure


def _shade(season: Optional[GivenSeason], time: str) -> Optional[Shade]:
    """The night; None without a season, or dates. Raises `FrameError` where the season has no column of it."""
    if season is None or time == SUN:
        return None if season is None else sun_shade()
    if not has_night(data_of(season)):
        raise FrameError(
            "the season's frame has neither sunrise nor infrared, by which the night is known; add_sun(data, offset) "
            "or load_photos(folder, details=True) adds them, or leave season out"
        )
    return night_shade(data_of(season))


def _title(first: _Shown, second: _Shown, two: bool, time: str) -> str:
    by = " by sun time" if time == SUN else ""
    if two:
        note = overlap(first.hours, second.hours).note
        return note[0].upper() + note[1:].replace(" observations", " confirmed events") + by
    if first.hours:
        note = first.curve.note
        return note[0].upper() + note[1:].replace("observation", "confirmed event") + by
    return f"Nothing confirmed with a time; {len(second.hours)} candidate{'s' * (len(second.hours) != 1)}"


def _entries(
    rows: List[Sighting], sightings: GivenSightings, other: Optional[GivenSightings]
) -> List[Tuple[object, str]]:
    if other is None:
        return list(statuses(count_of(CANDIDATE, rows)))
    names = [getattr(each, "species", "") or word for each, word in ((sightings, "first"), (other, "second"))]
    return [(COLOURS[CONFIRMED], names[0]), (OTHER, names[1])]
