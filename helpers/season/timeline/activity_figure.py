"""The figure of the time of day at which a species was seen."""

from typing import Any, List, Optional

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.images.sheet import INK
from helpers.season.sighting import CANDIDATE, CONFIRMED, GivenSeason, GivenSightings, count_of, data_of, sightings_of
from helpers.season.timeline.activity import Activity, clock
from helpers.season.timeline.style import COLOURS, FAINT, legend, new_figure, plain, set_title, statuses, write_instead
from helpers.season.timeline.tables import activity_of

_NIGHT = (0.35, 0.39, 0.53)
_HALF_HOURS = 48
_NEAR = 8  # half hours
_SPARSE = 5  # candidates, from which their curve is drawn


def show_activity(
    sightings: GivenSightings,
    season: Optional[GivenSeason] = None,
    *,
    circle: bool = False,
    width: float = 7,
) -> Figure:
    """Draw the time of day at which a species was seen, as a density of the hours at which events began.

    Parameters
    ----------
    sightings
        A `Sightings`, of which the candidates are the first `k`, or its frame.
    season
        The season, or its frame with `taken` and `night`, to shade the hours
        whose photos are infrared: the darker, the more of them are. Up to four
        hours without photos are as the lighter of the hours around them.
        Without it, nothing is shaded.
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
        peak. Times are by the camera's clock.

    Raises
    ------
    FrameError
        For a frame without the columns that are needed, or a width out of range.

    Notes
    -----
    The density is that of `helpers.season.timeline.activity`.
    """
    confirmed, candidates = (activity_of(sightings, status) for status in (CONFIRMED, CANDIDATE))
    figure = new_figure(width, (min(width, 5.2) if circle else 3.2) + 0.2)
    chief = confirmed if confirmed.observations else candidates
    at_night = chief.peak is not None and not 6 <= chief.peak < 18
    highest = max(float(curve.density.max()) for curve in (confirmed, candidates) if _has_curve(curve, confirmed))
    day = _DayAxes(figure, circle, 12.0 if at_night and not circle else 0.0, max(highest, 1 / 24))
    if season is not None:
        day.shade_night(data_of(season))
    if not chief.observations:
        write_instead(day.axes, "no sighting has a time")
        return figure
    rows = sightings_of(sightings)
    for curve, status in ((candidates, CANDIDATE), (confirmed, CONFIRMED)):
        if _has_curve(curve, confirmed):
            day.draw_curve(curve, status)
        day.draw_marks([row.hour for row in rows if row.status == status and row.hour is not None], status)
    day.draw_peak(confirmed)
    day.finish(every=3 if width >= 5 or circle else 6)
    if confirmed.observations:
        set_title(figure, confirmed.note[0].upper() + confirmed.note[1:].replace("observation", "confirmed event"))
    else:
        count = candidates.observations
        set_title(figure, f"Nothing confirmed with a time; {count} candidate{'s' * (count != 1)}")
    entries = statuses(count_of(CANDIDATE, rows))
    if season is not None:
        entries.append(((*_NIGHT, 0.3), "night: infrared photos"))
    legend(figure, entries)
    return figure


def _has_curve(curve: Activity, confirmed: Activity) -> bool:
    return curve is confirmed or curve.observations >= _SPARSE


