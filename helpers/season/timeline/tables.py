"""When and where a species was seen, in numbers: by hour of day, by date and by site.

>>> import datetime
>>> from helpers import tc
>>> starts = [datetime.datetime(2026, 5, 4, 5, 30), datetime.datetime(2026, 5, 6, 6)]
>>> seen = tc.SFrame({"event": [0, 1], "status": ["confirmed", "candidate"], "start": starts, "site": ["ford"] * 2})
>>> [(row["start"].day, row["confirmed"], row["candidates"]) for row in by_date(seen)]
[(4, 1, 0), (5, 0, 0), (6, 0, 1)]
>>> by_site(seen)["confirmed"][0]
1
"""

import datetime
import math
from bisect import bisect_right
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from helpers.arguments import takes
from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame
from helpers.photos.deployments import Deployment, GivenDeployments, deployments_of
from helpers.season.sighting import (
    CANDIDATE,
    CONFIRMED,
    GivenSeason,
    GivenSightings,
    Sighting,
    count_of,
    sightings_of,
)
from helpers.season.timeline.activity import Activity, activity
from helpers.season.timeline.effort import during
from helpers.season.timeline.hours import CLOCK, hours_of
from helpers.season.timeline.overlap import Overlap, overlap

STEPS = ("day", "week", "month")

_MOST_DAYS, _MOST_WEEKS = 45, 53 * 7  # days up to which a bar is a day, a week
_LONGEST = 4_000  # bars
_PER = 100  # camera-days
_DAY = datetime.timedelta(days=1)


_NAMES = {"confirmed": CONFIRMED, "candidates": CANDIDATE}  # column: status
_KINDS = {"confirmed": int, "candidates": int, "camera_days": float, "confirmed_rate": float, "candidate_rate": float}


class Period(NamedTuple):
    """A day, week or month."""

    start: datetime.datetime  # its first midnight
    end: datetime.datetime  # the midnight after it


def activity_of(
    sightings: GivenSightings,
    status: str = CONFIRMED,
    season: Optional[GivenSeason] = None,
    time: str = CLOCK,
) -> Activity:
    """The activity curve of sightings with one status, `confirmed` or `candidate`.

    The candidates of a `Sightings` are its first `k`. An event counts once, at
    the time at which it began: by the camera's clock, or with `time="sun"` by
    the `sun_time` in the season's frame (see `helpers.photos.add_sun`). Raises
    `FrameError`.
    """
    if status not in (CONFIRMED, CANDIDATE):
        raise FrameError(f"status={status!r} has no curve; there are {CONFIRMED} and {CANDIDATE}")
    return activity(hours_of(sightings_of(sightings), status, season, time))


@takes(sightings="sightings or frame", other="sightings or frame")
def activity_overlap(
    sightings: GivenSightings,
    other: GivenSightings,
    season: Optional[GivenSeason] = None,
    *,
    time: str = CLOCK,
) -> Overlap:
    """How much the daily activity of two species overlaps, by their confirmed events.

    Parameters
    ----------
    sightings, other
        A `Sightings` of each species, or its frame.
    season
        The season of both, or its frame, for the time by the sun.
    time
        `"clock"` or `"sun"`, see `show_activity`.

    Returns
    -------
    Overlap
        `delta4`, Ridout and Linkie's coefficient, 0 to 1; `low` and `high`, its
        95 % interval; `delta1`, better where the smaller sample has fewer than
        50; `observations`, of each species; `note`, all of it in a line. None
        where a species has no confirmed event with a time.

    Raises
    ------
    FrameError
        For a frame without the columns that are needed, or an unknown time.

    Notes
    -----
    See `helpers.season.timeline.overlap` for the formula, and where it is from.
    """
    return overlap(*(hours_of(sightings_of(each), CONFIRMED, season, time) for each in (sightings, other)))


def by_date(
    sightings: GivenSightings, deployments: Optional[GivenDeployments] = None, step: Optional[str] = None
) -> SFrame:
    """Sightings by day, week (from Monday) or month, an SFrame of a row each, without gaps.

    The dates of `deployments`, the frame of `helpers.photos.read_deployments`
    or the CSV that it reads, are how long cameras were out. `step` is one of
    `STEPS`; without it, days for up to 45 days, weeks for up to a year, else months.

    Columns: `start` (midnight), `days` (of the period), `confirmed` and
    `candidates` (events), `camera_days` (None where no deployment has dates),
    `confirmed_rate` and `candidate_rate` (events per 100 camera-days; None
    where no camera was out). A rate leaves out events whose deployment is not
    in the table, and those beyond its dates; where all are left out, it is
    None. The candidates of a `Sightings` are its first `k`. Raises `FrameError`.
    """
    if step is not None and step not in STEPS:
        raise FrameError(f"step={step!r} is not known; there are {', '.join(STEPS)}")
    dated = [sighting for sighting in sightings_of(sightings) if sighting.start is not None]
    cameras = [] if deployments is None else [one for one in deployments_of(deployments) if one.has_dates]
    periods = _periods_of(dated, cameras, step)
    starts = [period.start for period in periods]
    of_period: Dict[int, List[Sighting]] = {}
    for sighting in dated:
        of_period.setdefault(bisect_right(starts, sighting.start) - 1, []).append(sighting)  # type: ignore[type-var]  # all have one
    rows = []
    for number, period in enumerate(periods):
        days = sum(camera.days(*period) for camera in cameras) if cameras else None
        row = {"start": period.start, "days": (period.end - period.start).days}
        rows.append({**row, **_counts_and_rates(of_period.get(number, []), cameras, days)})
    kinds = {"start": datetime.datetime, "days": int, **_KINDS}
    return typed_frame((name, kind, [row[name] for row in rows]) for name, kind in kinds.items())


