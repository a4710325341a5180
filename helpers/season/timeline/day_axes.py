"""The axes of the figure of the time of day."""

from typing import Any, List

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.images.sheet import GREY, INK
from helpers.season.timeline.activity import Activity, clock
from helpers.season.timeline.night_shade import Shade
from helpers.season.timeline.style import FAINT, plain

NIGHT = (0.35, 0.39, 0.53)
_SUN_TICKS = {0: "midnight", 6: "sunrise", 12: "noon", 18: "sunset"}


class DayAxes:
    """Axes of the hours of a day, on a line or round a circle."""

    def __init__(self, figure: Figure, circle: bool, start: float, highest: float) -> None:
        self.axes: Any = figure.add_subplot(projection="polar" if circle else None)
        self._circle, self._start = circle, start
        self._top = (1.4 if circle else 1.18) * highest
        self._hour = np.pi / 12 if circle else 1.0  # in units of the axis

    def draw_curve(self, curve: Activity, colour: str, width: float = 2) -> None:
        hours, density = self._hours(curve), self._turned(curve.density)
        self.axes.fill_between(hours, density, color=colour, alpha=0.25, linewidth=0, zorder=2)
        self.axes.plot(hours, density, color=colour, linewidth=width, zorder=3)

    def draw_marks(self, hours: List[float], colour: str, inner: bool = False) -> None:
        """A mark for each event, at the foot of the curve or the edge of the clock; `inner` ones in a second row."""
        edges = (1.0, 0.955, 0.925) if self._circle else (0.0, 0.05, 0.085)
        low, high = edges[1:] if inner else edges[:2]
        marks = self._from_start(np.array(hours)) * self._hour
        style = {"color": colour, "linewidth": 1, "alpha": 0.9, "zorder": 4}
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

    def draw_overlap(self, curve: Activity, other: Activity) -> None:
        """The area under both curves."""
        hours, (one, two) = self._hours(curve), (self._turned(each.density) for each in (curve, other))
        self.axes.fill_between(hours, np.minimum(one, two), color=GREY, alpha=0.35, linewidth=0, zorder=2)

    def shade_night(self, shade: Shade) -> None:
        """Shade the parts of the day, the darker, the more of them is night."""
        parts = len(shade.dark)
        dark = np.roll(np.round(shade.dark, 1), -round(self._start / 24 * parts))
        edges = np.flatnonzero(np.diff(dark, prepend=-1, append=-1))  # equal parts as one bar, without seams
        for left, right in zip(edges, edges[1:]):
            if dark[left]:
                start, length = (self._start + left * 24 / parts) * self._hour, (right - left) * 24 / parts * self._hour
                colour = (*NIGHT, 0.3 * dark[left])
                self.axes.bar(start, self._top, length, align="edge", color=colour, linewidth=0, zorder=0)

    def finish(self, every: int, by_sun: bool = False) -> None:
        """Set the limits, and a tick every few hours."""
        ticks = self._start + np.arange(0, 24 if self._circle else 25, every)
        named = _SUN_TICKS if by_sun else {}
        self.axes.set_ylim(0, self._top)
        self.axes.set_xticks(
            ticks * self._hour, [named.get(tick % 24, "" if by_sun else clock(tick % 24)) for tick in ticks]
        )
        if self._circle:
            self.axes.set_theta_zero_location("N")
            self.axes.set_theta_direction(-1)
            self.axes.set_yticks([])
            self.axes.spines["polar"].set_color(FAINT)
            self.axes.grid(color=FAINT)
        else:
            self.axes.set(xlim=(self._start, self._start + 24))
            words = "sun time" if by_sun else "time of day, camera's clock"
            self.axes.set(ylabel="share of events per hour", xlabel=words)
            self.axes.yaxis.set_major_locator(MaxNLocator(4))
        plain(self.axes)

    def _hours(self, curve: Activity) -> np.ndarray:
        return np.asarray((curve.hours + self._start) * self._hour)

    def _turned(self, density: np.ndarray) -> np.ndarray:
        """A curve from `start`, and round to it."""
        shift = round(self._start / 24 * (len(density) - 1))
        return np.append(np.roll(density[:-1], -shift), density[shift])

    def _from_start(self, hours: Any) -> Any:
        return (hours - self._start) % 24 + self._start
