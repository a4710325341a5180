"""From the bytes of a photo to upright pixels.

The one place that knows about orientation, transparency, 16 bits, CMYK and
broken files. `open_photo` returns a Pillow image, or raises a `PhotoError` with
the reason why the photo cannot be read.
"""

import contextlib
import os
import re
from typing import Any, Dict, NamedTuple, Optional, Tuple, Union

from PIL import Image

from helpers.arguments import takes
from helpers.files.reading import read_regular
from helpers.images import jpeg
from helpers.images.budget import decoding, reading_tags
from helpers.images.levels import deep_colour, eight_bits, is_deep, is_flat, is_transparent, stretched_colour
from helpers.images.opening import Readable, opened
from helpers.images.trouble import TROUBLE, refusal
from helpers.images.whole_jpeg import load_whole

# Raise it where the same bytes give other pixels or dates: what was kept of them is then made anew. Of features, which
# take long, only those of the photos that `is_read_otherwise` names, which has to name the new kinds, too.
READING = 2

Source = Union[str, bytes]  # of a photo: its path, or the bytes of its file

_ORIENTATION = 0x0112  # the EXIF tag
_CAMERA = 0x8769  # the EXIF tag that leads to those of the camera
DATES = (0x9003, 0x9004, 0x0132)  # EXIF: DateTimeOriginal, DateTimeDigitized, DateTime, the best first
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')
_SIDEWAYS = (5, 6, 7, 8)  # the orientations that swap width and height
_JPEG_ENDINGS = (".jpg", ".jpeg", ".jpe", ".jfif")


@takes(source="path or photo")
def open_photo(
    source: Readable,
    *,
    size: Optional[Tuple[int, int]] = None,
    within: Optional[int] = None,
    native: bool = False,
    to_look_at: bool = False,
) -> Image.Image:
    """Read one photo as upright 8-bit pixels.

    `source` is a path, the bytes of a file, or an open binary file. EXIF
    orientation is applied, transparency is laid on white, more than 8 bits are
    stretched between their ends (see `helpers.images.levels`; the picture's `info`
    has `STRETCHED` then), and of an animation the first frame is taken.

    With `size=(width, height)` the photo is stretched to that size; with
    `within=side` it keeps its shape, and is made smaller where its longer side
    has more pixels. A JPEG is then decoded at a fraction of its resolution,
    which is several times faster; with `to_look_at` at the smallest that has as
    many pixels, where others have twice as many, which are then averaged.

    Returns an RGB Pillow image, or with `native=True` one in its own number of
    channels: `L` (grey), `RGB` or `RGBA`.

    Raises `PhotoError` when the bytes are not a photo, are cut off, or contain
    more pixels than Pillow considers safe.
    """
    return open_sized(source, size=size, within=within, native=native, to_look_at=to_look_at)[0]


