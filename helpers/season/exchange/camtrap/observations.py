"""The observations of a Camtrap DP package: sightings by event, and a detector's finds by photo."""

from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from helpers.errors import FrameError
from helpers.files.spreadsheet import guarded
from helpers.season.exchange.camtrap.tables import Medium, Row, identity, written
from helpers.season.sighting import CANDIDATE, CONFIRMED, Sighting
from helpers.season.sighting import REJECTED as NOT_IT

CANDIDATES = ("unclassified", "unknown", "leave out")
REJECTED = ("unclassified", "leave out")

_TYPES = {"animal": "animal", "person": "human", "vehicle": "vehicle"}
_NARROWEST = 1e-6  # of a box, as a share of the photo


class Event(NamedTuple):
    """An event's photos in the package, by time, and what it is called there."""

    name: str
    media: List[Medium]

    @property
    def cells(self) -> Row:
        """What all observations of the event have."""
        return {
            "deploymentID": self.media[0].cells["deploymentID"],
            "eventID": self.name,
            "eventStart": written(self.media[0].taken),
            "eventEnd": written(self.media[-1].taken),
        }


class Events(NamedTuple):
    """The events of a frame."""

    by_number: Dict[int, Event]  # those with a photo in the package
    numbers: List[int]  # of each row of the frame
    by_path: Dict[str, int]


def events_of(data: Any, media: List[Optional[Medium]]) -> Events:
    """The events of the frame's photos; raises `FrameError` where it has none."""
    if "event" not in data.column_names():
        raise FrameError("the season's frame has no column 'event'; give the season, or what add_events gives")
    numbers: List[int] = list(data["event"])
    grouped: Dict[int, List[Medium]] = {}
    for number, each in zip(numbers, media):
        if each is not None:
            grouped.setdefault(number, []).append(each)
    events = {}
    for number, group in grouped.items():
        group.sort(key=lambda each: (each.taken, each.path))
        events[number] = Event(identity("e", group[0].deployment, group[0].path), group)
    by_path: Dict[str, int] = {}
    for path, number in zip(data["path"], numbers):
        by_path.setdefault(path, number)
    return Events(events, numbers, by_path)


def event_rows(
    told: Mapping[str, List[Sighting]], events: Events, classified_by: str, candidates: str, rejected: str
) -> List[Row]:
    """An observation for each species of an event that was confirmed, else one for the event. Raises `FrameError`.

    Events of which no photo is in the package have none.
    """
    judged: Dict[int, List[Tuple[str, Sighting]]] = {}
    for species, sightings in told.items():
        for each in sightings:
            if each.path is not None and events.by_path.get(each.path) != each.event:
                raise FrameError(
                    f"the sightings of {species} are not of this frame: {each.path} is not of event {each.event} here"
                )
            judged.setdefault(each.event, []).append((species, each))
    rows: List[Row] = []
    for number in sorted(set(judged) & set(events.by_number)):
        event = events.by_number[number]
        sure = [species for species, each in judged[number] if each.status == CONFIRMED]
        for species in sure:
            rows.append(
                {
                    "observationID": identity("o", event.name, species),
                    **event.cells,
                    "observationLevel": "event",
                    "observationType": "animal",
                    "scientificName": guarded(species),
                    "classificationMethod": "human",
                    "classifiedBy": guarded(classified_by),
                }
            )
        if not sure:
            rows += _unsure(event, judged[number], classified_by, candidates, rejected)
    return rows


def _unsure(
    event: Event, judged: Iterable[Tuple[str, Sighting]], classified_by: str, candidates: str, rejected: str
) -> List[Row]:
    """The observation of an event that shows nothing for certain, if it is to be there."""
    maybe = [(species, each) for species, each in judged if each.status == CANDIDATE]
    never = [species for species, each in judged if each.status == NOT_IT]
    kind = candidates if maybe and candidates != "leave out" else rejected if never else "leave out"
    if kind == "leave out":
        return []
    comments = [f"candidate for {species}{_rank(each)}" for species, each in maybe if candidates != "leave out"]
    comments += [f"not {species}" for species in never]
    row = {
        "observationID": identity("o", event.name, ""),
        **event.cells,
        "observationLevel": "event",
        "observationType": kind,
        "observationComments": guarded("; ".join(comments)),
    }
    if never and not maybe:
        row.update(classificationMethod="human", classifiedBy=guarded(classified_by))
    return [row]


def _rank(sighting: Sighting) -> str:
    return "" if sighting.rank is None else f" (rank {sighting.rank})"


def detection_rows(detections: Any, media: List[Optional[Medium]], events: Events, detector: str) -> List[Row]:
    """An observation for each box of a photo, and one for each photo that was looked at and has none.

    Boxes that are alike to the last digit are numbered, for each has an ID of its own.
    """
    rows: List[Row] = []
    alike: Dict[Tuple[Any, ...], int] = {}

    def add(row: int, kind: str, *box: Any, **more: Any) -> None:
        medium = media[row]
        if medium is None:
            return
        event = events.by_number[events.numbers[row]]
        moment = written(medium.taken)
        known = (medium.path, detector, kind, *box)
        alike[known] = alike.get(known, 0) + 1
        rows.append(
            {
                "observationID": identity("o", *known, *([alike[known]] if alike[known] > 1 else ())),
                **event.cells,
                "mediaID": medium.cells["mediaID"],
                "eventStart": moment,
                "eventEnd": moment,
                "observationLevel": "media",
                "observationType": kind,
                "classificationMethod": "machine",
                "classifiedBy": guarded(detector),
                **more,
            }
        )

    boxes = zip(detections.rows.tolist(), detections.kinds, detections.scores.tolist(), detections.boxes.tolist())
    for row, kind, score, (left, top, right, bottom) in boxes:
        sides = {
            "bboxX": round(left, 6),
            "bboxY": round(top, 6),
            "bboxWidth": round(min(max(right - left, _NARROWEST), 1), 6),
            "bboxHeight": round(min(max(bottom - top, _NARROWEST), 1), 6),
        }
        add(row, _TYPES[kind], score, left, top, right, bottom, **sides, classificationProbability=round(score, 4))
    for row in np.flatnonzero(detections.blank).tolist():
        add(row, "blank")
    return rows
