"""The figure of the dates at which a species was seen."""

from typing import Any, List, Optional

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.arguments import takes
from helpers.images.sheet import GREY
from helpers.photos.deployments import GivenDeployments, deployment_table, deployments_of
from helpers.season.sighting import CANDIDATE, CONFIRMED, GivenSightings, Sighting, count_of, sightings_of
from helpers.season.timeline.effort import outside
from helpers.season.timeline.style import (
    COLOURS,
    FAINT,
    LIGHT,
    legend,
    new_figure,
    plain,
    set_title,
    statuses,
    write_instead,
)
from helpers.season.timeline.tables import by_date


@takes(sightings="sightings or frame", deployments="frame or path")
def show_dates(
    sightings: GivenSightings,
    deployments: Optional[GivenDeployments] = None,
    *,
    step: Optional[str] = None,
    width: float = 7,
) -> Figure:
    """Draw the dates at which a species was seen, as bars by day, week or month.

    Parameters
    ----------
    sightings
        A `Sightings`, of which the candidates are the first `k`, or its frame.
    deployments
        The frame of `helpers.photos.read_deployments`, or the CSV that it reads.
        With their dates, bars are events per 100 camera-days, and the number of
        cameras that were out is below them.
    step
        `"day"`, `"week"` (from Monday) or `"month"`. Without it, days for up to
        45 days, weeks for up to a year, else months.
    width
        Of the figure, 3.5 to 20 inches.

    Returns
    -------
    Figure
        Confirmed events are dark, candidates light. Where no camera was out,
        there is a grey field: nothing seen there does not mean nothing there.
        The title counts events that are not drawn, such as those of an unknown
        effort, with the reason.

    Raises
    ------
    FrameError
        As `helpers.season.timeline.tables.by_date`, and for a width out of range.
    """
    deployments = None if deployments is None else deployment_table(deployments)
    shown, periods = sightings_of(sightings), list(by_date(sightings, deployments, step))
    rated = any(period["camera_days"] is not None for period in periods)
    figure = new_figure(width, 3.9 if rated else 2.9)
    if rated:
        axes, effort = figure.subplots(2, sharex=True, height_ratios=(3.2, 1))
    else:
        axes = effort = figure.subplots()
    if not periods:
        write_instead(axes, "no sighting has a date")
        return figure
    left = date2num([period["start"] for period in periods])
    days = np.array([period["days"] for period in periods], float)
    names = ("confirmed_rate", "candidate_rate") if rated else ("confirmed", "candidates")
    bottom = np.zeros(len(periods))
    for name, status in zip(names, (CONFIRMED, CANDIDATE)):
        values = np.array([period[name] or 0.0 for period in periods])
        axes.bar(left, values, 0.9 * days, bottom, align="edge", color=COLOURS[status], linewidth=0, zorder=2)
        bottom += values
    entries = statuses(count_of(CANDIDATE, shown))
    if rated:
        cameras = np.array([period["camera_days"] for period in periods]) / days
        _draw_effort(effort, left, days, cameras)
        for place in np.flatnonzero(cameras == 0):
            for panel in (axes, effort):
                panel.axvspan(left[place], left[place] + days[place], color=FAINT, linewidth=0, zorder=1)
        if (cameras == 0).any():
            entries.append((FAINT, "no camera out"))
    if not np.any(bottom):
        why = "no sighting with a date and a known effort" if shown else "no sighting"
        axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", color=GREY, size=9)
    axes.set_ylabel("events per 100\ncamera-days" if rated else "events")
    axes.set_ylim(0, 1.08 * float(np.max(bottom)) or 1)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=not rated))
    axes.set_xlim(left[0], left[-1] + days[-1])
    plain(axes)
    locator = AutoDateLocator(minticks=3, maxticks=5 if width < 5 else 9)
    effort.xaxis.set_major_locator(locator)
    effort.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    effort.xaxis.get_offset_text().set(size=8, color=GREY)
    by = {1: "day", 7: "week"}.get(periods[0]["days"], "month")
    confirmed, candidates = (sum(period[name] for period in periods) for name in ("confirmed", "candidates"))
    counts = f"{confirmed} confirmed, {candidates} candidates, by {by}"
    set_title(figure, counts, _left_out(shown, deployments if rated else None))
    legend(figure, entries)
    return figure


def _draw_effort(axes: Any, left: np.ndarray, days: np.ndarray, cameras: np.ndarray) -> None:
    edges = np.append(left, left[-1] + days[-1])
    axes.stairs(cameras, edges, fill=True, color=LIGHT, zorder=2)
    axes.stairs(cameras, edges, color=GREY, linewidth=1, zorder=3)
    axes.set_ylabel("cameras")
    axes.set_ylim(0, 1.2 * max(float(np.max(cameras)), 1.0))
    axes.yaxis.set_major_locator(MaxNLocator(2, integer=True))
    plain(axes)


def _left_out(sightings: List[Sighting], deployments: Optional[GivenDeployments]) -> str:
    """What the bars do not show, in a line."""
    undated = sum(sighting.start is None for sighting in sightings)
    notes = [f"{undated} without a date"] if undated else []
    if deployments is not None:
        notes += [f"{count} {reason}" for reason, count in outside(sightings, deployments_of(deployments)).items()]
    return "Not drawn: " + "; ".join(notes) if notes else ""
