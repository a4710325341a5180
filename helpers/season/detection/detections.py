"""What an animal detector found in a season's photos: MegaDetector's results, beside the frame of the photos.

>>> import json, pathlib, tempfile
>>> fox = {"category": "1", "conf": 0.9, "bbox": [0.2, 0.4, 0.3, 0.2]}
>>> images = [{"file": "north/1.JPG", "detections": [fox]}, {"file": "north/2.JPG", "detections": []}]
>>> with tempfile.TemporaryDirectory() as folder:
...     file = pathlib.Path(folder, "megadetector.json")
...     length = file.write_text(json.dumps({"images": images}))
...     detections = read_detections(file, ["north/1.JPG", "north/2.JPG", "north/3.JPG"])
>>> print(detections.note)
2 of 3 photos looked at by the detector: 1 with animals, 0 with people, 0 with vehicles, 1 blank (score 0.2 or more)
>>> detections.animals.tolist(), detections.blank.tolist()
([True, False, False], [False, True, False])
"""

import os
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame, with_columns
from helpers.season.detection.megadetector import KINDS, UNKNOWN, Bad, Found, read_file
from helpers.season.match_paths import match, normal

__all__ = ["KINDS", "Detections", "read_detections"]

PEOPLE_FROM = 0.2  # a threshold above this one is for animals: it must not bring people back

_NOBODY = "the frame has no column 'path', by which the file's photos could be told apart"


def read_detections(
    file: Union[str, "os.PathLike[str]"], photos: Any, *, threshold: float = 0.2, progress: bool = True
) -> "Detections":
    """What MegaDetector found in the photos of a collection, from the JSON that it wrote.

    - `photos`: the frame of `load_photos`, a similarity model, or a list of paths.
      The file's photos are told by the end of their paths, see
      `helpers.season.match_paths`: it may come from another machine, and from Windows.
    - `threshold`: the score from which a detection counts, 0 to 1. Animals that
      are there score as low as 0.08; the files of most detectors end at 0.005 to 0.1.

    What in the file is wrong, is of other photos or cannot be told stands in
    `bad` of the answer, and costs nothing else. Raises `FrameError` where the
    file is not there or something else.
    """
    _check_threshold(threshold)
    names = _names(photos)
    looked, bad = read_file(file, progress)
    first: Dict[str, int] = {}
    found: List[Dict[Found, None]] = []
    whole: List[bool] = []
    files: List[str] = []
    for photo in looked:
        place = first.setdefault(normal(photo.file), len(files))
        if place < len(files):
            bad.append((photo.file, "it is in the file more than once: what was found in any of them counts"))
            found[place].update(dict.fromkeys(photo.found))
            whole[place] &= photo.whole
        else:
            files.append(photo.file)
            found.append(dict.fromkeys(photo.found))
            whole.append(photo.whole)
    matched = match(files, names)
    bad += [(name, reason) for name, reason in zip(files, matched.reasons) if reason]
    told = [(row, place) for place, row in enumerate(matched.rows) if row is not None]
    seen = {row: whole[place] for row, place in told}
    boxes = [(row, each) for row, place in sorted(told) for each in found[place]]
    return Detections(names, seen, boxes, bad, threshold, matched.moved)


