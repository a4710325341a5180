"""One sighting, as a row of the frame of `helpers.season.Sightings`, for figures, tables and copies."""

import datetime
from typing import Any, List, NamedTuple, Optional, Protocol, Union

from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.images.boxes import SIDES, Box, box_in


class HasFrame(Protocol):
    """`helpers.season.Sightings`."""

    def frame(self) -> SFrame: ...


class HasData(Protocol):
    """`helpers.season.Season`, or a model."""

    data: SFrame


GivenSightings = Union[HasFrame, SFrame]  # an SFrame is that of `Sightings.frame`
GivenSeason = Union[HasData, SFrame]

CONFIRMED, CANDIDATE, REJECTED = STATUS = ("confirmed", "candidate", "rejected")


class Sighting(NamedTuple):
    """An event that shows, or may show, a species; times are those of the camera's clock."""

    event: int
    status: str  # one of `STATUS`
    start: Optional[datetime.datetime]  # None where the date is unknown
    end: Optional[datetime.datetime]
    site: Optional[str]
    camera: Optional[str]
    deployment: Optional[str]
    label: Any  # of its best photo
    path: Optional[str]
    rank: Optional[int]
    distance: Optional[float]
    photos: Optional[int]
    box: Optional[Box] = None  # the part of its best photo that was compared; None for the whole photo

    @property
    def place(self) -> Optional[str]:
        """The site, else the deployment or the camera."""
        return self.site or self.deployment or self.camera

    @property
    def hour(self) -> Optional[float]:
        """The time of day at which it began, in hours, 0 to 24."""
        if self.start is None:
            return None
        return self.start.hour + self.start.minute / 60 + (self.start.second + self.start.microsecond / 1e6) / 3600


def sightings_of(given: GivenSightings, *, rejected: bool = False) -> List[Sighting]:
    """The sightings of a frame or a `Sightings`, in their order, optionally with the rejected ones.

    The frame has the columns `event`, `status` and `start`; a field whose
    column is missing is None. Raises `FrameError`.
    """
    frame = given if isinstance(given, SFrame) else given.frame() if hasattr(given, "frame") else None
    if frame is None:
        raise FrameError(f"sightings are a frame, as sightings.frame() gives it, not {type(given).__name__}")
    names = frame.column_names()
    missing = [name for name in ("event", "status", "start") if name not in names]
    if missing:
        raise FrameError(f"the frame has no column {', '.join(missing)}; give what sightings.frame() gives")
    columns = ["reference_label" if field == "label" else field for field in Sighting._fields if field != "box"]
    values, sides = (
        [list(frame[name]) if name in names else [None] * len(frame) for name in some] for some in (columns, SIDES)
    )
    boxes = [box_in(dict(zip(SIDES, row))) for row in zip(*sides)]
    sightings = [Sighting(*row) for row in zip(*values, boxes)]
    unknown = {sighting.status for sighting in sightings} - set(STATUS)
    if unknown:
        raise FrameError(f"status {sorted(map(str, unknown))[0]!r} is not known; there are {', '.join(STATUS)}")
    return [
        sighting._replace(start=_without_zone(sighting.start), end=_without_zone(sighting.end))
        for sighting in sightings
        if rejected or sighting.status != REJECTED
    ]


def count_of(status: str, sightings: List[Sighting]) -> int:
    """How many of the sightings have a status."""
    return sum(sighting.status == status for sighting in sightings)


def data_of(given: GivenSeason) -> SFrame:
    """The frame of a season or a model, or the frame itself; raises `FrameError`."""
    data = given if isinstance(given, SFrame) else getattr(given, "data", None)
    if not isinstance(data, SFrame):
        raise FrameError(f"give the season, or its frame, not {type(given).__name__}")
    return data


def _without_zone(moment: Optional[datetime.datetime]) -> Optional[datetime.datetime]:
    return None if moment is None else moment.replace(tzinfo=None)
