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
    if not (0 <= left <= 1 and 0 <= top <= 1 and 0 <= right <= 1 and 0 <= bottom <= 1):  # what is not a number too
        raise FrameError(f"a box is given in shares of the photo, from 0 to 1, not {box!r}")
    if right <= left or bottom <= top:
        raise FrameError(f"the box {box!r} is empty: right is to be more than left, bottom more than top")
    if right - left < smallest or bottom - top < smallest:
        raise FrameError(f"the box {box!r} is too small: each side takes {smallest:.0%} of the photo at least")
    return left, top, right, bottom
