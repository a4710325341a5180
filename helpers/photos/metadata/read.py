"""What a photo's file contains beside its pixels: date, place, temperature, light and tags."""

import datetime
import math
import os
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from helpers.images.decode import read_exif
from helpers.images.opening import Readable, opened
from helpers.photos.metadata.infrared import is_infrared
from helpers.photos.metadata.xmp import read_tags

_ORIGINAL, _DIGITISED = 0x9003, 0x9004  # EXIF: DateTimeOriginal, DateTimeDigitized
_CAMERA, _PLACE = 0x8769, 0x8825  # that lead to the tags of the camera and of the place
_MAKE, _TEMPERATURE, _LATITUDE, _LONGITUDE = 0x010F, 0x9400, 2, 4  # the two last have N, S, E or W one tag before
_FIRST_PHOTO = 1826  # the year
# By the rules 2014:06:01 05:59:58. Seen as well: other signs between the numbers, blanks in place of zeros,
# and parts of a second or a zone at the end.
_MOMENT = re.compile(
    r"\s*([0-9]{4})[:/. -]([0-9 ]?[0-9])[:/. -]([0-9 ]?[0-9])[ T]([0-9 ]?[0-9]):([0-9 ]?[0-9]):([0-9 ]?[0-9])"
)
# IMG_20260501_143000.jpg, 2026-05-01 14.30.00 (2).jpg, 2026-05-01T14-30-00.jpg, 20260501143000.jpg: with a time of day.
_NAMED = re.compile(
    r"(?<![0-9])((?:19|20)[0-9]{2})([-_.]?)([0-9]{2})\2([0-9]{2})[-_ T.]{0,3}"
    r"([0-9]{2})([-_.:h]?)([0-9]{2})[-_.:m]?([0-9]{2})(?![0-9])"
)


def taken(source: Readable) -> Optional[datetime.datetime]:
    """When a photo was taken, by the camera's clock; None where its file has no date, or cannot be read.

    That is EXIF's DateTimeOriginal, else its DateTimeDigitized, else a date
    with a time of day in the file's name. The file's own date may be that of a
    copy, and is not used. No zone is guessed. `source` is what
    `helpers.images.decode.open_photo` takes; the pixels are not decoded (but for a PNG
    that has no EXIF before them), and nothing is raised.
    """
    date = moment(read_exif(source))
    if date is None and isinstance(source, (str, os.PathLike)):
        date = named_moment(os.path.basename(os.fspath(source)))  # noqa: PTH119 (a name may hold what Path splits at)
    return date


def named_moment(name: str) -> Optional[datetime.datetime]:
    """The date and time of day in a file's name, or None.

    >>> named_moment("IMG_20260501_143000.jpg")
    datetime.datetime(2026, 5, 1, 14, 30)
    """
    match = _NAMED.search(name)
    if match is None:
        return None
    year, _, month, day, hour, _, minute, second = match.groups()
    return _checked(year, month, day, hour, minute, second)


def moment(exif: Dict[int, Any]) -> Optional[datetime.datetime]:
    """When a photo was taken, by the tags of `helpers.images.decode.read_exif`."""
    dates = (_moment(exif.get(tag)) for tag in (_ORIGINAL, _DIGITISED))
    return next((date for date in dates if date is not None), None)


def _moment(text: Any) -> Optional[datetime.datetime]:
    if isinstance(text, bytes):
        text = text.decode("ascii", "replace")
    match = _MOMENT.match(text) if isinstance(text, str) else None
    if match is None:
        return None
    return _checked(*match.groups())


def _checked(*numbers: str) -> Optional[datetime.datetime]:
    year, month, day, hour, minute, second = map(int, numbers)
    if year < _FIRST_PHOTO:  # of a clock that was never set
        return None
    try:
        return datetime.datetime(year, month, day, hour, minute, second)
    except ValueError:  # the 30th of February
        return None


class Metadata(NamedTuple):
    """What a photo's file contains beside its pixels; None, or no tag, where it does not."""

    taken: Optional[datetime.datetime] = None  # by the camera's clock
    night: Optional[int] = None  # 1 in infrared light, which has no colours; 0 in colour
    temperature: Optional[float] = None  # of the air, in degrees Celsius
    latitude: Optional[float] = None  # degrees north
    longitude: Optional[float] = None  # degrees east
    tags: Tuple[str, ...] = ()  # that somebody gave the photo, such as Species|Fox
    make: Optional[str] = None  # of the camera


def read_metadata(source: Readable) -> Metadata:
    """Read a photo's EXIF, its XMP, and the XMP file beside it (`a.jpg.xmp` or `a.xmp`).

    `night` is by the colours of the EXIF's thumbnail, or else of the photo at an
    eighth, see `helpers.photos.metadata.infrared`. Makers' notes are read by
    `helpers.photos.metadata.maker_notes`. Nothing is raised: a file that is not
    a photo has no metadata.
    """
    try:
        with opened(source) as image:
            tags = read_tags(image, source)
            exif = image.getexif()
            camera, place = dict(exif.get_ifd(_CAMERA)), dict(exif.get_ifd(_PLACE))
            make = exif.get(_MAKE)
            night = is_infrared(image)
    except Exception:  # damaged tags are no reason to lose the photo, and Pillow raises what it likes
        return Metadata(taken=taken(source))
    when = moment(camera) or taken(source)
    latitude, longitude = _degrees(place, _LATITUDE, 90), _degrees(place, _LONGITUDE, 180)
    if latitude is None or longitude is None:
        latitude = longitude = None
    return Metadata(
        taken=when,
        night=None if night is None else int(night),
        temperature=number(camera.get(_TEMPERATURE)),
        latitude=latitude,
        longitude=longitude,
        tags=tuple(tags),
        make=str(make).strip("\0 ") or None if make is not None else None,
    )


def _degrees(place: Dict[int, Any], tag: int, largest: int) -> Optional[float]:
    """Degrees, minutes and seconds as one number; None for invalid ones."""
    parts = [number(part) for part in _listed(place.get(tag))]
    if not parts or None in parts:
        return None
    value = sum(part / 60**power for power, part in enumerate(parts) if part is not None)
    if str(place.get(tag - 1, "")).strip("\0 ").upper() in ("S", "W"):
        value = -value
    return value if abs(value) <= largest else None


def _listed(value: Any) -> List[Any]:
    return list(value) if isinstance(value, (tuple, list)) else []


def number(value: Any) -> Optional[float]:
    """The value as a finite number, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) else None
