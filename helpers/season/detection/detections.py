"""What a detector of animals has found in a season's photos, by the rows of their frame."""

import os
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple, Union

import numpy as np

from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame, with_columns
from helpers.images.boxes import SIDES
from helpers.season.detection.megadetector import KINDS, UNKNOWN, Bad, DetectedPhoto, Detection
from helpers.season.detection.results_file import write_file

_COLUMNS = ("animals", "people", "vehicles", "blank")  # what is known of each photo
PEOPLE_FROM = 0.2  # a higher threshold is meant for animals, and must not bring people back


class Detections:
    """The detections in the photos of a collection that score `threshold` or more.

    `names` are the collection's photos, by row. Of the detections, sorted by
    path and then by score, the best first, there are

    - `rows`, int64 [n]; `kinds`, a list of `animal`, `person` or `vehicle`;
      `scores`, float64 [n], 0 to 1; `boxes`, float64 [n, 4]: left, top, right,
      bottom in shares of the upright photo;
    - `frame`: the same as an SFrame of `path`, `kind`, `score`, `left`, `top`,
      `right`, `bottom`, and `label` and `label_score` of a classifier (None
      where there was none).

    Of the photos, each bool [photos] and of use as `where=`, there are

    - `animals`, `people`, `vehicles`: those that have one;
    - `seen`: those that the detector has looked at; `blank`: those of them
      that have nothing; `seen_for_people`: those in which it would have found
      people, which it does not where it knows animals alone.

    People count from 0.2 on, or from `threshold` where that is lower. A photo
    with a refused detection that may be a person is one of `people` too. Of
    photos that are not `seen`, nobody knows who is in them.

    `bad` is an SFrame of `file` and `reason`; `note` is a summary in one line;
    `detector` is its name, empty where that is not known.
    """

    def __init__(
        self,
        names: Sequence[str],
        photos: Dict[int, DetectedPhoto],
        bad: Bad,
        threshold: float,
        moved: Optional[Tuple[str, str]] = None,
        aside: int = 0,
        detector: str = "",
    ) -> None:
        self.names, self.threshold, self.detector = list(names), threshold, detector
        self._photos, self._bad, self._moved, self._aside = photos, bad, moved, aside
        self._least = dict.fromkeys((*KINDS, UNKNOWN), threshold)
        self._least["person"] = self._least[UNKNOWN] = min(threshold, PEOPLE_FROM)
        counted = [
            (row, detection)
            for row, photo in sorted(photos.items())
            for detection in dict.fromkeys(photo.detections)  # a photo may be in the file twice
            if self.counts_as(detection)
        ]
        self._doubtful = [row for row, detection in counted if detection.kind == UNKNOWN]
        self._detections = [pair for pair in counted if pair[1].kind != UNKNOWN]
        self._detections.sort(key=lambda pair: (self.names[pair[0]], pair[0], -pair[1].score, pair[1].box))
        self.rows = np.array([row for row, _ in self._detections], np.int64)
        self.kinds = [detection.kind for _, detection in self._detections]
        self.scores = np.array([detection.score for _, detection in self._detections], np.float64)
        self.boxes = np.array([detection.box for _, detection in self._detections], np.float64).reshape(-1, 4)
        self.bad = typed_frame([("file", str, [file for file, _ in bad]), ("reason", str, [why for _, why in bad])])

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"Detections: {self.note}"

    def above(self, threshold: float) -> "Detections":
        """The detections by another threshold, without reading the file again; raises `FrameError`."""
        check_threshold(threshold)
        return Detections(self.names, self._photos, self._bad, threshold, self._moved, self._aside, self.detector)

    def without(self, repeats: SFrame) -> "Detections":
        """The detections without those in a frame of `path`, `kind`, `score` and edges, such as `find_repeats` returns.

        A photo that has no other is blank then. These detections stay as they are.

        Raises
        ------
        FrameError
            For another frame.
        """
        needed = ("path", "kind", "score", *SIDES)
        if not isinstance(repeats, SFrame) or not set(needed) <= set(repeats.column_names()):
            raise FrameError("without() takes what find_repeats() returned, or some rows of detections.frame")
        gone = {tuple(row[name] for name in needed) for row in repeats}
        photos, aside = {}, self._aside
        for row, photo in self._photos.items():
            kept = [
                each for each in photo.detections if (self.names[row], each.kind, each.score, *each.box) not in gone
            ]
            aside += len(photo.detections) - len(kept)
            photos[row] = photo._replace(detections=kept)
        return Detections(self.names, photos, self._bad, self.threshold, self._moved, aside, self.detector)

    def photo(self, row: int) -> Optional[DetectedPhoto]:
        """All that is known of the photo in a row, whatever the threshold; None where nothing is."""
        return self._photos.get(row)

    def counts_as(self, detection: Detection) -> bool:
        """Whether a detection scores enough."""
        return detection.score >= self._least[detection.kind]

    def with_detections(self, row: int, detections: List[Detection]) -> "Detections":
        """The same with others in the photo in a row, which somebody has then looked at."""
        photo = self._photos.get(row) or DetectedPhoto(self.names[row], [], complete=True, for_people=False)
        return self.with_photo(row, photo._replace(detections=detections))

    def with_photo(self, row: int, photo: Optional[DetectedPhoto]) -> "Detections":
        """The same with another photo in a row; None where nothing is known of it."""
        photos = {**self._photos, **({} if photo is None else {row: photo})}
        if photo is None:
            photos.pop(row, None)
        return Detections(self.names, photos, self._bad, self.threshold, self._moved, self._aside, self.detector)

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Write MegaDetector's JSON, with all detections, whatever the threshold.

        `read_detections` reads it back as it is. Photos that could not be read
        are in it with the reason; what else is `bad` is not. A photo of which
        nothing but a refused detection is known is written as one that failed.

        Raises
        ------
        FrameError
            Where the file cannot be written.
        """
        write_file(path, self.names, self._photos, self._bad, self.detector)

    def having(self, kind: str) -> np.ndarray:
        """The photos with a detection of a kind, or that may show a person: bool [photos]. Raises `FrameError`."""
        if kind not in KINDS:
            raise FrameError(f"kind={kind!r} is not known; there are {', '.join(KINDS)}")
        rows = [row for row, detection in self._detections if detection.kind == kind]
        return self._mask(rows + self._doubtful if kind == "person" else rows)

    @property
    def animals(self) -> np.ndarray:
        return self.having("animal")

    @property
    def people(self) -> np.ndarray:
        return self.having("person")

    @property
    def vehicles(self) -> np.ndarray:
        return self.having("vehicle")

    @property
    def seen(self) -> np.ndarray:
        return self._mask(list(self._photos))

    @property
    def seen_for_people(self) -> np.ndarray:
        return self._mask([row for row, photo in self._photos.items() if photo.for_people])

    @property
    def blank(self) -> np.ndarray:
        return self._mask([row for row, photo in self._photos.items() if photo.complete]) & ~self._mask(self.rows)

    @property
    def counts(self) -> Dict[str, Optional[int]]:
        """How many photos, seen, animals, people, vehicles and blank ones there are; and how many boxes and bad.

        `people` and `vehicles` are None where the detector knows animals alone.
        """
        photos: Dict[str, Optional[int]] = {"seen": int(self.seen.sum())}
        for name in _COLUMNS:
            looked = self._known(name).any() or not self.seen.any()
            photos[name] = int(getattr(self, name).sum()) if looked else None
        return {"photos": len(self.names), **photos, "boxes": len(self), "bad": len(self._bad)}

    @property
    def note(self) -> str:
        counts = self.counts
        people = "people not looked for" if counts["people"] is None else "{people:,} with people"
        vehicles = "" if counts["vehicles"] is None else ", {vehicles:,} with vehicles"
        note = (
            "{seen:,} of {photos:,} photos looked at by the detector: {animals:,} with animals, "
            f"{people}{vehicles}, {{blank:,}} blank"
        ).format(**counts)
        note += f" (score {self.threshold:g} or more)"
        if self._moved is not None:
            note += f"; the file's folder {self._moved[0] or '.'} is taken for {self._moved[1] or '.'}"
        if self._aside:
            note += f"; {self._aside:,} set aside"
        entries = "1 entry" if counts["bad"] == 1 else f"{counts['bad']:,} entries"
        return note + (f"; {entries} left out, see bad" if counts["bad"] else "")

    @property
    def frame(self) -> SFrame:
        detections = [detection for _, detection in self._detections]
        return typed_frame(
            [
                ("path", str, [self.names[row] for row in self.rows]),
                ("kind", str, self.kinds),
                ("score", float, self.scores.tolist()),
                *((side, float, edges) for side, edges in zip(SIDES, self.boxes.T.tolist())),
                ("label", str, [detection.label for detection in detections]),
                ("label_score", float, [detection.label_score for detection in detections]),
            ]
        )

    def is_of(self, photos: Any) -> bool:
        """Whether a frame, a model or a list of paths has the same photos, in the same order."""
        return names_of(photos) == self.names

    def add_to(self, data: SFrame) -> SFrame:
        """The frame with the int columns `animals`, `people`, `vehicles` and `blank`, 1 or 0.

        Photos that the detector has not looked at have None, and so have `people`
        and `vehicles` where it does not look for them. Columns of these names are
        replaced.
        Raises `FrameError` for another frame than the one that the detections
        were read for.
        """
        if not isinstance(data, SFrame) or not self.is_of(data):
            raise FrameError("add_to() takes the frame that the detections were read for, with all of its rows")
        columns = []
        for name in _COLUMNS:
            pairs = zip(getattr(self, name).tolist(), self._known(name).tolist())
            columns.append((name, int, [int(value) if known else None for value, known in pairs]))
        return with_columns(data, columns)

    def _known(self, name: str) -> np.ndarray:
        """The photos of which something is known: a detector that finds no people looks for no vehicles either."""
        return self.seen_for_people | getattr(self, name) if name in ("people", "vehicles") else self.seen

    def _mask(self, rows: Iterable[int]) -> np.ndarray:
        return np.isin(np.arange(len(self.names)), rows)


def names_of(photos: Any) -> List[str]:
    """The paths of a collection's photos, given as a frame, a model or a list of paths; raises `FrameError`."""
    if isinstance(photos, SFrame):
        if "path" not in photos.column_names():
            columns = ", ".join(photos.column_names())
            raise FrameError(f"the frame has no column 'path', by which photos are found in the file; it has {columns}")
        return ["" if path is None else str(path) for path in photos["path"]]
    if hasattr(photos, "names") and hasattr(photos, "vectors"):
        return list(photos.names)
    if isinstance(photos, (list, tuple)) and all(isinstance(path, str) for path in photos):
        return list(photos)
    raise FrameError(f"photos is the frame of load_photos, a model or a list of paths, not {type(photos).__name__}")


def check_threshold(threshold: Any) -> None:
    """Raise `FrameError` for what is not a score from 0 to 1."""
    if isinstance(threshold, bool) or not isinstance(threshold, (int, float, np.number)) or not 0 <= threshold <= 1:
        raise FrameError(f"threshold is a score from 0 to 1, not {threshold!r}")
