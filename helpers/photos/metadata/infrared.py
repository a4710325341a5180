"""Whether a photo was taken in infrared light, as field cameras do at night: it has no colours."""

import io
from typing import Any, Optional

import numpy as np
from PIL import ExifTags, Image

from helpers.images import jpeg
from helpers.images.budget import decoding

_OFFSET, _LENGTH = 0x0201, 0x0202  # EXIF: where its small picture begins, and how many bytes it has
_HEADER = b"Exif\0\0"
_SIDE = 80  # pixels that are enough
_COLOUR = 1.5  # levels of 255: how far colours lie apart in a photo that has any; seen are 0 and 2 to 40
_CERTAIN = 4.0  # that many in the upper quarter: the rest need not be looked at
_MARGIN = 0.12  # of the height: where dates and logos stand, which may be coloured
_QUARTER, _BLOCK = 4, 16  # pixels of a block's side, at most
_LARGE = 2_000_000  # pixels: smaller photos are decoded as fast


def is_infrared(image: Any) -> Optional[bool]:
    """Whether an open Pillow image, which may be reduced by this, is infrared; None where it cannot be read.

    By the thumbnail in its EXIF where there is one; otherwise by its upper
    quarter where that has colours, or by all of it. An infrared photo may have
    a tint: what counts is how far the colours of nine tenths of the pixels are
    apart, without the edges where dates are written.
    """
    if image.mode in ("1", "L", "LA", "I", "F") or image.mode.startswith("I;16"):
        return True
    small = _within_exif(image)
    try:
        if small is not None:
            return spread(small) < _COLOUR
        quarter = _upper_quarter(image)
        if quarter is not None and spread(quarter, 0.5) >= _CERTAIN:  # the eighth below where dates are written
            return False
        with decoding(image, _SIDE):
            return spread(image) < _COLOUR
    except Exception:  # damaged, as it happens in the middle of a file: Pillow raises what it likes
        return None


def spread(image: Any, top: float = _MARGIN) -> float:
    """How far the colours of a picture are apart, in levels of 255, without `top` of its height, and some below."""
    image.draft("YCbCr", (_SIDE, _SIDE))
    wanted = (min(_SIDE, image.width), min(_SIDE, image.height))
    small = image.convert("YCbCr") if image.mode == "YCbCr" else image.convert("RGB").convert("YCbCr")
    pixels = np.asarray(small.resize(wanted, Image.Resampling.BOX))
    rows = slice(int(len(pixels) * top), len(pixels) - int(len(pixels) * _MARGIN))
    blue, red = (pixels[rows, :, plane].astype(np.float32) for plane in (1, 2))
    apart = np.maximum(np.abs(blue - np.median(blue)), np.abs(red - np.median(red))).ravel()
    return float(np.partition(apart, int(0.9 * len(apart)))[int(0.9 * len(apart))])


def _upper_quarter(image: Any) -> Optional[Any]:
    """The upper quarter of a baseline JPEG, opened but not decoded; None for another format.

    It is the same file with a smaller height in its header, so that the other rows are not decoded.
    """
    if image.format not in jpeg.FORMATS or image.width * image.height < _LARGE or image.height < 1024:
        return None
    position = image.fp.tell()
    try:
        image.fp.seek(0)
        content = bytearray(image.fp.read())
    finally:
        image.fp.seek(position)
    place = 2
    while place + 9 < len(content) and content[place] == 0xFF:
        if content[place + 1] in jpeg.SEQUENTIAL:
            rows = image.height // _QUARTER // _BLOCK * _BLOCK
            content[place + 5 : place + 7] = rows.to_bytes(2, "big")
            return Image.open(io.BytesIO(content), formats=["JPEG"])
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return None


def _within_exif(image: Any) -> Optional[Any]:
    exif = image.info.get("exif", b"")
    if not exif.startswith(_HEADER):
        return None
    try:
        directory = image.getexif().get_ifd(ExifTags.IFD.IFD1)
        start = len(_HEADER) + int(directory[_OFFSET])
        small = Image.open(io.BytesIO(exif[start : start + int(directory[_LENGTH])]), formats=["JPEG"])
        if small.width * small.height > _LARGE:
            return None  # it claims to be larger than the photo
        small.load()
    except Exception:  # none, or damaged: then the photo itself is read
        return None
    return small