class Detections:
    """Detections in the photos of a collection that score `threshold` or more.

    `names` are the collection's photos, by their row, and of these

    - `rows`, int64 [n], `kinds`, list of `animal`, `person` or `vehicle`,
      `scores`, float64 [n], `boxes`, float64 [n, 4]: left, top, right, bottom in
      shares of the upright photo; sorted by path, then the best score first;
    - `animals`, `people`, `vehicles`: the photos that have one, `blank`: those
      that were looked at and have nothing, `seen`: those that were looked at.
      bool [rows of the frame] each, to be handed on as `where=`.

    People count from 0.2 on, or from `threshold` where that is lower: a higher
    one, for animals, does not bring photos with people back. Of what was
    refused and may be a person the same holds: the photo is one of `people`,
    and `bad` says why. A photo that the file does not tell of is not `seen`,
    and nobody knows who is in it.

    `frame` is an SFrame of all this, with what a classifier said: `path`,
    `kind`, `score`, `left`, `top`, `right`, `bottom`, `label` and `label_score`
    (None where there was no classifier). `bad` is one of `file` and `reason`.
    `note` is one line for a person.
    """

    def __init__(
        self,
        names: Sequence[str],
        seen: Dict[int, bool],
        found: List[Tuple[int, Found]],
        bad: Bad,
        threshold: float,
        moved: Optional[Tuple[str, str]] = None,
    ) -> None:
        self.names, self.threshold = list(names), threshold
        self._seen, self._all, self._bad, self._moved = seen, found, bad, moved
        least = {kind: min(threshold, PEOPLE_FROM) if kind == "person" else threshold for kind in KINDS}
        counted = [(row, each) for row, each in found if each.kind in KINDS and each.score >= least[each.kind]]
        self._doubtful = [row for row, each in found if each.kind == UNKNOWN and each.score >= least["person"]]
        counted.sort(key=lambda pair: (self.names[pair[0]], pair[0], -pair[1].score, pair[1].box))
        self._found = counted
        self.rows = np.array([row for row, _ in counted], np.int64)
        self.kinds = [each.kind for _, each in counted]
        self.scores = np.array([each.score for _, each in counted], np.float64)
        self.boxes = np.array([each.box for _, each in counted], np.float64).reshape(-1, 4)
        self.bad = typed_frame(
            (name, str, [row[place] for row in bad]) for place, name in enumerate(("file", "reason"))
        )

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"Detections: {self.note}"

    def above(self, threshold: float) -> "Detections":
        """The same file's detections by another threshold; it is not read again. Raises `FrameError`."""
        _check_threshold(threshold)
        return Detections(self.names, self._seen, self._all, self._bad, threshold, self._moved)

    def having(self, kind: str) -> np.ndarray:
        """The photos that have a detection of a kind, or may have a person; bool [rows of the frame].

        Raises `FrameError`.
        """
        if kind not in KINDS:
            raise FrameError(f"kind={kind!r} is not known; there are {', '.join(KINDS)}")
        rows = [row for row, each in zip(self.rows.tolist(), self.kinds) if each == kind]
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
        return self._mask(list(self._seen))

    @property
    def blank(self) -> np.ndarray:
        return self._mask([row for row, whole in self._seen.items() if whole]) & ~self._mask(self.rows)

    @property
    def counts(self) -> Dict[str, int]:
        """How many photos there are of each sort: photos, seen, animals, people, vehicles, blank; and boxes, bad."""
        sorts = {name: int(getattr(self, name).sum()) for name in ("seen", "animals", "people", "vehicles", "blank")}
        return {"photos": len(self.names), **sorts, "boxes": len(self), "bad": len(self._bad)}

    @property
    def note(self) -> str:
        counts = self.counts
        said = (
            "{seen:,} of {photos:,} photos looked at by the detector: {animals:,} with animals, "
            "{people:,} with people, {vehicles:,} with vehicles, {blank:,} blank"
        ).format(**counts)
        said += f" (score {self.threshold:g} or more)"
        if self._moved is not None:
            said += f"; the file's folder {self._moved[0] or '.'} is taken for {self._moved[1] or '.'}"
        entries = "1 entry" if counts["bad"] == 1 else f"{counts['bad']:,} entries"
        return said + (f"; {entries} left out, see bad" if counts["bad"] else "")

    @property
    def frame(self) -> Any:
        found = [each for _, each in self._found]
        sides = zip(("left", "top", "right", "bottom"), self.boxes.T.tolist())
        return typed_frame(
            [
                ("path", str, [self.names[row] for row in self.rows]),
                ("kind", str, self.kinds),
                ("score", float, self.scores.tolist()),
                *((name, float, edges) for name, edges in sides),
                ("label", str, [each.label for each in found]),
                ("label_score", float, [each.label_score for each in found]),
            ]
        )

    def is_of(self, photos: Any) -> bool:
        """Whether a frame, a model or a list of paths has the photos that the file was read for, in their order."""
        return _names(photos) == self.names

    def add_to(self, data: Any) -> Any:
        """The frame with four int columns more, `animals`, `people`, `vehicles`, `blank`: 1 where there is one, or 0.

        None in the rows of photos that the detector did not look at. Columns of
        these names are made anew. Raises
        `FrameError` for another frame than the one that the file was read for.
        """
        if not isinstance(data, SFrame) or not self.is_of(data):
            raise FrameError("add_to() takes the frame that the detections were read for, with all of its rows")
        seen = self.seen.tolist()

        def told(name: str) -> List[Optional[int]]:
            return [int(value) if known else None for value, known in zip(getattr(self, name).tolist(), seen)]

        return with_columns(data, ((name, int, told(name)) for name in ("animals", "people", "vehicles", "blank")))

    def _mask(self, rows: Any) -> np.ndarray:
        chosen = np.zeros(len(self.names), bool)
        chosen[rows] = True
        return chosen


def _names(photos: Any) -> List[str]:
    """What the collection's photos are called."""
    if isinstance(photos, SFrame):
        if "path" not in photos.column_names():
            raise FrameError(f"{_NOBODY}; it has {', '.join(photos.column_names())}")
        return ["" if path is None else str(path) for path in photos["path"]]
    if hasattr(photos, "names") and hasattr(photos, "vectors"):
        return list(photos.names)
    if isinstance(photos, (list, tuple)) and all(isinstance(each, str) for each in photos):
        return list(photos)
    raise FrameError(f"photos is the frame of load_photos, a model or a list of paths, not {type(photos).__name__}")


def _check_threshold(threshold: Any) -> None:
    if isinstance(threshold, bool) or not isinstance(threshold, (int, float, np.number)) or not 0 <= threshold <= 1:
        raise FrameError(f"threshold is a score from 0 to 1, not {threshold!r}")
