"""Detectors of the family YOLOv5: a photo in a grey frame goes in, rows of possible boxes come out; the best are kept.

The frame, the scores and the suppression of boxes are those of YOLOv5's
`letterbox` and `non_max_suppression`, as MegaDetector 5 and 1000 use them,
written anew from their description.
"""

from pathlib import Path
from typing import List, Sequence, Tuple

import numpy as np

from helpers.errors import ModelError
from helpers.images.boxes import intersection_over_union
from helpers.networks.plain import open_plain

STRIDE = 64  # pixels: each side of the frame is a multiple
_GREY = 114
_LEAST = 0.005  # the score of the weakest box
_SAME = 0.45  # boxes that overlap by more are one, if they are of one class
_CANDIDATES = 30_000
_COLUMNS = 5  # of a row, before the scores of the classes: centre x and y, width, height, score of anything

BOXES = 100  # of a photo, at most
NUMBERS = 6  # of a box: left, top, right, bottom in shares of the photo, score, class


def fitted_size(size: Tuple[int, int], side: int) -> Tuple[int, int]:
    """Width and height of a photo of `size` whose longer side is enlarged or reduced to `side` pixels."""
    scale = side / max(size)
    width, height = (max(1, round(length * scale)) for length in size)
    return width, height


def framed(pixels: np.ndarray) -> Tuple[np.ndarray, Tuple[int, int]]:
    """A photo, uint8 [height, width, 3], in the middle of a frame, and where in it its left and top edge are.

    The frame is float32 [1, 3, height, width], 0 to 1, no larger than it must be.
    """
    height, width = pixels.shape[:2]
    across, down = (-(-length // STRIDE) * STRIDE for length in (width, height))
    left, top = (across - width) // 2, (down - height) // 2
    frame = np.full((1, 3, down, across), _GREY / 255, np.float32)
    frame[0, :, top : top + height, left : left + width] = pixels.transpose(2, 0, 1) * np.float32(1 / 255)
    return frame, (left, top)


def best_boxes(rows: np.ndarray) -> np.ndarray:
    """The boxes to keep of what a network returns for one frame: float64 [n, 6], the best first, at most 100.

    `rows` are float [rows, 5 + classes]: the centre, width and height in pixels,
    how likely anything is there, and how likely each class then is. A box has
    left, top, right, bottom in pixels of the frame, the product of both scores,
    and its class. Of boxes of one class that overlap by more than 0.45 the best
    is kept, in the order of the scores; equal scores in the order of the rows.
    """
    rows = rows[rows[:, 4] > _LEAST].astype(np.float64)
    scores = rows[:, _COLUMNS:] * rows[:, 4:5]
    classes = scores.argmax(axis=1) if len(rows) else np.zeros(0, np.int64)
    best = scores[np.arange(len(rows)), classes]
    likely = np.flatnonzero(best > _LEAST)
    likely = likely[np.argsort(-best[likely], kind="stable")][:_CANDIDATES]
    centres, halves = rows[likely, 0:2], rows[likely, 2:4] / 2
    boxes = np.hstack([centres - halves, centres + halves])
    left = np.arange(len(likely))
    kept: List[int] = []
    while len(left) and len(kept) < BOXES:
        first, left = left[0], left[1:]
        kept.append(int(first))
        overlaps = intersection_over_union(boxes[first], boxes[left])[0] > _SAME
        left = left[~(overlaps & (classes[likely[left]] == classes[likely[first]]))]
    return np.column_stack([boxes, best[likely], classes[likely]])[kept]


class Detector:
    """A network of the family YOLOv5 as ONNX: RGB, float32 [1, 3, height, width], 0 to 1, to [1, rows, 5 + classes].

    Raises `ModelError` where it cannot be run, or is something else.
    """

    def __init__(self, path: Path, classes: int) -> None:
        self._run, self._path, self._columns = open_plain(path), path, _COLUMNS + classes

    def run(self, photos: Sequence[np.ndarray]) -> np.ndarray:
        """The boxes of photos, uint8 [height, width, 3] in RGB each: float32 [photos, 600], for each box six numbers.

        These are left, top, right and bottom in shares of the photo, the score,
        and the class, a number from 0; the best box first. The score is 0 where
        there are no more boxes.
        """
        found = np.zeros((len(photos), BOXES, NUMBERS), np.float32)
        for place, pixels in enumerate(photos):
            frame, (left, top) = framed(pixels)
            rows = self._run(frame)
            shape = list(rows.shape) if isinstance(rows, np.ndarray) and rows.dtype.kind == "f" else "no floats"
            if shape == "no floats" or rows.ndim != 3 or rows.shape[0] != 1 or rows.shape[2] != self._columns:
                raise ModelError(
                    f"{self._path} is not a detector of the family YOLOv5 with {self._columns - _COLUMNS} classes: its "
                    f"output is {shape}, and would be [1, rows, {self._columns}]"
                )
            boxes = best_boxes(rows[0])
            if (boxes[:, 4] > 1).any():
                raise ModelError(f"{self._path} is not a detector of the family YOLOv5: its scores are larger than 1")
            height, width = pixels.shape[:2]
            boxes[:, 0:4:2] = np.clip((boxes[:, 0:4:2] - left) / width, 0, 1)
            boxes[:, 1:4:2] = np.clip((boxes[:, 1:4:2] - top) / height, 0, 1)
            boxes = boxes[(boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])]  # else it is in the frame alone
            found[place, : len(boxes)] = boxes
        return found.reshape(len(photos), BOXES * NUMBERS)
