"""The events, dates and sites of a season's photos, and which photos pass a filter."""

import contextlib
import datetime
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame
from helpers.frames.per_photo import is_label, numbers
from helpers.photos.events import add_events, cameras_of, event_table, rows_by_event
from helpers.photos.layout import PLACES

Moment = Union[str, datetime.date, None]


class PhotoFilters(NamedTuple):
    """The photos that count in a search; see `helpers.season.Season.search`."""

    other: Optional[str] = None
    where: Optional[Any] = None
    night: Optional[bool] = None
    since: Moment = None
    until: Moment = None
    hide_people: bool = True


class SeasonPhotos:
    """The photos of a frame by event, and which of them pass a filter; without their features.

    `data` is the frame, with events; `events` and `event_of_photo` are those of
    `helpers.season.Season`. Raises `FrameError` for a frame that has neither
    events nor the dates and places of its photos.
    """

    def __init__(self, data: SFrame, labels: List[Any], sequence: float, independent: float) -> None:
        self.data = data if "event" in data.column_names() else add_events(data, sequence, independent)
        events = list(self.data["event"])
        if self.data["event"].dtype is not int or None in events:
            raise FrameError("the column 'event' needs a whole number for each photo; add_events makes one")
        self.event_of_photo = np.array(events, np.int64)
        self.events = _table(self.data, labels)
        self._rows = rows_by_event(self.data)

    def column(self, name: str) -> List[Any]:
        """The values of a column, None for each photo where there is no such column."""
        return list(self.data[name]) if name in self.data.column_names() else [None] * len(self.data)

    def rows_of(self, event: int) -> List[int]:
        """The rows of an event's photos, by time; raises `FrameError` where there is no such event."""
        if event not in self._rows:
            raise FrameError(f"there is no event {event!r}; season.events lists them")
        return self._rows[event]

    @property
    def people(self) -> np.ndarray:
        """The photos with 1 in the column `people`: bool [photos]."""
        return np.array([value is not None and bool(value) for value in self.column("people")], bool)

    def people_note(self, rows: Optional[Sequence[int]] = None) -> str:
        """A line on people in some photos that are handed on, by default in all: see `people_note`."""
        looked = looked_for_people(self.data)
        return people_note(looked if rows is None else looked[list(rows)])

    def lit(self, night: Optional[bool]) -> np.ndarray:
        """The photos of the night, those of the day with False, all with None: bool [photos].

        By the column `night`, 1 while the sun was down, else 0; photos without a
        value are left out. Raises `FrameError` where no photo has one.
        """
        if night is None:
            return np.ones(len(self.data), bool)
        nights = self.column("night")
        if all(value is None for value in nights):
            raise FrameError(
                "no photo is known to be of the night: add_sun(data, offset) adds that by the sun, from coordinates "
                "and the clocks' offset from UTC; where=data['infrared'] == 1 takes photos in infrared light instead"
            )
        return np.array([value is not None and bool(value) == bool(night) for value in nights], bool)

    def dated(self, since: Moment, until: Moment) -> np.ndarray:
        """The photos taken from one moment to another, both included: bool [photos]; those without a date are left out.

        A moment is a date, a datetime, or a text such as 2026-07-31 or
        2026-07-31 18:30; a day as `until` counts to its end. By the camera's
        clock. Raises `FrameError` for an invalid date.
        """
        if since is None and until is None:
            return np.ones(len(self.data), bool)
        first = datetime.datetime.min if since is None else _moment("since", since, datetime.time.min)
        last = datetime.datetime.max if until is None else _moment("until", until, datetime.time.max)
        return np.array([moment is not None and first <= moment <= last for moment in self.column("taken")], bool)

    def elsewhere(self, other: str, like: List[int], unlike: List[int]) -> np.ndarray:
        """The photos of other events than some rows, and with `sites` of other sites than `like`: bool [photos]."""
        if other not in ("events", "sites"):
            raise FrameError(f"other={other!r} is not known; there are events and sites")
        elsewhere = ~np.isin(self.event_of_photo, self.event_of_photo[[*like, *unlike]])
        if other == "sites":
            sites = self.column("site")
            if not any(is_label(site) for site in sites):
                raise FrameError("the frame has no photo's site; load_photos(folder, layout='{site}/{camera}') adds it")
            site_numbers = numbers(sites, "site")[0]
            elsewhere &= (site_numbers >= 0) & ~np.isin(site_numbers, site_numbers[like])
        return elsewhere


def looked_for_people(data: SFrame) -> np.ndarray:
    """The photos of which the column `people` is known, as `Detections.add_to` makes it: bool [rows]."""
    if "people" not in data.column_names():
        return np.zeros(len(data), bool)
    return np.array([value is not None for value in data["people"]], bool)


def people_note(looked: np.ndarray) -> str:
    """That photos may show people, where nobody has looked for them in all; an empty text where that was done.

    `looked` has an entry for each photo, bool [n].
    """
    left = int((~looked).sum())
    if not left:
        return ""
    if left == len(looked):
        return "people are not filtered: no detector is known to have looked for them in these photos"
    return f"people are not filtered in {left:,} of these {len(looked):,} photos: no detector has looked for them there"


def _table(data: SFrame, labels: List[Any]) -> SFrame:
    """`helpers.photos.event_table` with all places, and with the label of each event's first photo."""
    table = event_table(data)
    firsts = list(table["first"])
    places = {name: list(table[name]) for name in PLACES if name in table.column_names()}
    if "camera" not in places:
        with contextlib.suppress(FrameError):
            cameras = cameras_of(data)
            places["camera"] = [cameras[row] for row in firsts]
    columns: List[Tuple[str, Optional[type], List[Any]]] = [("event", int, list(table["event"]))]
    columns += [(name, str, places.get(name, [None] * len(firsts))) for name in PLACES]
    columns += [(name, datetime.datetime, list(table[name])) for name in ("start", "end")]
    columns += [("photos", int, list(table["photos"])), ("first", None, [labels[row] for row in firsts])]
    return typed_frame(columns)


def _moment(name: str, value: Any, time: datetime.time) -> datetime.datetime:
    if isinstance(value, str):
        try:
            if len(value) == len("2026-07-31"):
                value = datetime.datetime.strptime(value, "%Y-%m-%d").date()
            else:
                value = datetime.datetime.fromisoformat(value)
        except ValueError:
            raise FrameError(f"{name}={value!r} is not a date; write it as 2026-07-31 or 2026-07-31 18:30") from None
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, datetime.date):
        return datetime.datetime.combine(value, time)
    raise FrameError(f"{name}= is a date, or a text such as 2026-07-31, not {value!r}")
