"""How long cameras were out: camera-days, without which counts of different weeks and places cannot be compared."""

import datetime
from typing import Any, Dict, List, NamedTuple, Optional

from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.season.sighting import Sighting

_DAY = 86_400.0  # seconds


class Deployment(NamedTuple):
    """A camera at a place from one moment to another, by its clock."""

    name: str
    site: Optional[str]
    camera: Optional[str]
    latitude: Optional[float]
    longitude: Optional[float]
    start: Optional[datetime.datetime]
    end: Optional[datetime.datetime]

    @property
    def place(self) -> str:
        """Where it is: the site, else its own name."""
        return self.site or self.name

    def days(self, since: datetime.datetime, until: datetime.datetime) -> float:
        """How many of the days between two moments it was out; none where its dates are not known."""
        if self.start is None or self.end is None:
            return 0.0
        return max(0.0, (min(self.end, until) - max(self.start, since)).total_seconds() / _DAY)

    def covers(self, moment: Optional[datetime.datetime]) -> bool:
        """Whether it was out at that moment."""
        return None not in (moment, self.start, self.end) and self.start <= moment <= self.end  # type: ignore[operator]


def table_of(given: Any) -> Any:
    """What `helpers.photos.read_deployments` gives, of itself or of the CSV that it reads; raises `FrameError`."""
    if isinstance(given, SFrame):
        return given
    from helpers.photos.places import read_deployments

    return read_deployments(given)


def deployments_of(given: Any) -> List[Deployment]:
    """The rows of what `helpers.photos.read_deployments` gives, or of the CSV that it reads; raises `FrameError`."""
    table = table_of(given)
    if "deployment" not in table.column_names():
        raise FrameError(f"deployments have a column 'deployment'; these have {', '.join(table.column_names())}")
    fields = ("deployment", *Deployment._fields[1:])
    columns = [list(table[name]) if name in table.column_names() else [None] * len(table) for name in fields]
    return [Deployment(*row) for row in zip(*columns)]


def during(sightings: List[Sighting], deployments: List[Deployment]) -> List[Sighting]:
    """Those of the sightings that fall into their deployment's dates; the others cannot be set against effort."""
    named: Dict[str, Deployment] = {each.name: each for each in deployments}
    return [each for each in sightings if each.deployment in named and named[each.deployment].covers(each.start)]


def outside(sightings: List[Sighting], deployments: List[Deployment]) -> Dict[str, int]:
    """How many sightings that have a date are not `during` their deployment, by the reason."""
    named: Dict[str, Deployment] = {each.name: each for each in deployments}
    found: Dict[str, int] = {}
    for sighting in sightings:
        own = named.get(sighting.deployment or "")
        if sighting.start is None or (own is not None and own.covers(sighting.start)):
            continue
        if own is None:
            reason = "whose deployment is not in the table"
        elif own.start is None or own.end is None:
            reason = "whose deployment has no dates"
        else:
            reason = "beyond the dates of their deployment"
        found[reason] = found.get(reason, 0) + 1
    return found
