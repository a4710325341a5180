"""When a species was seen, as figures: by hour of day and by date; with those of where, and with their numbers.

Confirmed sightings are dark, candidates light, and rejected ones are left out.
Candidates are those of `sightings.frame()`: the first `k` by rank, and not all.
Each function hands on a matplotlib Figure, which shows itself as the last
expression of a cell and is saved with `figure.savefig("activity.png")`; `width`
is that of the figure in inches, 3.5 to 20. The numbers that it draws are those
of `activity_of`, `activity_table`, `by_date` and `by_site`.
"""

import datetime
import textwrap
from typing import Any, List, Optional, Tuple

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.errors import FrameError
from helpers.images.sheet import GREY, INK, InlineFigure
from helpers.photos.deployments import deployments_of
from helpers.season.sighting import CANDIDATE, CONFIRMED, Sighting, data_of, sightings_of
from helpers.season.timeline.activity import Activity, clock
from helpers.season.timeline.effort import outside
from helpers.season.timeline.site_map import show_sites
from helpers.season.timeline.strip import show_strip
from helpers.season.timeline.style import COLOURS, FAINT, LIGHT, check_width, legend, plain, statuses
from helpers.season.timeline.tables import activity_of, activity_table, by_date, by_site

__all__ = [
    "activity_of",
    "activity_table",
    "by_date",
    "by_site",
    "show_activity",
    "show_dates",
    "show_sites",
    "show_strip",
]

_NIGHT = (0.35, 0.39, 0.53)
_HALF_HOURS = 48
_NEAR = 8  # half hours
_SPARSE = 5  # observations, from which a curve of candidates is drawn


def show_activity(sightings: Any, season: Optional[Any] = None, *, circle: bool = False, width: float = 7) -> Figure:
    """Draw at which time of day a species was about: a density of the hours at which events began, and a mark each.

    The peak of the confirmed events has its 95 % interval as a bar. Where the
    peak lies in the night, the axis goes from noon to noon. `circle` draws a
    24-hour clock instead. With `season`, or its frame, the hours are shaded
    in which its photos are infrared (column `night`), the darker the more of
    them are; up to four hours without photos are as the lighter of the hours
    around them. Without it, night is not known and nothing is shaded.
    Times are those of the camera's clock; the candidates are the first `k`.
    Raises `FrameError`.
    """
    check_width(width)
    confirmed, candidates = (activity_of(sightings, status) for status in (CONFIRMED, CANDIDATE))
    told = sightings_of(sightings)
    hours = {
        status: [each.hour for each in told if each.status == status and each.hour is not None]
        for status in (CONFIRMED, CANDIDATE)
    }
    height = (min(width, 5.2) if circle else 3.2) + 0.2
    figure = InlineFigure(figsize=(width, height), dpi=100, facecolor="white", layout="constrained")
    axes: Any = figure.add_subplot(projection="polar" if circle else None)
    chief = confirmed if confirmed.observations else candidates
    start = 12.0 if not circle and chief.peak is not None and not 6 <= chief.peak < 18 else 0.0
    turn = np.pi / 12 if circle else 1.0
    top = (1.4 if circle else 1.18) * max(float(confirmed.density.max()), _drawn_top(candidates), 1 / 24)
    if season is not None:
        _shade(axes, season, start, turn, top)
    for curve, status in ((candidates, CANDIDATE), (confirmed, CONFIRMED)):
        colour = COLOURS[status]
        if curve.observations >= (_SPARSE if status == CANDIDATE else 1):
            x, y = _from(curve, start)
            axes.fill_between(x * turn, y, color=colour, alpha=0.25, linewidth=0, zorder=2)
            axes.plot(x * turn, y, color=colour, linewidth=2 if status == CONFIRMED else 1.4, zorder=3)
        marks = (np.array(hours[status]) - start) % 24 + start
        edges = (0.0, 0.05, 0.085) if not circle else (1.0, 0.955, 0.925)
        low, high = edges[:2] if status == CONFIRMED else edges[1:]
        axes.vlines(marks * turn, low * top, high * top, color=colour, linewidth=1, alpha=0.9, zorder=4)
    if confirmed.peak is not None and confirmed.low is not None and confirmed.high is not None:
        at, length = (confirmed.low - start) % 24 + start, (confirmed.high - confirmed.low) % 24
        bar, height_of_bar = np.linspace(at, at + length, 50), (0.87 if circle else 0.95) * top
        for part in (bar[bar <= start + 24], bar[bar > start + 24] - 24):
            axes.plot(part * turn, np.full(len(part), height_of_bar), color=INK, linewidth=1.6, zorder=5)
        axes.plot((confirmed.peak - start) % 24 * turn + start * turn, height_of_bar, "o", color=INK, ms=4.5, zorder=5)
    ticks = start + np.arange(0, 24 if circle else 25, 3 if width >= 5 or circle else 6)
    if not confirmed.observations and not hours[CANDIDATE]:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no sighting has a time", ha="center", transform=axes.transAxes, color=GREY, size=9)
        return figure
    axes.set_ylim(0, top)
    axes.set_xticks(ticks * turn, [clock(tick % 24) for tick in ticks])
    if circle:
        axes.set_theta_zero_location("N")
        axes.set_theta_direction(-1)
        axes.set_yticks([])
        axes.spines["polar"].set_color(FAINT)
        axes.grid(color=FAINT)
    else:
        axes.set(xlim=(start, start + 24), ylabel="share of events per hour", xlabel="time of day, camera's clock")
        axes.yaxis.set_major_locator(MaxNLocator(4))
    plain(axes)
    _title(figure, confirmed, len(hours[CANDIDATE]), width)
    entries = statuses(sum(each.status == CANDIDATE for each in told))
    if season is not None:
        entries.append(((*_NIGHT, 0.3), "night: infrared photos"))
    legend(figure, entries)
    return figure


