"""Whether a photo was taken in infrared light, as field cameras do at night: it has no colours."""

import io
from typing import Any, Optional

import numpy as np
from PIL import ExifTags, Image

_OFFSET, _LENGTH = 0x0201, 0x0202  # EXIF: where its small picture begins, and how many bytes it has
_HEADER = b"Exif\0\0"
_SIDE = 80  # pixels that are enough to know
_COLOUR = 1.5  # levels of 255: how far colours lie apart in a photo that has any; seen are 0 and 2 to 40
_MARGIN = 0.12  # of the height: where dates and logos stand, which may be coloured


def is_infrared(image: Any) -> Optional[bool]:
    """Of an open Pillow image, which may then be smaller than it was; None where its pixels cannot be read.

    By the small picture in its EXIF where there is one. An infrared photo may
    have a tint as a whole: what counts is how far the colours lie apart, over
    nine tenths of the pixels, without the edges where dates are written.
    """
    if image.mode in ("1", "L", "LA", "I", "F") or image.mode.startswith("I;16"):
        return True
    small = _within_exif(image)
    try:
        return spread(small if small is not None else image) < _COLOUR
    except Exception:  # damaged, as it happens in the middle of a file: Pillow raises what it likes
        return None


def spread(image: Any) -> float:
    """How far the colours of a picture lie apart, in levels of 255."""
    image.draft("YCbCr", (_SIDE, _SIDE))
    wanted = (min(_SIDE, image.width), min(_SIDE, image.height))
    small = image.convert("YCbCr") if image.mode == "YCbCr" else image.convert("RGB").convert("YCbCr")
    pixels = np.asarray(small.resize(wanted, Image.Resampling.BOX))
    edge = int(len(pixels) * _MARGIN)
    blue, red = (pixels[edge : len(pixels) - edge, :, plane].astype(np.float32) for plane in (1, 2))
    apart = np.maximum(np.abs(blue - np.median(blue)), np.abs(red - np.median(red))).ravel()
    return float(np.partition(apart, int(0.9 * len(apart)))[int(0.9 * len(apart))])


def _within_exif(image: Any) -> Optional[Any]:
    exif = image.info.get("exif", b"")
    if not exif.startswith(_HEADER):
        return None
    try:
        directory = image.getexif().get_ifd(ExifTags.IFD.IFD1)
        start = len(_HEADER) + int(directory[_OFFSET])
        small = Image.open(io.BytesIO(exif[start : start + int(directory[_LENGTH])]))
        small.load()
    except Exception:  # none, or damaged: then the photo itself is looked at
        return None
    return small
