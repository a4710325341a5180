"""The observations of a Camtrap DP package: sightings by event, and detections by photo."""

from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from helpers.errors import FrameError
from helpers.files.spreadsheet import guarded
from helpers.frames import SFrame
from helpers.season.detection.detections import Detections
from helpers.season.exchange.camtrap.tables import Medium, Row, identity, written
from helpers.season.sighting import CANDIDATE, CONFIRMED, Sighting
from helpers.season.sighting import REJECTED as NOT_IT

CANDIDATES = ("unclassified", "unknown", "leave out")
REJECTED = ("unclassified", "leave out")

_TYPES = {"animal": "animal", "person": "human", "vehicle": "vehicle"}
_NARROWEST = 1e-6  # of a box, as a share of the photo


class MediaEvent(NamedTuple):
    """The photos of an event that are in the package."""

    name: str  # the eventID
    media: List[Medium]  # by time

    @property
    def cells(self) -> Row:
        """The cells that all observations of the event share."""
        return {
            "deploymentID": self.media[0].cells["deploymentID"],
            "eventID": self.name,
            "eventStart": written(self.media[0].taken),
            "eventEnd": written(self.media[-1].taken),
        }


class MediaEvents(NamedTuple):
    """The events of a frame."""

    by_number: Dict[int, MediaEvent]  # those with a photo in the package
    numbers: List[int]  # the event of each row of the frame
    by_path: Dict[str, int]  # the event of each path


def events_of(data: SFrame, media: List[Optional[Medium]]) -> MediaEvents:
    """The events of the frame's photos; raises `FrameError` where it has no column of them."""
    if "event" not in data.column_names():
        raise FrameError("the season's frame has no column 'event'; give the season, or what add_events gives")
    numbers: List[int] = list(data["event"])
    grouped: Dict[int, List[Medium]] = {}
    for number, medium in zip(numbers, media):
        if medium is not None:
            grouped.setdefault(number, []).append(medium)
    events = {}
    for number, group in grouped.items():
        group.sort(key=lambda medium: (medium.taken, medium.path))
        events[number] = MediaEvent(identity("e", group[0].deployment, group[0].path), group)
    by_path: Dict[str, int] = {}
    for path, number in zip(data["path"], numbers):
        by_path.setdefault(path, number)
    return MediaEvents(events, numbers, by_path)


def event_rows(
    sightings: Mapping[str, List[Sighting]], events: MediaEvents, classified_by: str, candidates: str, rejected: str
) -> List[Row]:
    """An observation for each confirmed species of an event, else one for the event. Raises `FrameError`.

    `sightings` are by species. Events without a photo in the package have no observation.
    """
    judged: Dict[int, List[Tuple[str, Sighting]]] = {}
    for species, of_species in sightings.items():
        for sighting in of_species:
            path, number = sighting.path, sighting.event
            if path is not None and events.by_path.get(path) != number:
                raise FrameError(
                    f"the sightings of {species} are not of this frame: {path} is not of event {number} here"
                )
            judged.setdefault(number, []).append((species, sighting))
    rows: List[Row] = []
    for number in sorted(set(judged) & set(events.by_number)):
        event = events.by_number[number]
        confirmed = [species for species, sighting in judged[number] if sighting.status == CONFIRMED]
        for species in confirmed:
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
        if not confirmed:
            rows += _unconfirmed(event, judged[number], classified_by, candidates, rejected)
    return rows


def _unconfirmed(
    event: MediaEvent, judged: Iterable[Tuple[str, Sighting]], classified_by: str, candidates: str, rejected: str
) -> List[Row]:
    """The observation of an event without a confirmed species, if there is to be one."""
    possible = [(species, sighting) for species, sighting in judged if sighting.status == CANDIDATE]
    excluded = [species for species, sighting in judged if sighting.status == NOT_IT]
    kind = candidates if possible and candidates != "leave out" else rejected if excluded else "leave out"
    if kind == "leave out":
        return []
    comments = [f"candidate for {species}{_rank(sighting)}" for species, sighting in possible]
    comments = [] if candidates == "leave out" else comments
    comments += [f"not {species}" for species in excluded]
    row = {
        "observationID": identity("o", event.name, ""),
        **event.cells,
        "observationLevel": "event",
        "observationType": kind,
        "observationComments": guarded("; ".join(comments)),
    }
    if excluded and not possible:
        row.update(classificationMethod="human", classifiedBy=guarded(classified_by))
    return [row]


def _rank(sighting: Sighting) -> str:
    return "" if sighting.rank is None else f" (rank {sighting.rank})"


def detection_rows(
    detections: Detections, media: List[Optional[Medium]], events: MediaEvents, detector: str
) -> List[Row]:
    """An observation for each detection, and one for each blank photo.

    Equal boxes of a photo are numbered, since each observation needs another ID.
    """
    rows: List[Row] = []
    counts: Dict[Tuple[Any, ...], int] = {}

    def add(row: int, kind: str, *box: Any, **more: Any) -> None:
        medium = media[row]
        if medium is None:
            return
        event = events.by_number[events.numbers[row]]
        moment = written(medium.taken)
        key = (medium.path, detector, kind, *box)
        counts[key] = counts.get(key, 0) + 1
        rows.append(
            {
                "observationID": identity("o", *key, *([counts[key]] if counts[key] > 1 else ())),
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