class _DayAxes:
    """Axes of the hours of a day, on a line or round a circle."""

    def __init__(self, figure: Figure, circle: bool, start: float, highest: float) -> None:
        self.axes: Any = figure.add_subplot(projection="polar" if circle else None)
        self._circle, self._start = circle, start
        self._top = (1.4 if circle else 1.18) * highest
        self._hour = np.pi / 12 if circle else 1.0  # in units of the axis

    def draw_curve(self, curve: Activity, status: str) -> None:
        shift = round(self._start / 24 * (len(curve.hours) - 1))
        density = np.append(np.roll(curve.density[:-1], -shift), curve.density[shift])  # from `start`, and round to it
        hours = (curve.hours + self._start) * self._hour
        self.axes.fill_between(hours, density, color=COLOURS[status], alpha=0.25, linewidth=0, zorder=2)
        self.axes.plot(hours, density, color=COLOURS[status], linewidth=2 if status == CONFIRMED else 1.4, zorder=3)

    def draw_marks(self, hours: List[float], status: str) -> None:
        """A mark for each event: at the foot of the curve, or at the edge of the clock."""
        edges = (1.0, 0.955, 0.925) if self._circle else (0.0, 0.05, 0.085)
        low, high = edges[:2] if status == CONFIRMED else edges[1:]
        marks = self._from_start(np.array(hours)) * self._hour
        style = {"color": COLOURS[status], "linewidth": 1, "alpha": 0.9, "zorder": 4}
        self.axes.vlines(marks, low * self._top, high * self._top, **style)

    def draw_peak(self, activity: Activity) -> None:
        """The peak as a dot, and its interval as a bar."""
        if activity.peak is None or activity.low is None or activity.high is None:
            return
        first, end = self._from_start(activity.low), self._start + 24
        bar = np.linspace(first, first + (activity.high - activity.low) % 24, 50)
        height = (0.87 if self._circle else 0.95) * self._top
        for part in (bar[bar <= end], bar[bar > end] - 24):
            self.axes.plot(part * self._hour, np.full(len(part), height), color=INK, linewidth=1.6, zorder=5)
        self.axes.plot(self._from_start(activity.peak) * self._hour, height, "o", color=INK, ms=4.5, zorder=5)

    def shade_night(self, data: SFrame) -> None:
        """Shade each half hour by the share of its photos that are infrared."""
        missing = [name for name in ("taken", "night") if name not in data.column_names()]
        if missing:
            raise FrameError(
                f"the season's frame has no column {', '.join(missing)}, by which the night is known; "
                "load_photos(folder, details=True) adds it, or leave season out"
            )
        dated = [(taken, night) for taken, night in zip(data["taken"], data["night"]) if taken and night is not None]
        half_hours = [taken.hour * 2 + taken.minute // 30 for taken, _ in dated]
        photos = np.bincount(half_hours, minlength=_HALF_HOURS)
        dark = np.bincount(half_hours, [night != 0 for _, night in dated], minlength=_HALF_HOURS)
        share = np.round(_filled(dark / np.maximum(photos, 1), photos > 0), 1)
        share = np.roll(share, -round(2 * self._start))
        edges = np.flatnonzero(np.diff(share, prepend=-1, append=-1))  # equal half hours as one bar, without seams
        for left, right in zip(edges, edges[1:]):
            if share[left]:
                hours = (self._start + left / 2) * self._hour, (right - left) / 2 * self._hour
                colour = (*_NIGHT, 0.3 * share[left])
                self.axes.bar(hours[0], self._top, hours[1], align="edge", color=colour, linewidth=0, zorder=0)

    def finish(self, every: int) -> None:
        """Set the limits, and a tick every few hours."""
        ticks = self._start + np.arange(0, 24 if self._circle else 25, every)
        self.axes.set_ylim(0, self._top)
        self.axes.set_xticks(ticks * self._hour, [clock(tick % 24) for tick in ticks])
        if self._circle:
            self.axes.set_theta_zero_location("N")
            self.axes.set_theta_direction(-1)
            self.axes.set_yticks([])
            self.axes.spines["polar"].set_color(FAINT)
            self.axes.grid(color=FAINT)
        else:
            self.axes.set(xlim=(self._start, self._start + 24))
            self.axes.set(ylabel="share of events per hour", xlabel="time of day, camera's clock")
            self.axes.yaxis.set_major_locator(MaxNLocator(4))
        plain(self.axes)

    def _from_start(self, hours: Any) -> Any:
        return (hours - self._start) % 24 + self._start


def _filled(share: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The shares round the clock; unknown ones are the lesser of those around them, where these are near enough."""
    filled = share.copy()
    have = np.flatnonzero(known)
    for before, after in zip(have, np.roll(have, -1)):
        gap = (after - before) % _HALF_HOURS
        if 1 < gap <= _NEAR:
            filled[(before + np.arange(1, gap)) % _HALF_HOURS] = min(share[before], share[after])
    return filled