def open_sized(
    source: Readable,
    *,
    size: Optional[Tuple[int, int]] = None,
    within: Optional[int] = None,
    native: bool = False,
    to_look_at: bool = False,
) -> Tuple[Image.Image, Tuple[int, int]]:
    """The result of `open_photo`, and the width and height in pixels of the upright photo in its file."""
    try:
        with opened(source) as image, decoding(image, within or (max(size) if size else None)):
            if within is not None:
                size = _fitting(_whole_size(image), within)
            whole = _upright_size(image) if image.format == "TIFF" else None  # faster to compute below for others
            stored = image.size
            if size is not None and to_look_at:
                fraction = max(1, max(image.size) // max(size))
                image.draft(None, (image.width // fraction, image.height // fraction))
            elif size is not None:
                # Twice the target: the resize that follows then has pixels to average.
                # At once the target, the mean difference is 1.1 grey levels instead of 0.3.
                image.draft(None, (2 * max(size), 2 * max(size)))
            lower = deep_colour(image)
            load_whole(image)  # before the orientation is read: Pillow turns TIFF files itself
            turn = _orientation(image)
            if lower is not None and is_flat(image):
                with opened(source) as again:
                    image = stretched_colour(image, again, lower)
            image = eight_bits(image, native)
            if size is not None:
                width, height = size[::-1] if turn in _SIDEWAYS else size
                # One direction after the other: in which order Pillow takes them depends on its version,
                # and with it the last bit of every pixel.
                image = image.resize((width, image.height), Image.Resampling.BILINEAR)
                image = image.resize((width, height), Image.Resampling.BILINEAR)
            image = image.transpose(_TURNS[turn]) if turn in _TURNS else image
            return image, whole or (stored[::-1] if turn in _SIDEWAYS else stored)
    except TROUBLE as error:
        raise refusal(source, error) from error


def is_read_otherwise(source: Source) -> bool:
    """Whether a photo may have had other pixels before `READING` was what it is.

    Those of more than 8 bits and transparent ones, by their header; and what cannot
    be opened. A JPEG is neither: it is known by the ending of its name, or
    by its first bytes, and is not opened.
    """
    if source.startswith(jpeg.BEGINNING) if isinstance(source, bytes) else source.lower().endswith(_JPEG_ENDINGS):
        return False
    try:
        with opened(source) as image:
            if is_deep(image.mode) or deep_colour(image) is not None:
                return True
            return is_transparent(image)
    except TROUBLE:
        return True


def read_photo(path: Union[str, "os.PathLike[str]"]) -> bytes:
    """The bytes of a photo's file; raises `PhotoError` as `open_photo` does."""
    try:
        return read_regular(path)
    except OSError as error:
        raise refusal(path, error) from error


class PhotoHeader(NamedTuple):
    """What is known of a photo without decoding it."""

    format: str  # Pillow's name: JPEG, PNG, …
    mode: str  # Pillow's name: L, RGB, P, CMYK, …
    width: int  # pixels, upright
    height: int
    plain: bool  # an upright JPEG or PNG of 8-bit grey or RGB(A)
    exif: Dict[int, Any]  # as `read_exif` returns it


def check_photo(source: Union[str, "os.PathLike[str]", bytes]) -> PhotoHeader:
    """Check that a file, or the bytes of one, is a whole photo, decoding no more of it than necessary.

    A JPEG that ends with its end marker is whole; any other is decoded, at an eighth.
    Other formats are decoded whole. Damage in the middle of a JPEG is found
    when its pixels are decoded, not here.

    Raises `PhotoError`.
    """
    try:
        with opened(source) as image, contextlib.ExitStack() as stack:
            is_whole = image.format in jpeg.FORMATS and _ends_as_jpeg(image)
            if not is_whole:
                stack.enter_context(decoding(image, 32))
            width, height = _whole_size(image)  # before `draft` makes it smaller
            exif = camera_tags(image)  # before `load` closes a TIFF
            if not is_whole:
                image.draft(None, (64, 64))
                image.load()
            plain = image.format in ("JPEG", "PNG") and image.mode in ("L", "RGB", "RGBA")
            plain = plain and "transparency" not in image.info and _orientation(image) == 1
            return PhotoHeader(image.format or "", image.mode, width, height, plain, exif)
    except TROUBLE as error:
        raise refusal(source, error) from error


def _ends_as_jpeg(image: Any) -> bool:
    """Whether the file of an open Pillow image ends as a whole JPEG does."""
    place = image.fp.tell()
    image.fp.seek(max(0, image.fp.seek(0, os.SEEK_END) - 4096))
    end = image.fp.read(4096)
    image.fp.seek(place)
    return bool(end.rstrip(b"\0").endswith(b"\xff\xd9"))  # some cameras fill up with zeros


def photo_size(source: Readable) -> Tuple[int, int]:
    """Width and height in pixels of the upright photo, read from its header alone."""
    try:
        with opened(source) as image, reading_tags(image):
            return _upright_size(image)
    except TROUBLE as error:
        raise refusal(source, error) from error


def is_turned(source: Readable) -> bool:
    """Whether the photo, whose size can be read, is stored another way than upright."""
    with opened(source) as image, reading_tags(image):
        return _orientation(image) != 1


def read_exif(source: Readable) -> Dict[int, Any]:
    """What the camera wrote beside the pixels: the tags of EXIF's own directory, number → value as Pillow has it.

    Dates are also taken from EXIF's first directory, where some programs put them.

    Empty where there are none, and for a file that is not a photo, damaged or
    gone: this never raises. The pixels are not decoded, except for a PNG that has
    no tags before them.
    """
    try:
        with opened(source) as image, reading_tags(image):
            return camera_tags(image)
    except Exception:  # missing tags are not worth an error
        return {}


def _whole_size(image: Image.Image) -> Tuple[int, int]:
    """The upright size of a photo that will be decoded; raises Pillow's error for one that is damaged."""
    if image.format == "PNG":
        # Reading its EXIF would load it too, swallow the error about damage, and not raise it again.
        image.load()
    return _upright_size(image)


def _fitting(size: Tuple[int, int], side: int) -> Tuple[int, int]:
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _upright_size(image: Image.Image) -> Tuple[int, int]:
    # Depending on its version, Pillow gives a TIFF's size as stored or upright: read the tags.
    tags = getattr(image, "tag_v2", None) if image.format == "TIFF" else None
    width, height = (tags[256], tags[257]) if tags else image.size
    return (height, width) if _orientation(image) in _SIDEWAYS else (width, height)


def turned(image: Image.Image) -> Image.Image:
    """An open photo, decoded and upright."""
    with decoding(image):
        load_whole(image)  # before the orientation is read: Pillow turns TIFF files itself
        turn = _orientation(image)
        return image.transpose(_TURNS[turn]) if turn in _TURNS else image


def _orientation(image: Image.Image) -> int:
    """By EXIF, and where that has none, by XMP: a rule that Pillow has for some formats, depending on its version."""
    try:
        turn = image.getexif().get(_ORIENTATION)
        if turn is None and image.format not in ("HEIF", "AVIF"):  # their decoders turn them
            packet = image.info.get("XML:com.adobe.xmp") or image.info.get("xmp") or b""
            match = _XMP_ORIENTATION.search(packet.encode() if isinstance(packet, str) else packet)
            turn = match[1] if match else None
        return 1 if turn is None else int(turn)
    except Exception:  # damaged EXIF is not a reason to lose the photo, and Pillow raises many errors
        return 1


def camera_tags(image: Image.Image) -> Dict[int, Any]:
    """The result of `read_exif` for an open photo."""
    tags: Dict[int, Any] = {}
    try:
        exif = image.getexif()
        tags.update((tag, exif[tag]) for tag in DATES if tag in exif)
        tags.update(exif.get_ifd(_CAMERA))
    except Exception:  # as above
        return tags
    return tags
