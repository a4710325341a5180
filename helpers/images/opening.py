"""Opening the file of a photo with Pillow: in the formats that are photos, and in no other.

Pillow reads more than forty formats, and starts a program for one of them
(Ghostscript, for EPS). Nothing in Kinframe opens a photo in another way.
"""

import contextlib
import functools
import io
import os
import threading
import warnings
from pathlib import PurePath
from typing import Any, BinaryIO, Iterator, List, Optional, Tuple, Union

from PIL import Image, ImageFile, JpegImagePlugin

from helpers.errors import PhotoError
from helpers.files.reading import open_regular
from helpers.images import jpeg, png
from helpers.images.claims import check_file, check_opened
from helpers.images.kinds import RAW, RAW_ENDINGS, kind_of, way_out

Readable = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryIO]  # all that a photo can be read from

LARGEST_JPEG = 500_000_000  # pixels, where it is decoded at a fraction; telephones make 200,000,000
_FORMATS = (  # Pillow's names; those that it lacks (AVIF on Python 3.8) are left out
    *("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "HEIF", "AVIF", "JPEG2000", "PPM"),
    *("DIB", "ICO", "PCX", "PSD", "QOI", "SGI", "TGA"),
)
_UNREAD = (Image.UnidentifiedImageError, ValueError, OSError)  # what Pillow raises for words that it does not take
_SUBFILE, _PHOTOMETRIC, _DNG = 254, 262, 50706  # TIFF tags
_SENSOR = (32803, 34892)  # what the second is of a picture that is not developed yet

# After a warning Pillow either goes on, or fails and the reason is in the `PhotoError`. Photos of 90 to 179
# megapixels, which telephones make, are not decompression bombs.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

try:  # the optional extra `heic`; without it those files are reported, with the way out
    import pillow_heif

    pillow_heif.register_heif_opener()
    if hasattr(pillow_heif, "register_avif_opener"):  # for Python 3.8, whose Pillow has none
        pillow_heif.register_avif_opener()
except ImportError:
    pass


@functools.lru_cache(maxsize=None)
def formats() -> Tuple[str, ...]:
    """The formats, by Pillow's names, in which photos are read on this machine."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


class _Strictly:
    """While photos are open, Pillow refuses half of one, whatever other libraries have told it to do.

    Tutorials of training set `LOAD_TRUNCATED_IMAGES` for the whole process; Pillow then
    fills with grey what is missing.
    """

    def __init__(self) -> None:
        self._lock, self._count, self._theirs = threading.Lock(), 0, False

    def __enter__(self) -> None:
        with self._lock:
            self._theirs |= ImageFile.LOAD_TRUNCATED_IMAGES
            self._count += 1
            ImageFile.LOAD_TRUNCATED_IMAGES = False

    def __exit__(self, *_: Any) -> None:
        with self._lock:
            self._count -= 1
            if not self._count:
                ImageFile.LOAD_TRUNCATED_IMAGES |= self._theirs
                self._theirs = False


_strictly = _Strictly()


@contextlib.contextmanager
def opened(source: Readable) -> Iterator[Image.Image]:
    """A photo as an open Pillow image, not decoded yet: `with opened(path) as image: ...`.

    `source` is a path, the bytes of a file, or an open binary file. Raises what
    Pillow and the disk do (`helpers.images.trouble.TROUBLE`), `PhotoError` for a
    raw file of a camera, and `NotRead` for what is not a regular file.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_strictly)
        if isinstance(source, (bytes, bytearray, memoryview)):
            file: BinaryIO = io.BytesIO(source)
        elif isinstance(source, (str, os.PathLike)):
            file = stack.enter_context(open_regular(source))
        else:
            file = source
        image = stack.enter_context(_image(file))
        if image.format == "TIFF" and (_is_raw(image) or is_named_raw(source)):
            raise PhotoError(way_out(RAW))
        check_opened(image)
        yield image


def _image(file: BinaryIO) -> Image.Image:
    begin = first_bytes(file)
    if kind_of(begin) == RAW:
        raise PhotoError(way_out(RAW))
    if begin.startswith(png.SIGNATURE):
        return _png(file)
    check_file(file)
    is_jpeg = begin.startswith(jpeg.BEGINNING)
    try:
        return open_as(file, ("JPEG",) if is_jpeg else formats())  # to know all takes longer than to read many headers
    except Image.DecompressionBombError:
        large = _large_jpeg(file) if is_jpeg else None
        if large is None:
            raise
        return large


def _opened(file: BinaryIO, kinds: Union[List[str], Tuple[str, ...]]) -> Image.Image:
    file.seek(0)
    return Image.open(file, formats=kinds)


def open_as(file: BinaryIO, kinds: Union[List[str], Tuple[str, ...]]) -> Image.Image:
    """A photo of one of these formats, not decoded yet; what is wrong beside its pixels never costs a JPEG.

    Raises what Pillow does.
    """
    try:
        return _opened(file, kinds)
    except _UNREAD as error:
        if not first_bytes(file).startswith(jpeg.BEGINNING):
            raise
        file.seek(0)
        content, words = jpeg.without_words(file.read())
        try:
            image = _opened(io.BytesIO(content), kinds)
        except _UNREAD:
            raise error from None
        image.info.update(words)
        return image


def _png(file: BinaryIO) -> Image.Image:
    """A PNG; words and profiles that Pillow does not take (large, damaged) never cost the pixels."""
    if not png.has_words_after_pixels(file):
        with contextlib.suppress(*_UNREAD):
            return _opened(file, ("PNG",))
    content, packet = png.without_words(file)
    image = _opened(io.BytesIO(content), ("PNG",))
    if packet is not None:
        image.info.setdefault("XML:com.adobe.xmp", packet)
    return image


def _large_jpeg(file: BinaryIO) -> Optional[Image.Image]:
    """A JPEG of more pixels than Pillow decodes of other formats; None where decoding it takes much memory.

    Most are decoded row by row and at a fraction of their size, which takes a few
    megabytes; a progressive one is kept whole.
    """
    file.seek(0)
    image: Any = JpegImagePlugin.JpegImageFile(file)
    if image.info.get("progressive") or image.width * image.height > LARGEST_JPEG:
        return None
    return image  # type: ignore[no-any-return]


def _is_raw(image: Any) -> bool:
    """Whether a TIFF is what a camera's sensor saw, whose first picture is a small preview."""
    tags = image.tag_v2
    preview = isinstance(tags.get(_SUBFILE), int) and tags[_SUBFILE] & 1
    return bool(preview or _DNG in tags or tags.get(_PHOTOMETRIC) in _SENSOR)


def is_named_raw(source: Readable) -> bool:
    """Whether a photo is a file whose name ends as those of raw files do."""
    return isinstance(source, (str, os.PathLike)) and PurePath(source).suffix.lower() in RAW_ENDINGS


def first_bytes(file: BinaryIO) -> bytes:
    """The first 1,024 bytes of an open file."""
    file.seek(0)
    return file.read(1024)
