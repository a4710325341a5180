"""The windows in which the parts of a photo are described, and how a network's map is pooled in them.

A photo keeps its shape, about, and gets the same number of pixels whatever its shape: things are then as large and as
wide in one photo as in another.
"""

import math
from typing import List, NamedTuple, Tuple

import numpy as np

Size = Tuple[int, int]  # width, height in pixels

_SHAPES = (9 / 16, 3 / 4, 1, 4 / 3, 16 / 9)  # width / height
_SIDE = 672  # pixels of a photo's side, were it square, where the network takes 224
_LARGEST = 3  # times the network's own size
_LEVELS = (
    (1 / 7, 2 / 21),
    (5 / 21, 1 / 7),
    (17 / 42, 1 / 5),
    (2 / 3, 1 / 3),
)  # a window's side, and how far to the next
_CANVAS = 5 / 7  # the side of the canvas of a query; all of these are shares of a photo's side
_ASPECTS = (1 / 4, 1 / 3, 1 / 2, 0.7, 1, 1 / 0.7, 2, 3, 4)  # width / height of the boxes of queries
_MULTIPLE = 32  # pixels that most networks make one place of their last map
LEVELS, SHAPES = len(_LEVELS), len(_SHAPES)


class Windows(NamedTuple):
    """Windows of a picture of a certain size."""

    size: Size
    boxes: np.ndarray  # float64 [windows, 4]: left, top, right, bottom as shares of the picture
    levels: np.ndarray  # int [windows]: of which size each one is, from small to large


def shapes(own: Size) -> List[Size]:
    """The sizes in which photos go through a network whose own size is that for classification."""
    return [_sized(_side(own) * math.sqrt(shape), _side(own) / math.sqrt(shape)) for shape in _SHAPES]


def nearest_shape(width: int, height: int) -> int:
    """The number of the shape that is most like a photo's."""
    apart = [abs(math.log(width / height / shape)) for shape in _SHAPES]
    return apart.index(min(apart))


def windows_of(size: Size) -> Windows:
    """The windows of a photo, small ones first, line by line: squares that overlap, spread evenly."""
    side = math.sqrt(size[0] * size[1])
    boxes: List[Tuple[float, float, float, float]] = []
    levels: List[int] = []
    for level, (share, step) in enumerate(_LEVELS):
        starts, shares = [], []
        for length in size:
            shares.append(min(1.0, share * side / length))
            count = max(1, round((1 - shares[-1]) * length / (step * side)) + 1)
            starts.append(np.linspace(0, 1 - shares[-1], count))
        boxes += [(x, y, x + shares[0], y + shares[1]) for y in starts[1] for x in starts[0]]
        levels += [level] * (len(boxes) - len(levels))
    return Windows(size, np.array(boxes), np.array(levels))


def canvas(own: Size) -> Windows:
    """A square with the thing that is searched for in its middle: a window for each level and each aspect of a box."""
    side = _side(own)
    size = _sized(_CANVAS * side, _CANVAS * side)
    boxes: List[Tuple[float, float, float, float]] = []
    levels: List[int] = []
    for level, (share, _) in enumerate(_LEVELS):
        for aspect in _ASPECTS:
            wide, high = (share * side / size[0] * length / 2 for length in (min(1.0, aspect), min(1.0, 1 / aspect)))
            boxes.append((0.5 - wide, 0.5 - high, 0.5 + wide, 0.5 + high))
        levels += [level] * len(_ASPECTS)
    return Windows(size, np.array(boxes), np.array(levels))


def nearest_aspect(aspect: float) -> int:
    """Which of the windows of each level in a `canvas` is most like a box of that width / height."""
    apart = [abs(math.log(aspect / other)) for other in _ASPECTS]
    return apart.index(min(apart))


def pooling(boxes: np.ndarray, height: int, width: int) -> np.ndarray:
    """How much each place of a map counts in each window: float32 [height * width, windows], columns of sum 1."""
    across = _overlap(boxes[:, 0] * width, boxes[:, 2] * width, width)
    down = _overlap(boxes[:, 1] * height, boxes[:, 3] * height, height)
    shares = (down[:, :, np.newaxis] * across[:, np.newaxis, :]).reshape(len(boxes), -1)
    return np.ascontiguousarray((shares / shares.sum(axis=1, keepdims=True)).T, dtype=np.float32)


def _overlap(starts: np.ndarray, ends: np.ndarray, count: int) -> np.ndarray:
    """How much of each place 0 to `count` lies between a start and an end: float64 [windows, count]."""
    places = np.arange(count)
    return np.clip(np.minimum(places + 1, ends[:, np.newaxis]) - np.maximum(places, starts[:, np.newaxis]), 0, None)


def _side(own: Size) -> float:
    side = math.sqrt(own[0] * own[1])
    return side * max(1, min(_LARGEST, round(_SIDE / side)))


def _sized(width: float, height: float) -> Size:
    multiple = _MULTIPLE if min(width, height) >= 8 * _MULTIPLE else 1
    return multiple * round(width / multiple), multiple * round(height / multiple)
