"""Correcting what a detector has found: boxes are added, moved and removed, and each step can be taken back."""

import os
from typing import Any, List, NamedTuple, Tuple, Union

import numpy as np
import traitlets

from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.frames.photo_paths import row_paths
from helpers.images.boxes import check_box
from helpers.season.detection.detections import Detections
from helpers.season.detection.megadetector import KINDS, Detection

BY_HAND = 1.0  # the score of a box that a person has drawn or moved
_LEAST = 0.005  # the shortest side of a box, as a share of the photo


class PlacedBox(NamedTuple):
    """A detection, and its place among all those of its photo, whatever their score."""

    place: int
    detection: Detection


class DetectionReview(traitlets.HasTraits):
    """Corrects the boxes of photos; what `BoxStrip` does by mouse and key, its functions do.

    Parameters
    ----------
    detections
        What `read_detections`, `detect` or `find_animals` returned. It stays as
        it is: `review.detections` has the corrections.
    cards
        The frame that they are of.

    Attributes
    ----------
    changed
        A trait that is another number after each correction.
    detections : Detections
        With all corrections until now, and the threshold that was set last.

    Raises
    ------
    FrameError
        For other arguments; by its functions too.

    Examples
    --------
    >>> from helpers.frames import SFrame
    >>> from helpers.season.detection.detections import Detections
    >>> review = DetectionReview(Detections(["a.jpg"], {}, [], 0.2), SFrame({"path": ["a.jpg"]}))
    >>> review.add("a.jpg", (0.1, 0.2, 0.5, 0.6))
    >>> review.detections.animals.tolist()
    [True]
    >>> review.undo()
    >>> len(review.detections)
    0
    """

    changed = traitlets.Int(0)

    def __init__(self, detections: Detections, cards: SFrame) -> None:
        super().__init__()
        if not isinstance(detections, Detections):
            raise FrameError(f"detections is what read_detections() returned, not {type(detections).__name__}")
        if not isinstance(cards, SFrame) or not detections.is_of(cards):
            raise FrameError("cards is the frame that the detections are of, with all of its rows")
        self.detections = detections
        self.files = [str(file or path) for path, file in zip(*row_paths(cards))]
        self._row_of = {path: row for row, path in enumerate(detections.names)}
        self._before: List[Tuple[int, Any]] = []  # of each correction: the row, and its photo as it was

    @property
    def can_undo(self) -> bool:
        return bool(self._before)

    def set_threshold(self, threshold: float) -> None:
        """Take another score from which a detection counts, 0 to 1."""
        self.detections = self.detections.above(threshold)
        self.changed += 1

    def boxes(self, path: str) -> List[PlacedBox]:
        """The detections of a photo that count, the best first."""
        return self._boxes(self._row(path))

    def add(self, path: str, box: Any, kind: str = "animal") -> None:
        """Add a box, left, top, right and bottom in shares of the photo, with the score 1."""
        row = self._row(path)
        self._replace(row, [*self._all(row), _drawn(kind, box)])

    def move(self, path: str, place: Any, box: Any) -> None:
        """Give a detection another box; its score is 1 then, as a person has looked at it."""
        row = self._row(path)
        every = self._all(row)
        every[self._place(every, place)] = _drawn(every[place].kind, box)._replace(
            label=every[place].label, label_score=every[place].label_score
        )
        self._replace(row, every)

    def remove(self, path: str, place: Any) -> None:
        """Remove a detection; a photo without any is blank then."""
        row = self._row(path)
        every = self._all(row)
        del every[self._place(every, place)]
        self._replace(row, every)

    def undo(self) -> None:
        """Take back the last correction; nothing where there is none."""
        if self._before:
            row, photo = self._before.pop()
            self.detections = self.detections.with_photo(row, photo)
            self.changed += 1

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Write MegaDetector's JSON, see `Detections.save`."""
        self.detections.save(path)

    def order(self) -> List[Tuple[int, PlacedBox]]:
        """The row of its photo and each detection that counts, the lowest score first."""
        rows = np.unique(self.detections.rows).tolist()
        every = [(row, box) for row in rows for box in self._boxes(row)]
        return sorted(every, key=lambda pair: (pair[1].detection.score, pair[0], pair[1].place))

    def _boxes(self, row: int) -> List[PlacedBox]:
        every = [PlacedBox(place, each) for place, each in enumerate(self._all(row)) if self.detections.counts_as(each)]
        return sorted(every, key=lambda box: -box.detection.score)

    def _row(self, path: Any) -> int:
        if path not in self._row_of:
            raise FrameError(f"{path!r} is none of the photos; a photo here is {next(iter(self._row_of), 'none')!r}")
        return self._row_of[path]

    def _all(self, row: int) -> List[Detection]:
        photo = self.detections.photo(row)
        return [] if photo is None else list(photo.detections)

    def _replace(self, row: int, every: List[Detection]) -> None:
        self._before.append((row, self.detections.photo(row)))
        self.detections = self.detections.with_detections(row, every)
        self.changed += 1

    @staticmethod
    def _place(every: List[Detection], place: Any) -> int:
        if isinstance(place, bool) or not isinstance(place, (int, np.integer)) or not 0 <= place < len(every):
            raise FrameError(f"place={place!r}: the photo has {len(every)} detections, from 0 on; boxes() lists them")
        return int(place)


def _drawn(kind: Any, box: Any) -> Detection:
    if kind not in KINDS:
        raise FrameError(f"kind={kind!r} is not known; there are {', '.join(KINDS)}")
    return Detection(kind, BY_HAND, check_box(box, smallest=_LEAST))