def by_site(sightings: GivenSightings, deployments: Optional[GivenDeployments] = None) -> SFrame:
    """Sightings by site, an SFrame of a row each, those with most confirmed events first.

    With `deployments` (see `by_date`) all of their sites are there, also those
    where nothing was seen. A place without a site goes by its deployment, or
    camera. Columns: `site` (None where nothing is known), `confirmed`,
    `candidates` (the first `k` of a `Sightings`), `camera_days`,
    `confirmed_rate`, `candidate_rate` (see `by_date`), `latitude`, `longitude`
    (the middle of the site's deployments; None where not known), `first`,
    `last` (datetimes of the confirmed events and candidates). Raises `FrameError`.
    """
    every = [] if deployments is None else deployments_of(deployments)
    site_of = {deployment.name: deployment.place for deployment in every}
    places: Dict[Optional[str], Tuple[List[Sighting], List[Deployment]]] = {}
    for deployment in every:
        places.setdefault(deployment.place, ([], []))[1].append(deployment)
    for sighting in sightings_of(sightings):
        place = site_of.get(sighting.deployment or "", sighting.place)
        places.setdefault(place, ([], []))[0].append(sighting)
    rows: List[Dict[str, Any]] = []
    for place, (here, cameras) in places.items():
        dated = [camera for camera in cameras if camera.has_dates]
        days = sum(camera.days(datetime.datetime.min, datetime.datetime.max) for camera in dated) if dated else None
        starts = [sighting.start for sighting in here if sighting.start is not None]
        row: Dict[str, Any] = {"site": place, "first": min(starts, default=None), "last": max(starts, default=None)}
        rows.append({**row, **_middle(cameras), **_counts_and_rates(here, every, days)})
    rows.sort(key=lambda row: (-row["confirmed"], -row["candidates"], row["site"] is None, row["site"] or ""))
    when = datetime.datetime
    kinds = {"site": str, **_KINDS, "latitude": float, "longitude": float, "first": when, "last": when}
    return typed_frame((name, kind, [row[name] for row in rows]) for name, kind in kinds.items())


def _counts_and_rates(here: List[Sighting], deployments: List[Deployment], days: Optional[float]) -> Dict[str, Any]:
    """The columns of `_KINDS` for the sightings of a period or site, in which cameras were out for so many days."""
    rated = during(here, deployments)
    row: Dict[str, Any] = {"camera_days": days}
    for name, rate in (("confirmed", "confirmed_rate"), ("candidates", "candidate_rate")):
        row[name] = count_of(_NAMES[name], here)
        count = count_of(_NAMES[name], rated)
        row[rate] = _PER * count / days if days and (count or not row[name]) else None
    return row


def _periods_of(sightings: List[Sighting], deployments: List[Deployment], step: Optional[str]) -> List[Period]:
    """The periods from the first date of sightings and deployments to the last."""
    seen = [sighting.start for sighting in sightings if sighting.start is not None]
    starts = seen + [deployment.start for deployment in deployments if deployment.start is not None]
    ends = [deployment.end for deployment in deployments if deployment.end is not None]
    if not starts:
        return []
    first, last = min(starts), max(starts + ends)
    # A deployment that is over at midnight has not begun the next day.
    over = last in ends and last.time() == datetime.time() and last not in seen
    return _periods(first, last - _DAY if over and last > first else last, step)


def _periods(first: datetime.datetime, last: datetime.datetime, step: Optional[str]) -> List[Period]:
    start, end = (datetime.datetime.combine(moment.date(), datetime.time()) for moment in (first, last))
    days = (end - start).days + 1
    if step is None:
        step = "day" if days <= _MOST_DAYS else "week" if days <= _MOST_WEEKS else "month"
    shortest = {"day": 1, "week": 7, "month": 28}[step]
    if days / shortest > _LONGEST:
        way_out = "Shift it" if step == "month" else "Shift it, or give step='month'"
        raise FrameError(
            f"the dates go from {first:%Y-%m-%d} to {last:%Y-%m-%d}, too many for a row each {step}: is a camera's "
            f"clock wrong? {way_out}"
        )
    if step == "week":
        start -= start.weekday() * _DAY
    elif step == "month":
        start = start.replace(day=1)
    periods: List[Period] = []
    while start <= end:
        after = start + _DAY * shortest
        if step == "month":
            after = (start + 31 * _DAY).replace(day=1)
        periods.append(Period(start, after))
        start = after
    return periods


def _middle(deployments: List[Deployment]) -> Dict[str, Optional[float]]:
    """The middle of deployments, also across the date line."""
    places = [(one.latitude, one.longitude) for one in deployments if None not in (one.latitude, one.longitude)]
    if not places:
        return {"latitude": None, "longitude": None}
    latitudes, longitudes = np.array(places).T
    turned = np.exp(1j * np.radians(longitudes)).mean()
    longitude = float(np.degrees(np.angle(turned))) if len(set(longitudes)) > 1 else float(longitudes[0])
    return {"latitude": math.fsum(latitudes) / len(latitudes), "longitude": longitude}