def show_dates(
    sightings: Any, deployments: Optional[Any] = None, *, step: Optional[str] = None, width: float = 7
) -> Figure:
    """Draw when a species was seen, by day, week or month; see `helpers.season.timeline.tables.by_date`.

    With the dates of `deployments` the bars are events per 100 camera-days, and
    below them stands how many cameras were out. Where no camera was, there is
    no bar but a grey field: nothing seen there is not nothing there. Events of
    which it is not known how long a camera was out have no bar either, and are
    counted in the note with the reason. The candidates are the first `k`.
    Raises `FrameError`.
    """
    check_width(width)
    told, rows = sightings_of(sightings), list(by_date(sightings, deployments, step))
    rated = any(row["camera_days"] is not None for row in rows)
    height = 3.9 if rated else 2.9
    figure = InlineFigure(figsize=(width, height), dpi=100, facecolor="white", layout="constrained")
    if rated:
        axes, effort = figure.subplots(2, sharex=True, height_ratios=(3.2, 1))
    else:
        axes = effort = figure.subplots()
    if not rows:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no sighting has a date", ha="center", transform=axes.transAxes, color=GREY, size=9)
        return figure
    names = ("confirmed_rate", "candidate_rate") if rated else ("confirmed", "candidates")
    left = date2num([row["start"] for row in rows])
    days = np.array([row["days"] for row in rows], float)
    bottom = np.zeros(len(rows))
    for name, status in zip(names, (CONFIRMED, CANDIDATE)):
        values = np.array([row[name] or 0.0 for row in rows])
        axes.bar(left, values, 0.9 * days, bottom, align="edge", color=COLOURS[status], linewidth=0, zorder=2)
        bottom += values
    entries = statuses(sum(each.status == CANDIDATE for each in told))
    if rated:
        cameras = np.array([row["camera_days"] for row in rows]) / days
        edges = np.append(left, left[-1] + days[-1])
        effort.stairs(cameras, edges, fill=True, color=LIGHT, zorder=2)
        effort.stairs(cameras, edges, color=GREY, linewidth=1, zorder=3)
        effort.set_ylabel("cameras", size=8, color=INK)
        effort.set_ylim(0, 1.2 * max(float(np.max(cameras)), 1.0))
        effort.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        for place in np.flatnonzero(cameras == 0):
            for each in (axes, effort):
                each.axvspan(left[place], left[place] + days[place], color=FAINT, linewidth=0, zorder=1)
        if (cameras == 0).any():
            entries.append((FAINT, "no camera out"))
        plain(effort)
    axes.set_ylabel("events per 100\ncamera-days" if rated else "events")
    axes.set_ylim(0, 1.08 * float(np.max(bottom)) or 1)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=not rated))
    axes.set_xlim(left[0], left[-1] + days[-1])
    locator = AutoDateLocator(minticks=3, maxticks=5 if width < 5 else 9)
    effort.xaxis.set_major_locator(locator)
    effort.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    plain(axes)
    each_is = {1: "day", 7: "week"}.get(rows[0]["days"], "month")
    counts = [sum(row[name] for row in rows) for name in ("confirmed", "candidates")]
    said = [f"{counts[0]} confirmed, {counts[1]} candidates, by {each_is}"]
    said += textwrap.wrap(_left_out(told, deployments if rated else None), int(width * 13))
    figure.suptitle("\n".join(said), size=9, color=INK, x=0.01, ha="left")
    effort.xaxis.get_offset_text().set(size=8, color=GREY)
    legend(figure, entries)
    return figure


