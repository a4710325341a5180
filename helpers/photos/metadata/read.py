"""What a photo's file contains beside its pixels: date, place, temperature, light and tags."""

import datetime
import math
import os
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from helpers.images.budget import reading_tags
from helpers.images.decode import DATES, camera_tags, read_exif
from helpers.images.opening import Readable, opened
from helpers.photos.metadata.infrared import is_infrared
from helpers.photos.metadata.moments import named_moment, parsed_moment
from helpers.photos.metadata.xmp import read_tags

_PLACE = 0x8825  # the EXIF tag that leads to those of the place
_MAKE, _TEMPERATURE, _LATITUDE, _LONGITUDE = 0x010F, 0x9400, 2, 4  # the two last have N, S, E or W one tag before


def taken(source: Readable) -> Optional[datetime.datetime]:
    """When a photo was taken, by the camera's clock; None where its file has no date, or cannot be read.

    That is EXIF's DateTimeOriginal, else its DateTimeDigitized, else its DateTime
    (all that some cameras write; programs that change a photo write it too),
    else a date with a time of day in the file's name. The file's own date may be
    that of a copy, and is not used. No zone is guessed. `source` is what
    `helpers.images.decode.open_photo` takes; the pixels are not decoded (but for a PNG
    that has no EXIF before them), and nothing is raised.
    """
    return moment(read_exif(source)) or _named(source)


def moment(exif: Dict[int, Any]) -> Optional[datetime.datetime]:
    """When a photo was taken, by the tags of `helpers.images.decode.read_exif`."""
    dates = (parsed_moment(exif.get(tag)) for tag in DATES)
    return next((date for date in dates if date is not None), None)


def _named(source: Readable) -> Optional[datetime.datetime]:
    # A name may hold what Path splits at.
    return named_moment(os.path.basename(os.fspath(source))) if isinstance(source, (str, os.PathLike)) else None  # noqa: PTH119


class Metadata(NamedTuple):
    """What a photo's file contains beside its pixels; None, or no tag, where it does not."""

    taken: Optional[datetime.datetime] = None  # by the camera's clock
    infrared: Optional[int] = None  # 1 in infrared light, which has no colours; 0 in colour
    temperature: Optional[float] = None  # of the air, in degrees Celsius
    latitude: Optional[float] = None  # degrees north
    longitude: Optional[float] = None  # degrees east
    tags: Tuple[str, ...] = ()  # that somebody gave the photo, such as Species|Fox
    make: Optional[str] = None  # of the camera


def read_metadata(source: Readable) -> Metadata:
    """Read a photo's EXIF, its XMP, and the XMP file beside it (`a.jpg.xmp` or `a.xmp`).

    `infrared` is by the colours of the EXIF's thumbnail, or else of the photo at an
    eighth, see `helpers.photos.metadata.infrared`. Makers' notes are read by
    `helpers.photos.metadata.maker_notes`. Nothing is raised: a file that is not
    a photo has no metadata.
    """
    try:
        with opened(source) as image, reading_tags(image):
            tags = read_tags(image, source)
            exif = image.getexif()
            camera, place = camera_tags(image), dict(exif.get_ifd(_PLACE))
            make = exif.get(_MAKE)
            infrared = is_infrared(image)
    except Exception:  # damaged tags are not a reason to lose the photo, and Pillow raises many errors
        return Metadata(taken=taken(source))
    latitude, longitude = _degrees(place, _LATITUDE, "NS", 90), _degrees(place, _LONGITUDE, "EW", 180)
    if latitude is None or longitude is None or latitude == longitude == 0:  # cameras write 0, 0 before a first fix
        latitude = longitude = None
    return Metadata(
        taken=moment(camera) or _named(source),
        infrared=None if infrared is None else int(infrared),
        temperature=number(camera.get(_TEMPERATURE)),
        latitude=latitude,
        longitude=longitude,
        tags=tuple(tags),
        make=str(make).strip("\0 ") or None if make is not None else None,
    )


def _degrees(place: Dict[int, Any], tag: int, sides: str, largest: int) -> Optional[float]:
    """Degrees, minutes and seconds as one number; None for invalid ones, and without the side of the earth."""
    parts = [number(part) for part in _listed(place.get(tag))]
    side = place.get(tag - 1, "")
    side = (side.decode("ascii", "replace") if isinstance(side, bytes) else str(side)).strip("\0 ").upper()[:1]
    if not 1 <= len(parts) <= 3 or None in parts or not side or side not in sides:
        return None
    value = sum(part / 60**power for power, part in enumerate(parts) if part is not None)
    return (-value if side == sides[1] else value) if abs(value) <= largest else None


def _listed(value: Any) -> List[Any]:
    return list(value) if isinstance(value, (tuple, list)) else []


def number(value: Any) -> Optional[float]:
    """The value as a finite number, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if math.isfinite(number) else None
