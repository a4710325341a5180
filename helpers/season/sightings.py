"""Where a species was seen: the events that a search finds, each a candidate until a person has judged it.

Judgements are kept in a CSV of `path,label`, a line per photo of the event with
`yes` or `no`, see `helpers.photos.labels`. They are read again the next time,
also where events are cut differently, and a spreadsheet can change them.
"""

import datetime
import os
import re
from pathlib import Path
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple, Union

import numpy as np
import traitlets

from helpers.arguments import check_whole, takes
from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame
from helpers.images.boxes import SIDES
from helpers.photos.labels import Labels
from helpers.season.event_ranking import EventRanking
from helpers.season.season import Season, rows_of_photos
from helpers.season.sighting import CANDIDATE, CONFIRMED, REJECTED, STATUS, sightings_of
from helpers.similarity.search import SearchQuery

_YES, _NO = "yes", "no"
_OF_EVENT = {  # columns of `Season.events`
    **dict.fromkeys(("site", "camera", "deployment"), str),
    **dict.fromkeys(("start", "end"), datetime.datetime),
    "photos": int,
}


class _RankedEvent(NamedTuple):
    """An event, and its best photo."""

    event: int
    rank: int
    distance: Optional[float]
    row: int  # of the photo
    box: Optional[List[float]] = None  # of the best part of the photo