def _from(curve: Activity, start: float) -> Tuple[np.ndarray, np.ndarray]:
    """A curve from another hour on, and round to it."""
    shift = round(start / 24 * (len(curve.hours) - 1))
    return curve.hours + start, np.append(np.roll(curve.density[:-1], -shift), curve.density[shift])


def _drawn_top(candidates: Activity) -> float:
    return float(candidates.density.max()) if candidates.observations >= _SPARSE else 0.0


def _shade(axes: Any, season: Any, start: float, turn: float, top: float) -> None:
    """Shade each half hour by how many of its photos are infrared."""
    data = data_of(season)
    lost = [name for name in ("taken", "night") if name not in data.column_names()]
    if lost:
        raise FrameError(
            f"the season's frame has no column {', '.join(lost)}, by which the night is known; "
            "load_photos(folder, details=True) adds it, or leave season out"
        )
    taken: List[Optional[datetime.datetime]] = list(data["taken"])
    known = [(when.hour * 2 + when.minute // 30, night) for when, night in zip(taken, data["night"]) if when]
    places = [place for place, night in known if night is not None]
    dark = np.bincount([place for place, night in known if night], minlength=_HALF_HOURS)
    photos = np.bincount(places, minlength=_HALF_HOURS)
    share = np.round(_filled(dark / np.maximum(photos, 1), photos > 0), 1)
    turned = np.roll(share, -round(2 * start))
    edges = np.flatnonzero(np.diff(turned, prepend=-1, append=-1))  # of half hours alike, that no seams show
    for left, right in zip(edges, edges[1:]):
        if turned[left]:
            hours = (start + left / 2) * turn, (right - left) / 2 * turn
            colour = (*_NIGHT, 0.3 * turned[left])
            axes.bar(hours[0], top, hours[1], align="edge", color=colour, linewidth=0, zorder=0)


def _filled(share: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The shares round the clock: an unknown one is the lesser of those around it, if these are near enough."""
    filled = share.copy()
    have = np.flatnonzero(known)
    for before, after in zip(have, np.roll(have, -1)):
        gap = (after - before) % _HALF_HOURS
        if 1 < gap <= _NEAR:
            filled[(before + np.arange(1, gap)) % _HALF_HOURS] = min(share[before], share[after])
    return filled


def _title(figure: Figure, confirmed: Activity, candidates: int, width: float) -> None:
    if confirmed.observations:
        said = confirmed.note[0].upper() + confirmed.note[1:].replace("observation", "confirmed event")
    else:
        said = f"Nothing confirmed with a time; {candidates} candidate{'s' * (candidates != 1)}"
    figure.suptitle("\n".join(textwrap.wrap(said, int(width * 13))), size=9, color=INK, x=0.01, ha="left")


def _left_out(told: List[Sighting], deployments: Optional[Any]) -> str:
    """What the bars by date do not show, in a line."""
    undated = sum(each.start is None for each in told)
    notes = [f"{undated} without a date"] if undated else []
    if deployments is not None:
        notes += [f"{count} {reason}" for reason, count in outside(told, deployments_of(deployments)).items()]
    return "Not drawn: " + "; ".join(notes) if notes else ""
