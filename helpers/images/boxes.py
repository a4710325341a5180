"""A box on a photo: four shares of the upright photo, in the order left, top, right, bottom."""

from typing import Any, Tuple

from helpers.errors import FrameError

Box = Tuple[float, float, float, float]  # left, top, right, bottom: shares, 0 to 1, of the upright photo
SIDES = ("left", "top", "right", "bottom")


def check_box(box: Any, *, smallest: float = 0.0) -> Box:
    """The box as four floats; raises `FrameError` where it isn't a box, leaves the photo, or has a shorter side."""
    try:
        left, top, right, bottom = (float(each) for each in box)
    except (TypeError, ValueError):
        raise FrameError(f"a box is four numbers, left, top, right and bottom from 0 to 1, not {box!r}") from None
    if not (0 <= left <= 1 and 0 <= top <= 1 and 0 <= right <= 1 and 0 <= bottom <= 1):  # false for NaN too
        raise FrameError(f"a box is given in shares of the photo, from 0 to 1, not {box!r}")
    if right <= left or bottom <= top:
        raise FrameError(f"the box {box!r} is empty: right must be more than left, and bottom more than top")
    if right - left < smallest or bottom - top < smallest:
        raise FrameError(f"the box {box!r} is too small: each side must be at least {smallest:.0%} of the photo's")
    return left, top, right, bottom


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