class Sightings(traitlets.HasTraits):
    """The events that may show a species, by one query to a season.

    All of them are candidates until a person judges them, also those of the
    query's own photos. An event is confirmed where any of its
    photos has `yes`, else rejected where any has `no`.

    Parameters
    ----------
    season
        The season to search.
    like
        Photos of the species, as for `Season.search`.
    species
        Its name, for figures and tables.
    file
        The CSV of judgements, or a folder for it; by default
        `sightings-SPECIES.csv` in the notebook's folder. It is written with the
        first judgement.
    k
        How many candidates `frame` has beside the judged events.
    **query
        `unlike`, `region`, `box`, `metric` and the filters of `Season.search`,
        such as `other`, `where` and `night`.

    Attributes
    ----------
    changed
        A trait: a number that goes up with each judgement and each learning.
    confirmed, rejected, candidates
        Events, the first two by time; candidates by rank, after events of the
        query that the filters leave out: all of them, of which `frame` has the
        first `k`.
    season, labels
        The season, and the `helpers.photos.labels.Labels` of judged photos.
    learned
        Whether the order is one that `learn` has learned.

    Raises
    ------
    FrameError, PhotoError
        As `Season.search`.
    LabelsError
        Where the file is damaged or something else.

    Examples
    --------
    >>> from helpers.photos.load import load_photos
    >>> from helpers.similarity.build import create
    >>> data, bad = load_photos("data/robots/tarn")
    >>> season = Season(create(data, model="efficientnet-lite0", verbose=False))
    >>> sightings = Sightings(season, like=0, species="robot in snow")
    >>> sightings.labels.path.name, sightings.status(season.event_of(0))
    ('sightings-robot-in-snow.csv', 'candidate')
    """

    changed = traitlets.Int(0)

    @takes(season="season")
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
        place = Path("" if file is None else file)
        self.labels = Labels(place / _file_of(species) if place.is_dir() else place)
        self._ranking = EventRanking(season, like, **query)
        self._question = SearchQuery.of(season.collection, like, query.get("unlike", ()), query.get("region"))
        self._box = query.get("box")
        self._nearest, self.learned, self._why = self._ranking.nearest, False, ""
        self._event_of_name = dict(zip(season.names, season.event_of_photo.tolist()))
        self._judged = self._read()

    def __repr__(self) -> str:
        return f"Sightings of {self.species}: {self.note}"

    @property
    def note(self) -> str:
        """How far one has come, in one line; and after `learn`, why the order is still by distance, if it is."""
        left = len(self.candidates)
        some = f"{self.k:,} of {left:,}" if left > self.k else f"{left:,}"
        order = "learned" if self.learned else "by distance"
        counts = f"{len(self.confirmed)} confirmed, {len(self.rejected)} rejected, {some} candidates {order}"
        return f"{counts}. {self._why}" if self._why else counts

    @property
    def summary(self) -> str:
        """When and where the species was confirmed, in one line; or that nobody has confirmed it yet.

        Days are those on which events began, by the camera's clock.
        """
        seen = [one for one in sightings_of(self.frame(CONFIRMED)) if one.status == CONFIRMED]
        if not seen:
            return f"{self.species}: no event is confirmed, so that nothing is known of when and where"
        days = sorted(one.start.date() for one in seen if one.start is not None)
        sites = sorted({one.place for one in seen if one.place})
        when = f"from {days[0]} to {days[-1]}" if days else "without a date"
        undated = f" ({len(seen) - len(days)} without a date)" if 0 < len(days) < len(seen) else ""
        where = f", at {', '.join(sites)}" if sites else ""
        events = "1 confirmed event" if len(seen) == 1 else f"{len(seen):,} confirmed events"
        return f"{self.species}: {events} {when}{undated}{where}"

    @property
    def confirmed(self) -> List[int]:
        """The confirmed events, by time."""
        return sorted(event for event, status in self._judged.items() if status == CONFIRMED)

    @property
    def rejected(self) -> List[int]:
        """The rejected events, by time."""
        return sorted(event for event, status in self._judged.items() if status == REJECTED)

    @property
    def candidates(self) -> List[int]:
        """The events that are not judged, by rank, after those of the query that the filters leave out; all of them."""
        ranked = self._ranking.events_of(self._nearest)
        return [event for event in [*self._left_out(ranked), *ranked] if event not in self._judged]

    def status(self, event: int) -> str:
        """`confirmed`, `candidate` or `rejected`; raises `FrameError` for an unknown event."""
        self._rows_of(event)
        return self._status(event)

    def confirm(self, events: Union[int, Iterable[int]]) -> None:
        """Note that one event, or several, show the species.

        Raises `FrameError` for an unknown event, and `LabelsError`.
        """
        self._judge(events, _YES)

    def reject(self, events: Union[int, Iterable[int]]) -> None:
        """Note that one event, or several, do not show the species; raises as `confirm`."""
        self._judge(events, _NO)

    def reopen(self, events: Union[int, Iterable[int]]) -> None:
        """Forget what was judged of one event, or several: they are candidates again; raises as `confirm`."""
        self._judge(events, "")

    def undo(self) -> bool:
        """Take back the last judgement; returns whether there was one. Raises `LabelsError`."""
        undone = self.labels.undo() is not None
        self._renew()
        return undone

    def reload(self) -> None:
        """Read the file again, which others may have changed. Raises `LabelsError`."""
        self.labels.reload()
        self._renew()

    def learn(self) -> None:
        """Order the events by what the judged ones teach, if that helps, within a fraction of a second.

        The photos of the query count as confirmed. The more was judged, the more
        it counts beside the distance from the query, and distances are then
        between 0 and 1. Where the judged events would be in a worse order than by
        distance, the order stays that by distance, `learned` is False, and `note`
        gives the reason; see `helpers.season.event_ranking.EventRanking.learned`.
        """
        self._nearest, self._why = self._ranking.learned(self.confirmed, self.rejected)
        self.learned = not self._why
        self.changed += 1

    def unlearn(self) -> None:
        """Order the events by their distance from the query again."""
        self._nearest, self.learned, self._why = self._ranking.nearest, False, ""
        self.changed += 1

    def frame(self, status: Optional[str] = None) -> SFrame:
        """The judged events and the first `k` candidates, a row each, by rank.

        Parameters
        ----------
        status
            Only events with this status: `confirmed`, `candidate` or `rejected`.

        Returns
        -------
        SFrame
            `event`; `rank` (among all events that pass the filters, 1 is the
            first; 0 for an event of the query that does not pass, until it is
            judged); `status`; `distance`; `reference_label` and `path` (of the
            best photo); `site`, `camera`, `deployment`; `start`, `end`
            (datetimes, None where unknown); `photos` (how many); and where parts
            of photos are compared `left`, `top`, `right`, `bottom` of the best.
            Judged events that do not pass the filters come last, without a
            distance, with a photo without people, if they have one: that of the
            query, or the first.

        Raises
        ------
        FrameError
            For an unknown status.
        """
        if status is not None and status not in STATUS:
            raise FrameError(f"status={status!r} is not known; there are {', '.join(STATUS)}")
        shown = [ranked for ranked in self._shown() if status in (None, self._status(ranked.event))]
        table = self.season.events
        place_of = {event: place for place, event in enumerate(table["event"])}
        columns: List[Tuple[str, Optional[type], List[Any]]] = [
            ("event", int, [ranked.event for ranked in shown]),
            ("rank", int, [ranked.rank for ranked in shown]),
            ("status", str, [self._status(ranked.event) for ranked in shown]),
            ("distance", float, [ranked.distance for ranked in shown]),
            ("reference_label", type(self.season.labels[0]), [self.season.labels[ranked.row] for ranked in shown]),
            ("path", str, [self.season.names[ranked.row] for ranked in shown]),
        ]
        for name, kind in _OF_EVENT.items():
            values = list(table[name])
            columns.append((name, kind, [values[place_of[ranked.event]] for ranked in shown]))
        if self._nearest.boxes is not None:
            for edge, name in enumerate(SIDES):
                columns.append((name, float, [ranked.box[edge] if ranked.box else None for ranked in shown]))
        return typed_frame(columns)

    def _shown(self) -> List[_RankedEvent]:
        """The events of `frame`."""
        nearest, events = self._nearest, self._ranking.events_of(self._nearest)
        boxes: List[Any] = [None] * len(events) if nearest.boxes is None else nearest.boxes.tolist()
        shown = [self._unranked(event, 0) for event in self._left_out(events) if event not in self._judged][: self.k]
        left = self.k - len(shown)
        ranking = zip(events, nearest.distances.tolist(), nearest.rows.tolist(), boxes)
        for rank, (event, distance, row, box) in enumerate(ranking, 1):
            left -= event not in self._judged
            if left >= 0 or event in self._judged:
                shown.append(_RankedEvent(event, rank, distance, row, box))
        others = sorted(set(self._judged) - set(events))
        return shown + [self._unranked(event, rank) for rank, event in enumerate(others, len(events) + 1)]

    def _left_out(self, ranked: List[int]) -> List[int]:
        """The events of the query that do not pass the filters."""
        passed = set(ranked)
        return [event for event in self._ranking.liked if event not in passed]

    def _unranked(self, event: int, rank: int) -> _RankedEvent:
        """An event that does not pass the filters."""
        people, own = self.season.people, rows_of_photos(self._question.like)
        row = min(self._rows_of(event), key=lambda row: (people[row], row not in own))
        if self._question.box is not None:
            return _RankedEvent(event, rank, None, row, list(self._question.box) if row in own else None)
        searched = self.season.searched
        part = searched.part_of(row, self._box if row in own else None)
        box = None if part is None or searched.boxes is None else searched.boxes[part].tolist()
        return _RankedEvent(event, rank, None, row, box)

    def _status(self, event: int) -> str:
        return self._judged.get(event, CANDIDATE)

    def _judge(self, events: Union[int, Iterable[int]], label: str) -> None:
        judged: List[Any] = list(events) if isinstance(events, Iterable) else [events]
        rows = [row for event in judged for row in self._rows_of(event)]
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
        """The status of each judged event."""
        labels_of: Dict[int, Set[str]] = {}
        for name, label in self.labels.items():
            event = self._event_of_name.get(name)
            if event is not None and label.strip().lower() in (_YES, _NO):
                labels_of.setdefault(event, set()).add(label.strip().lower())
        return {event: CONFIRMED if _YES in labels else REJECTED for event, labels in labels_of.items()}


def _file_of(species: str) -> str:
    """The name of the file for a species, from the letters and digits of its name."""
    words = "-".join(re.findall(r"\w+", species)).lower()
    return f"sightings-{words or 'species'}.csv"
