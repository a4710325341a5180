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

from helpers.errors import FrameError
from helpers.frames.columns import typed_frame
from helpers.photos.deployments import Deployment, deployments_of
from helpers.season.sighting import CANDIDATE, CONFIRMED, Sighting, sightings_of
from helpers.season.timeline.activity import Activity, activity
from helpers.season.timeline.effort import during

STEPS = ("day", "week", "month")

_MOST_DAYS, _MOST_WEEKS = 45, 53 * 7  # days up to which a bar is a day, a week
_LONGEST = 4_000  # bars
_PER = 100  # camera-days
_DAY = datetime.timedelta(days=1)


class Period(NamedTuple):
    """A day, week or month."""

    start: datetime.datetime  # its first midnight
    end: datetime.datetime  # the midnight after it


def activity_of(sightings: Any, status: str = CONFIRMED) -> Activity:
    """The activity curve of sightings that are `confirmed`, or of those that are each a `candidate`.

    The candidates of a `Sightings` are its first `k`. An event counts once, at
    the time at which it began. Raises `FrameError`.
    """
    if status not in (CONFIRMED, CANDIDATE):
        raise FrameError(f"status={status!r} has no curve; there are {CONFIRMED} and {CANDIDATE}")
    hours = [each.hour for each in sightings_of(sightings) if each.status == status]
    return activity([hour for hour in hours if hour is not None])


def activity_table(sightings: Any) -> Any:
    """Sightings by hour of day, an SFrame of 24 rows; an event counts at the time at which it began.

    Columns: `hour` (0 to 23), `confirmed` and `candidates` (events), and
    `confirmed_density` and `candidate_density` (the curve's mean in that hour,
    a share of the events; None without any). Raises `FrameError`.
    """
    told = sightings_of(sightings)
    columns: List[Tuple[str, Optional[type], List[Any]]] = [("hour", int, list(range(24)))]
    for name, status in (("confirmed", CONFIRMED), ("candidates", CANDIDATE)):
        hours = [int(each.hour) for each in told if each.status == status and each.hour is not None]
        columns.append((name, int, np.bincount(hours, minlength=24).tolist()))
    for name, status in (("confirmed_density", CONFIRMED), ("candidate_density", CANDIDATE)):
        curve = activity_of(sightings, status)
        values = curve.density[:-1].reshape(24, -1).mean(axis=1).tolist()
        columns.append((name, float, values if curve.observations else [None] * 24))
    return typed_frame(columns)


def by_date(sightings: Any, deployments: Optional[Any] = None, step: Optional[str] = None) -> Any:
    """Sightings by day, week (from Monday) or month, an SFrame of a row each, without a gap between them.

    `deployments`, as `helpers.photos.read_deployments` gives them or the CSV
    that it reads, tell for how long cameras were out. `step` is one of `STEPS`;
    without it, days for up to 45 days, weeks for up to a year, else months.

    Columns: `start` (midnight), `days` (of the period), `confirmed` and
    `candidates` (events), `camera_days` (None where no deployment dates are
    known), `confirmed_rate` and `candidate_rate` (events per 100 camera-days;
    None where no camera was out). A rate leaves out events whose deployment is
    not in the table, and those beyond its dates; where all are left out, it is
    None. The candidates of a `Sightings` are its first `k`. Raises `FrameError`.
    """
    told, known, periods = _spans(sightings, deployments, step)
    inside = {id(each) for each in during(told, known)}
    starts = [period.start for period in periods]
    placed: Dict[int, List[Sighting]] = {}
    for each in told:
        placed.setdefault(bisect_right(starts, each.start) - 1, []).append(each)  # type: ignore[type-var]  # all have one
    rows = []
    for number, period in enumerate(periods):
        days = sum(each.days(*period) for each in known) if known else None
        here = placed.get(number, [])
        rows.append({"start": period.start, "days": (period.end - period.start).days, "camera_days": days})
        rows[-1].update(_counts(here, [each for each in here if id(each) in inside], days))
    kinds = {"start": datetime.datetime, "days": int, **_KINDS}
    return typed_frame((name, kind, [row[name] for row in rows]) for name, kind in kinds.items())


