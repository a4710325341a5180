"""Judging sightings on the page of an explorer: whether events show the species."""

from typing import Any, Dict, List, Optional

from helpers.errors import FrameError
from helpers.explorer.models import JudgedEvents, SearchedSeason


class Judging:
    """The sightings of a season, by the rows of its photos.

    Raises `FrameError` where the sightings are of another season.
    """

    def __init__(self, season: SearchedSeason, sightings: JudgedEvents) -> None:
        if sightings.season is not season:
            raise FrameError("sightings= are those of another season: explore sightings.season")
        self.sightings, self._season = sightings, season

    def judge(self, rows: List[int], confirmed: Optional[bool]) -> None:
        """Confirm or reject the events of photos, or with None open them again; events that are so already stay."""
        sightings = self.sightings
        status, change = {
            True: ("confirmed", sightings.confirm),
            False: ("rejected", sightings.reject),
            None: ("candidate", sightings.reopen),
        }[confirmed]
        events = {int(self._season.event_of_photo[row]) for row in rows if row >= 0}
        others = sorted(event for event in events if sightings.status(event) != status)
        if others:
            change(others)

    def state(self) -> Dict[str, Any]:
        """For the page: the species, the progress, and the rows of the photos that are judged."""
        rows_of = self._season.photos.rows_of
        return {
            "species": self.sightings.species,
            "note": self.sightings.note,
            "confirmed": [int(row) for event in self.sightings.confirmed for row in rows_of(event)],
            "rejected": [int(row) for event in self.sightings.rejected for row in rows_of(event)],
        }
