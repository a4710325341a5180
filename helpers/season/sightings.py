"""Where a species was seen: the events that a search found, each a candidate until a person has judged it.

What was judged is kept in a CSV of `path,label`, one line a photo of the event
with `yes` or `no`, see `helpers.photos.labels`: it is there again the next time, also
where events are cut otherwise, and a spreadsheet can read and change it.
"""

import datetime
import os
import re
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple, Union

import numpy as np
import traitlets

from helpers.arguments import check_whole
from helpers.errors import FrameError
from helpers.frames.columns import typed_frame
from helpers.images.boxes import SIDES
from helpers.photos.labels import Labels
from helpers.season.event_ranking import EventRanking
from helpers.season.searched_features import NearestPhotos
from helpers.season.season import Season
from helpers.season.sighting import CANDIDATE, CONFIRMED, REJECTED, STATUS

_YES, _NO = "yes", "no"
_PLACES = ("site", "camera", "deployment", "start", "end", "photos")


class _Chosen(NamedTuple):
    """An event to show."""

    event: int
    rank: int
    distance: Optional[float]
    row: int  # of its best photo
    box: Optional[List[float]] = None  # of the best part of it


class Sightings(traitlets.HasTraits):
    """The events that may show a species, by one question to a season.

    - `like`, and at wish `unlike`, `region`, `box`, `metric` and filters such
      as `other`, `where`, `night`: those of `Season.search`.
    - `species`: its name, for figures and tables.
    - `file`: the CSV of what was judged, by default `sightings-SPECIES.csv` in
      the notebook's folder. It is written when the first event is judged.
    - `k`: how many candidates `frame` holds beside what was judged.

    The events of the photos asked with are confirmed, unless they are rejected.
    An event is confirmed where any of its photos has `yes`, else rejected where
    any has `no`. Traits to observe: `changed`, a number that goes up with each
    judgement and each learning. To look at: `season`, `labels`, `learned`
    (whether the order is that of `learn`), `confirmed`, `rejected` and
    `candidates` (events; all candidates, of which `frame` has the first `k`).

    Raises what `Season.search` and `helpers.photos.labels.Labels` raise.

    >>> from helpers.photos.load import load_photos
    >>> from helpers.similarity.build import create
    >>> data, bad = load_photos("data/robots/tarn")
    >>> season = Season(create(data, model="efficientnet-lite0", verbose=False))
    >>> sightings = Sightings(season, like=0, species="robot in snow")
    >>> sightings.labels.path.name, sightings.status(season.event_of(0))
    ('sightings-robot-in-snow.csv', 'confirmed')
    """

    changed = traitlets.Int(0)

    def __init__(
        self,
        season: Season,
        like: Any = (),
        species: str = "species",
        file: Union[str, "os.PathLike[str]", None] = None,
        *,
        k: int = 100,
        **query: Any,
    ) -> None:
        super().__init__()
        check_whole("k", k)
        self.season, self.species, self.k = season, species, k
        self.labels = Labels(_file_of(species) if file is None else file)
        self._ranking = EventRanking(season, like, **query)
        self._nearest, self.learned = self._ranking.nearest, False
        self._event_of_name = dict(zip(season.names, season.event_of_photo.tolist()))
        self._judged = self._read()

    def __repr__(self) -> str:
        return f"Sightings of {self.species}: {self.note}"

    @property
    def note(self) -> str:
        """How far one has come, in one line."""
        left = len(self.candidates)
        some = f"{self.k:,} of {left:,}" if left > self.k else f"{left:,}"
        order = "learned" if self.learned else "by distance"
        return f"{len(self.confirmed)} confirmed, {len(self.rejected)} rejected, {some} candidates {order}"

    @property
    def confirmed(self) -> List[int]:
        """The confirmed events, in the order of time."""
        return sorted(event for event, status in self._judged.items() if status == CONFIRMED)

    @property
    def rejected(self) -> List[int]:
        """The rejected events, in the order of time."""
        return sorted(event for event, status in self._judged.items() if status == REJECTED)

    @property
    def candidates(self) -> List[int]:
        """The events that count and are not judged, by rank; all of them, whatever `k` is."""
        return [event for event in self._ranking.events_of(self._nearest) if event not in self._judged]

    def status(self, event: int) -> str:
        """One of `helpers.season.sighting.STATUS`; raises `FrameError` for what is no event."""
        self._rows_of(event)
        return self._judged.get(event, CANDIDATE)

    def confirm(self, events: Union[int, Iterable[int]]) -> None:
        """One event, or several, show the species. Raises `FrameError` for what is no event, and `LabelsError`."""
        self._give(events, _YES)

    def reject(self, events: Union[int, Iterable[int]]) -> None:
        """One event, or several, do not show it. Raises as `confirm`."""
        self._give(events, _NO)

    def reopen(self, events: Union[int, Iterable[int]]) -> None:
        """One event, or several, are candidates again. Raises as `confirm`."""
        self._give(events, "")

    def undo(self) -> bool:
        """Take the last judgement back; whether there was any. Raises `LabelsError`."""
        undone = self.labels.undo() is not None
        self._renew()
        return undone

    def reload(self) -> None:
        """Take over what others have written to the file. Raises `LabelsError`."""
        self.labels.reload()
        self._renew()

    def learn(self) -> None:
        """Order the events anew by what was judged, which takes a fraction of a second; see `helpers.season.learner`.

        The photos asked with count as confirmed. The distances are then 0.1 in
        the middle of the confirmed photos, and 0.9 in that of the rejected ones.
        """
        self._nearest, self.learned = self._ranking.learned(self.confirmed, self.rejected), True
        self.changed += 1

    def unlearn(self) -> None:
        """Order the events by the distance again."""
        self._nearest, self.learned = self._ranking.nearest, False
        self.changed += 1

    def frame(self, status: Optional[str] = None) -> Any:
        """What was judged and the first `k` candidates, an SFrame of a row an event, by rank.

        Columns: `event`, `rank` (among all events that count, 1 is the first),
        `status` (`confirmed`, `candidate` or `rejected`), `distance`,
        `reference_label` and `path` (the event's best photo), `site`, `camera`,
        `deployment`, `start`, `end` (datetimes, None where unknown), `photos`
        (how many); where parts of photos are compared also `left`, `top`,
        `right`, `bottom` of the best one. Events that were judged and do not pass the filters of the question
        come last, without a distance, and with their first photo without people,
        if they have one. `status` gives those events only.
        """
        if status is not None and status not in STATUS:
            raise FrameError(f"status={status!r} is not known; there are {', '.join(STATUS)}")
        chosen = self._chosen(self._nearest)
        if status is not None:
            chosen = [each for each in chosen if self._judged.get(each.event, CANDIDATE) == status]
        events, rows = [each.event for each in chosen], [each.row for each in chosen]
        table = self.season.events
        place = {event: place for place, event in enumerate(table["event"])}
        kinds: Dict[str, Any] = {"start": datetime.datetime, "end": datetime.datetime, "photos": int}
        columns: List[Tuple[str, Optional[type], List[Any]]] = [
            ("event", int, events),
            ("rank", int, [each.rank for each in chosen]),
            ("status", str, [self._judged.get(event, CANDIDATE) for event in events]),
            ("distance", float, [each.distance for each in chosen]),
            ("reference_label", type(self.season.labels[0]), [self.season.labels[row] for row in rows]),
            ("path", str, [self.season.names[row] for row in rows]),
        ]
        for name in _PLACES:
            values = list(table[name])
            columns.append((name, kinds.get(name, str), [values[place[event]] for event in events]))
        if self._nearest.boxes is not None:
            for edge, name in enumerate(SIDES):
                columns.append((name, float, [each.box[edge] if each.box else None for each in chosen]))
        return typed_frame(columns)

    def _chosen(self, nearest: NearestPhotos) -> List["_Chosen"]:
        chosen: List[_Chosen] = []
        left, events = self.k, self._ranking.events_of(nearest)
        boxes: List[Any] = [None] * len(events) if nearest.boxes is None else nearest.boxes.tolist()
        nearest_first = zip(events, nearest.distances.tolist(), nearest.rows.tolist(), boxes)
        for rank, (event, distance, row, box) in enumerate(nearest_first, 1):
            left -= event not in self._judged
            if left >= 0 or event in self._judged:
                chosen.append(_Chosen(event, rank, distance, row, box))
        outside = sorted(set(self._judged) - set(events))
        if outside:
            people = self.season.people
            for rank, event in enumerate(outside, len(events) + 1):
                first = min(self._rows_of(event), key=lambda row: people[row])  # without people, if there is one
                chosen.append(_Chosen(event, rank, None, first))
        return chosen

    def _give(self, events: Union[int, Iterable[int]], label: str) -> None:
        several: List[Any] = list(events) if isinstance(events, Iterable) else [events]
        rows = [row for event in several for row in self._rows_of(event)]
        self.labels.set([self.season.names[row] for row in rows], label)
        self._renew()

    def _rows_of(self, event: Any) -> List[int]:
        if isinstance(event, bool) or not isinstance(event, (int, np.integer)):
            raise FrameError(f"there is no event {event!r}: events are whole numbers; season.events lists them")
        return self.season.photos.rows_of(int(event))

    def _renew(self) -> None:
        self._judged = self._read()
        self.changed += 1

    def _read(self) -> Dict[int, str]:
        """The judged events, in no order, and what they are."""
        said: Dict[int, set] = {}
        for name, label in self.labels.items():
            event = self._event_of_name.get(name)
            if event is not None and label.strip().lower() in (_YES, _NO):
                said.setdefault(event, set()).add(label.strip().lower())
        judged = dict.fromkeys(self._ranking.liked, CONFIRMED)
        judged.update((event, CONFIRMED if _YES in labels else REJECTED) for event, labels in said.items())
        return judged


def _file_of(species: str) -> str:
    """The name of a file for a species, whatever it is called."""
    words = "-".join(re.findall(r"\w+", species)).lower()
    return f"sightings-{words or 'species'}.csv"