def by_site(sightings: Any, deployments: Optional[Any] = None) -> Any:
    """Sightings by site, an SFrame of a row each, those with most confirmed events first.

    With `deployments` (see `by_date`) all of their sites are there, also those
    where nothing was seen. A place without the name of a site goes by its
    deployment, or camera. Columns: `site` (None where nothing is known),
    `confirmed`, `candidates` (the first `k` of a `Sightings`), `camera_days`,
    `confirmed_rate`, `candidate_rate` (see `by_date`), `latitude`, `longitude` (the middle of the site's
    deployments; None where not known), `first`, `last` (datetimes of the
    confirmed events and candidates). Raises `FrameError`.
    """
    told = sightings_of(sightings)
    known = [] if deployments is None else deployments_of(deployments)
    site_of = {each.name: each.place for each in known}
    places: Dict[Optional[str], Tuple[List[Sighting], List[Deployment]]] = {}
    for deployment in known:
        places.setdefault(deployment.place, ([], []))[1].append(deployment)
    for sighting in told:
        places.setdefault(site_of.get(sighting.deployment or "", sighting.place), ([], []))[0].append(sighting)
    inside = {id(each) for each in during(told, known)}
    rows: List[Dict[str, Any]] = []
    for name, (here, own) in places.items():
        dated = [each for each in own if each.start is not None and each.end is not None]
        days = sum(each.days(datetime.datetime.min, datetime.datetime.max) for each in dated) if dated else None
        starts = sorted(each.start for each in here if each.start is not None)
        row: Dict[str, Any] = {"site": name, "camera_days": days, **_middle(own)}
        row.update(first=starts[0] if starts else None, last=starts[-1] if starts else None)
        row.update(_counts(here, [each for each in here if id(each) in inside], days))
        rows.append(row)
    rows.sort(key=lambda row: (-row["confirmed"], -row["candidates"], row["site"] is None, row["site"] or ""))
    when = datetime.datetime
    kinds = {"site": str, **_KINDS, "latitude": float, "longitude": float, "first": when, "last": when}
    return typed_frame((name, kind, [row[name] for row in rows]) for name, kind in kinds.items())


_KINDS = {"confirmed": int, "candidates": int, "camera_days": float, "confirmed_rate": float, "candidate_rate": float}


def _counts(here: List[Sighting], inside: List[Sighting], days: Optional[float]) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for name, rate, status in (
        ("confirmed", "confirmed_rate", CONFIRMED),
        ("candidates", "candidate_rate", CANDIDATE),
    ):
        found[name] = sum(each.status == status for each in here)
        rated = sum(each.status == status for each in inside)
        found[rate] = _PER * rated / days if days and (rated or not found[name]) else None
    return found


def _spans(
    sightings: Any, deployments: Optional[Any], step: Optional[str]
) -> Tuple[List[Sighting], List[Deployment], List[Period]]:
    if step is not None and step not in STEPS:
        raise FrameError(f"step={step!r} is not known; there are {', '.join(STEPS)}")
    told = [each for each in sightings_of(sightings) if each.start is not None]
    known = [] if deployments is None else deployments_of(deployments)
    known = [each for each in known if each.start is not None and each.end is not None]
    moments = [each.start for each in told] + [moment for each in known for moment in (each.start, each.end)]
    dates = [moment for moment in moments if moment is not None]
    if not dates:
        return told, known, []
    ends = [each.end for each in known if each.end is not None]
    last = max(dates)
    # A deployment that is over at midnight has not begun the next day.
    over = last in ends and last.time() == datetime.time() and not any(each.start == last for each in told)
    return told, known, _periods(min(dates), last - _DAY if over and last > min(dates) else last, step)


def _periods(first: datetime.datetime, last: datetime.datetime, step: Optional[str]) -> List[Period]:
    start, end = (datetime.datetime.combine(each.date(), datetime.time()) for each in (first, last))
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
    """The middle of some places, also across the date line."""
    known = [(each.latitude, each.longitude) for each in deployments]
    places = [(lat, lon) for lat, lon in known if lat is not None and lon is not None]
    if not places:
        return {"latitude": None, "longitude": None}
    latitudes, longitudes = np.array(places).T
    turned = np.exp(1j * np.radians(longitudes)).mean()
    longitude = float(np.degrees(np.angle(turned))) if len(set(longitudes)) > 1 else float(longitudes[0])
    return {"latitude": math.fsum(latitudes) / len(latitudes), "longitude": longitude}
