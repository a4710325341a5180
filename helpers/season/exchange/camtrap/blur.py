"""Making places less exact, so that a table does not lead to a rare animal."""

import math
from typing import NamedTuple

from helpers.errors import FrameError

KM_OF_A_DEGREE = 111.32  # of latitude, and of longitude at the equator
_RADIUS = 6_399_600  # metres: the Earth's, where it is curved the least, so that no distance comes out too small
_ROUNDED = 1  # metres that the rounding to 5 digits moves a place, at most


class BlurredPlace(NamedTuple):
    """A place in degrees north and east, and how far from the true one it may be, in metres."""

    latitude: float
    longitude: float
    uncertainty: int


def blurred(latitude: float, longitude: float, km: float) -> BlurredPlace:
    """The middle of the grid cell, about `km` wide and high, that a place is in.

    The cells are a grid that is the same for everybody: rows of `km` from the
    equator on, and in each row columns of `km` at its middle from the meridian
    of Greenwich on. All places of a cell become one, and nothing else about
    the true place is left; `uncertainty` is the way from the middle to the
    cell's farthest corner, rounded up: half the diagonal, and more where a
    cell is so wide that its side towards the equator is longer.
    Raises `FrameError` for a width that is not above 0 and up to 1,000.

    >>> blurred(51.2194, 4.4025, km=5)
    BlurredPlace(latitude=51.22619, longitude=4.41089, uncertainty=3549)
    """
    if isinstance(km, bool) or not isinstance(km, (int, float)) or not 0 < km <= 1000:
        raise FrameError(f"blur_km={km!r} is the width of a grid's cells in km, above 0 and up to 1000")
    step = km / KM_OF_A_DEGREE
    row = math.floor(latitude / step) + 0.5
    north = min(max(row * step, -90.0), 90.0)
    step_east = step / max(math.cos(math.radians(min(abs(north), 89.0))), 1e-6)
    east = (math.floor(longitude / step_east) + 0.5) * step_east
    edges = (min(max((row + side) * step, -90.0), 90.0) for side in (-0.5, 0.5))
    away = max(_metres(north, edge, min(step_east / 2, 180.0)) for edge in edges)
    return BlurredPlace(round(north, 5), round((east + 180) % 360 - 180, 5), math.ceil(away) + _ROUNDED)


def _metres(north: float, other: float, east: float) -> float:
    """The distance of places at two latitudes, `east` degrees of longitude apart, by the haversine formula."""
    first, second = math.radians(north), math.radians(other)
    half = math.sin((second - first) / 2) ** 2
    half += math.cos(first) * math.cos(second) * math.sin(math.radians(east) / 2) ** 2
    return 2 * _RADIUS * math.asin(min(1.0, math.sqrt(half)))
