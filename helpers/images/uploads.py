"""Checks whether an upload is a photo that is safe to decode: its format by content, its size by its header.

The search service and the page for a class take photos from strangers by these same limits.
"""

import io
from typing import Dict, NamedTuple, Optional, Sequence

import PIL
from PIL import Image

from helpers.errors import Refused, ServiceError
from helpers.images import decode, jpeg, png
from helpers.images.budget import decoding
from helpers.images.claims import check_file
from helpers.images.kinds import kind_of, needs_package
from helpers.images.levels import is_deep, is_transparent
from helpers.images.opening import formats, open_as, opened
from helpers.images.trouble import TROUBLE, refusal

KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")  # Pillow's names; HEIF and AVIF too, where they are read
MOST_SCANS = 100  # of one JPEG; programs write 1 to 16, and up to 64 for the smallest file
MOST_PIXELS = 2_000_000_000  # in all scans: twenty of a picture of 100 megapixels
MOST_MARKERS = 10_000  # before its end
MOST_READS = 50_000  # pieces of a file: a TIFF has one for each strip, a PNG five for each chunk of mostly 8 kB

_SAFE = 13  # the first Pillow that compares the length that a tag claims with that of the file
_MORE = ("HEIF", "AVIF")

_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))  # markers without a length after them

_OWN: Dict[bytes, str] = {  # the first bytes of accepted formats
    jpeg.BEGINNING: "JPEG",
    png.SIGNATURE: "PNG",
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}


class UploadLimits(NamedTuple):
    """How large an upload may be."""

    upload_bytes: int = 20_000_000
    upload_pixels: int = 100_000_000  # a quarter of them where it has transparency or more than 8 bits, and is no JPEG


def check_reader() -> None:
    """Raises `ServiceError` for a Pillow that allocates gigabytes where a small file claims to be large."""
    if int(PIL.__version__.split(".")[0]) < _SAFE:
        raise ServiceError(
            f"letting others in needs Pillow {_SAFE} or newer, and so Python 3.11; here is {PIL.__version__}, with "
            "which a small file can be made to take all memory"
        )


def check_upload(content: bytes, limits: UploadLimits) -> None:
    """Raises `Refused` for what must not be decoded, whatever its file name or declared type.

    413: more than `limits.upload_bytes`, or `limits.upload_pixels` by its
    header; a quarter of these pixels where it is no JPEG and has transparency
    or more than 8 bits, which takes four times the memory. 415: another format,
    which is named if it is known. 422: empty, cut off, damaged, or made to keep
    a decoder busy. Of an animation the first frame counts.
    """
    if not content:
        raise Refused("the photo is an empty file (0 bytes)", 422)
    if len(content) > limits.upload_bytes:
        raise Refused(f"the photo has {len(content):,} bytes; the limit is {limits.upload_bytes:,}", 413)
    try:
        _check(content, limits.upload_pixels)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many("too many pixels", limits.upload_pixels) from None
    except TROUBLE as error:
        raise Refused(f"the photo cannot be read: {refusal(content, error)}", 422) from None


def _check(content: bytes, most: int) -> None:
    kinds = [*KINDS, *(name for name in _MORE if name in formats())]
    check_file(io.BytesIO(content))
    try:
        image = open_as(_ReadCounter(content), kinds)
    except Image.UnidentifiedImageError:
        raise _not_taken(content, kinds) from None
    with image:
        width, height = image.size
        large = is_transparent(image) or is_deep(image.mode)
        if width * height > (most // 4 if large else most):
            raise _too_many(f"{width} x {height} pixels", most // 4 if large else most)
        # It is decoded later by any of the formats for photos: none may take it for something else.
        with open_as(_ReadCounter(content), formats()) as again:
            if (again.format, again.size) != (image.format, image.size):
                raise Refused(f"the photo is both {image.format} and {again.format}; it must be one of them", 415)
        with opened(content):  # refuses raw files of cameras
            pass
        if image.format in jpeg.FORMATS:
            check_scans(content, width * height)
            decode.check_photo(content)
        else:
            with decoding(image):
                image.load()


def check_scans(content: bytes, pixels: int) -> None:
    """Raises `Refused` (422) for a JPEG of `pixels` with more scans or parts than programs write.

    A decoder goes over the whole picture for each scan, and a small file can hold very many.
    """
    place, scans = 2, 0
    search = jpeg.MARKER
    for _ in range(MOST_MARKERS):
        match = search.search(content, place)
        if match is None or match.group(1)[0] == jpeg.END:
            return
        marker, place = match.group(1)[0], match.end()
        if marker not in _ALONE:
            place += int.from_bytes(content[place : place + 2], "big")
        search = jpeg.AFTER_SCAN if marker == jpeg.SCAN else jpeg.MARKER
        scans += marker == jpeg.SCAN
        if scans > MOST_SCANS or (scans > 1 and scans * pixels > MOST_PIXELS):
            raise Refused(f"the photo is a JPEG of {scans} scans or more; save it again", 422)
    raise Refused(f"the photo is a JPEG of more than {MOST_MARKERS:,} parts; save it again", 422)


class _ReadCounter(io.BytesIO):
    """A file of which Pillow reads a limited number of pieces, each of which takes some microseconds."""

    _reads = 0

    def read(self, size: Optional[int] = -1) -> bytes:
        self._reads += 1
        if self._reads > MOST_READS:
            raise Refused("the photo consists of more parts than any camera or program writes; save it again", 422)
        return super().read(size)


def _too_many(has: str, most: int) -> Refused:
    return Refused(f"the photo has {has}; the limit for one of its kind is {most:,} pixels", 413)


def _not_taken(content: bytes, kinds: Sequence[str]) -> Refused:
    for start, name in _OWN.items():
        if content.startswith(start):
            return Refused(f"the photo cannot be read: a {name} that is cut off or damaged where it begins", 422)
    kind = kind_of(content[:1024])
    if kind is None:
        reason = "this is not a photo in an accepted format"
    elif needs_package(kind, formats()):
        reason = f"this is {kind}, for which this service lacks a package (pip install pillow-heif)"
    else:
        reason = f"this is {kind}, not a photo in an accepted format"
    return Refused(f"{reason}; accepted are {', '.join(kinds)}", 415)
