"""The time of day of sightings: by the camera's clock, or by the sun."""

from typing import List, Optional

from helpers.errors import FrameError
from helpers.photos.events import rows_by_event
from helpers.season.sighting import GivenSeason, Sighting, data_of

CLOCK, SUN = TIMES = ("clock", "sun")


def check_time(time: str, season: Optional[GivenSeason]) -> None:
    """Raise `FrameError` unless `time` is `clock`, or `sun` and the season is there."""
    if time not in TIMES:
        raise FrameError(f"time={time!r} is not known; there are {', '.join(TIMES)}")
    if time == SUN and season is None:
        raise FrameError("time='sun' needs the season, with what add_sun adds to its frame: give season=")


def hours_of(
    sightings: List[Sighting], status: str, season: Optional[GivenSeason] = None, time: str = CLOCK
) -> List[float]:
    """The hours, 0 to 24, at which sightings of a status began; those without are left out.

    By the sun, they are the `sun_time` of an event's first photo in the season's
    frame (see `helpers.photos.add_sun`). Raises `FrameError` where it has none.
    """
    chosen = [sighting for sighting in sightings if sighting.status == status]
    check_time(time, season)
    if time == CLOCK or season is None:
        return [sighting.hour for sighting in chosen if sighting.hour is not None]
    data = data_of(season)
    missing = [name for name in ("event", "sun_time") if name not in data.column_names()]
    if missing:
        raise FrameError(f"the season's frame has no column {missing[0]!r}; add_events and add_sun make it")
    sun_times, rows = list(data["sun_time"]), rows_by_event(data)
    unknown = [sighting.event for sighting in chosen if sighting.event not in rows]
    if unknown:
        raise FrameError(f"the sightings are not of this season: it has no event {unknown[0]}")
    first = [sun_times[rows[sighting.event][0]] for sighting in chosen]
    if first and all(hour is None for hour in first):
        raise FrameError("no sun time is known of these sightings: they have no coordinates, or no date; see add_sun")
    return [hour for hour in first if hour is not None]
