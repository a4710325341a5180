"""A box on a photo: four shares of the upright photo, in the order left, top, right, bottom."""

from reprlib import repr as short  # a box from outside may be anything, and endless
from typing import Any, Mapping, Optional, Tuple

import numpy as np

from helpers.errors import FrameError

Box = Tuple[float, float, float, float]  # left, top, right, bottom: shares, 0 to 1, of the upright photo
SIDES = ("left", "top", "right", "bottom")

_CONTEXT = 0.25  # of a box's longer side, shown around it
_LEAST = 32  # pixels: a smaller box is not enlarged further, for it has nothing more to show


def check_box(box: Any, *, smallest: float = 0.0) -> Box:
    """The box as four floats; raises `FrameError` where it isn't a box, leaves the photo, or has a shorter side."""
    try:
        left, top, right, bottom = (float(each) for each in box)
    except (TypeError, ValueError, OverflowError):
        raise FrameError(f"a box is four numbers, left, top, right and bottom from 0 to 1, not {short(box)}") from None
    if not (0 <= left <= 1 and 0 <= top <= 1 and 0 <= right <= 1 and 0 <= bottom <= 1):  # false for NaN too
        raise FrameError(f"a box is given in shares of the photo, from 0 to 1, not {short(box)}")
    if right <= left or bottom <= top:
        raise FrameError(f"the box {box!r} is empty: right must be more than left, and bottom more than top")
    if right - left < smallest or bottom - top < smallest:
        raise FrameError(f"the box {box!r} is too small: each side must be at least {smallest:.0%} of the photo's")
    return left, top, right, bottom


def box_in(row: Mapping[str, Any]) -> Optional[Box]:
    """The box in the columns `SIDES` of a frame's row; None where it has none. Raises `FrameError` as `check_box`."""
    return None if row.get("left") is None else check_box([row.get(side) for side in SIDES])


def edges_of(box: Box, size: Tuple[int, int], margin: float) -> Box:
    """The edges of the part to cut out for a box, in pixels of a photo of that size (width, height).

    The box with a margin on each side, a share of the box; at the photo's
    edge it is moved, and cut off only where the photo ends. A pixel at least.
    """
    first, last = [], []
    for axis, length in enumerate(size):
        side = min(float(length), max(1.0, (box[axis + 2] - box[axis]) * length * (1 + 2 * margin)))
        start = min(max(0.0, (box[axis] + box[axis + 2]) / 2 * length - side / 2), length - side)
        first.append(start)
        last.append(start + side)
    return first[0], first[1], last[0], last[1]


def surroundings_of(box: Box, size: Tuple[int, int], aspect: float) -> Box:
    """The part of a photo of `size` (width, height) that shows a box enlarged: the box, and what is close to it.

    It is `aspect` times as wide as high, as far as the photo reaches, and has a quarter of the box on each side of it.
    """
    wide, tall = ((box[axis + 2] - box[axis]) * size[axis] for axis in (0, 1))
    width = (1 + 2 * _CONTEXT) * max(wide, tall * aspect, _LEAST)
    starts, ends = [], []
    for axis, length in enumerate((width, width / aspect)):
        side = min(1.0, length / size[axis])
        start = min(max(0.0, (box[axis] + box[axis + 2] - side) / 2), 1 - side)
        starts.append(start)
        ends.append(min(1.0, start + side))
    return starts[0], starts[1], ends[0], ends[1]


def within(box: Box, part: Box) -> Box:
    """The box in shares of a part of the photo, cut off where that ends."""
    places = []
    for edge, value in enumerate(box):
        start, end = part[edge % 2], part[edge % 2 + 2]
        places.append(min(1.0, max(0.0, (value - start) / (end - start))))
    return places[0], places[1], places[2], places[3]


def intersection_over_union(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The area that two boxes have in common, as a share of what they cover together: float64 [n, m].

    Of boxes, float [n, 4] and [m, 4], each with each.

    0 where they have nothing in common, and for boxes without area.
    """
    boxes, others = (np.asarray(each, np.float64).reshape(-1, 4) for each in (boxes, others))
    first = np.maximum(boxes[:, None, :2], others[None, :, :2])
    last = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    common = np.maximum(last - first, 0).prod(axis=2)
    areas = [np.maximum(each[:, 2:] - each[:, :2], 0).prod(axis=1) for each in (boxes, others)]
    covered = areas[0][:, None] + areas[1][None] - common
    return np.divide(common, covered, out=np.zeros_like(common), where=covered > 0)
