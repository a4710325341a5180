"""Latitude and longitude of UTM coordinates, on WGS 84."""

import math
import re
from typing import NamedTuple, Tuple

from helpers.errors import FrameError

_ZONE = re.compile(r"\s*([0-9]{1,2})\s*([NS])\s*", re.IGNORECASE)
_RADIUS, _FLATTENING = 6_378_137.0, 1 / 298.257223563  # metres; of WGS 84
_SCALE, _EAST, _SOUTH = 0.9996, 500_000.0, 10_000_000.0  # on the middle of a zone, and there and at the equator
_EASTS, _NORTHS = (100_000.0, 900_000.0), (0.0, _SOUTH)

_N = _FLATTENING / (2 - _FLATTENING)
_MERIDIAN = _RADIUS / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)  # metres that a radian of it has
_BETA = (_N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96, _N**2 / 48 + _N**3 / 15, 17 * _N**3 / 480)
_DELTA = (2 * _N - 2 * _N**2 / 3 - 2 * _N**3, 7 * _N**2 / 3 - 8 * _N**3 / 5, 56 * _N**3 / 15)


class UtmZone(NamedTuple):
    """A zone of UTM: its number, 1 to 60, and the hemisphere."""

    number: int
    north: bool

    @classmethod
    def of(cls, text: str) -> "UtmZone":
        """The zone such as `50N` or `21S`, where N and S are hemispheres, not bands; raises `FrameError`."""
        match = _ZONE.fullmatch(text) if isinstance(text, str) else None
        if match is None or not 1 <= int(match[1]) <= 60:
            raise FrameError(f"utm={text!r} is not a zone; write its number and hemisphere, such as '50N' or '21S'")
        return cls(int(match[1]), match[2].upper() == "N")

    def degrees(self, x: float, y: float) -> Tuple[float, float]:
        """Latitude and longitude of an easting and a northing in metres, to a millimetre; raises `ValueError`.

        By Krüger's series to the third power of the flattening (Karney,
        Transverse Mercator with an accuracy of a few nanometers, 2011).
        """
        if not (_EASTS[0] <= x <= _EASTS[1] and _NORTHS[0] <= y <= _NORTHS[1]):
            raise ValueError("not within a zone")
        xi = (y - (0 if self.north else _SOUTH)) / (_SCALE * _MERIDIAN)
        eta = (x - _EAST) / (_SCALE * _MERIDIAN)
        terms = list(enumerate(_BETA, 1))
        north = xi - sum(beta * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, beta in terms)
        east = eta - sum(beta * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, beta in terms)
        chi = math.asin(math.sin(north) / math.cosh(east))
        latitude = chi + sum(delta * math.sin(2 * j * chi) for j, delta in enumerate(_DELTA, 1))
        longitude = math.atan2(math.sinh(east), math.cos(north))
        return math.degrees(latitude), math.degrees(longitude) + 6 * self.number - 183
