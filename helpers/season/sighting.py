"""The rows of sightings, as `helpers.season.Sightings.frame` gives them, for figures and tables."""

import datetime
from typing import Any, List, NamedTuple, Optional

from helpers.errors import FrameError
from helpers.frames import SFrame

CONFIRMED, CANDIDATE, REJECTED = STATUS = ("confirmed", "candidate", "rejected")


class Sighting(NamedTuple):
    """An event that shows, or may show, a species; times are those of the camera's clock."""

    event: int
    status: str  # one of `STATUS`
    start: Optional[datetime.datetime]  # None where the camera did not say
    end: Optional[datetime.datetime]
    site: Optional[str]
    camera: Optional[str]
    deployment: Optional[str]
    label: Any  # of its best photo
    path: Optional[str]
    rank: Optional[int]
    distance: Optional[float]
    photos: Optional[int]

    @property
    def place(self) -> Optional[str]:
        """Where it was: the site, else the deployment or the camera."""
        return self.site or self.deployment or self.camera

    @property
    def hour(self) -> Optional[float]:
        """The time of day at which it began, 0 to 24."""
        if self.start is None:
            return None
        return self.start.hour + self.start.minute / 60 + (self.start.second + self.start.microsecond / 1e6) / 3600


def sightings_of(given: Any, *, rejected: bool = False) -> List[Sighting]:
    """The sightings of a frame, or of a `Sightings`, in their order; rejected ones at wish.

    Of the columns `event`, `status` and `start` all must be there; the others
    are None where they are not. Raises `FrameError`.
    """
    frame = given if isinstance(given, SFrame) else given.frame() if hasattr(given, "frame") else None
    if frame is None:
        raise FrameError(f"sightings are a frame, as sightings.frame() gives it, not {type(given).__name__}")
    columns = frame.column_names()
    lost = [name for name in ("event", "status", "start") if name not in columns]
    if lost:
        raise FrameError(f"the frame has no column {', '.join(lost)}; give what sightings.frame() gives")
    names = {"label": "reference_label"}
    wanted = [names.get(field, field) for field in Sighting._fields]
    values = [list(frame[name]) if name in columns else [None] * len(frame) for name in wanted]
    found = [Sighting(*each) for each in zip(*values)]
    strange = {each.status for each in found} - set(STATUS)
    if strange:
        raise FrameError(f"status {sorted(map(str, strange))[0]!r} is not known; there are {', '.join(STATUS)}")
    moments = [each._replace(start=_plain(each.start), end=_plain(each.end)) for each in found]
    return [each for each in moments if rejected or each.status != REJECTED]


def count_of(status: str, sightings: List[Sighting]) -> int:
    """How many of the sightings have a status."""
    return sum(sighting.status == status for sighting in sightings)


def data_of(given: Any) -> Any:
    """The frame of a season, of a model, or the frame itself; raises `FrameError`."""
    data = given if isinstance(given, SFrame) else getattr(given, "data", None)
    if not isinstance(data, SFrame):
        raise FrameError(f"give the season, or its frame, not {type(given).__name__}")
    return data


def _plain(moment: Optional[datetime.datetime]) -> Optional[datetime.datetime]:
    return None if moment is None else moment.replace(tzinfo=None)
