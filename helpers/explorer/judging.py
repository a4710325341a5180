"""What the page of an explorer needs to judge sightings: whether events show what is looked for."""

from typing import Any, Dict, List, Optional

from helpers.errors import FrameError


class Judging:
    """The sightings of a season, by the rows of its photos.

    Raises `FrameError` where the sightings are of another season.
    """

    def __init__(self, season: Any, sightings: Any) -> None:
        if getattr(sightings, "season", None) is not season:
            raise FrameError("sightings= are those of another season: explore sightings.season")
        self.sightings: Any = sightings
        self._season: Any = season

    def judge(self, rows: List[int], confirmed: Optional[bool]) -> None:
        """Confirm or reject the events of photos, or open them again with None; as far as that changes them."""
        status = {True: "confirmed", False: "rejected", None: "candidate"}[confirmed]
        events = {int(self._season.event_of_photo[row]) for row in rows if row >= 0}
        changed = sorted(event for event in events if self.sightings.status(event) != status)
        if changed:
            act = {True: self.sightings.confirm, False: self.sightings.reject, None: self.sightings.reopen}[confirmed]
            act(changed)

    def told(self) -> Dict[str, Any]:
        """For the page: what is looked for, how far one has come, and the rows of photos that are judged."""
        rows = self._season.photos.rows_of
        return {
            "species": self.sightings.species,
            "note": self.sightings.note,
            "confirmed": [int(row) for event in self.sightings.confirmed for row in rows(event)],
            "rejected": [int(row) for event in self.sightings.rejected for row in rows(event)],
        }
