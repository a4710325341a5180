"""What is wrong with a photo: one `PhotoError` in plain words for all that Pillow and the disk may raise."""

import os
import struct
from typing import Any

from PIL import Image, UnidentifiedImageError

from helpers.errors import PhotoError
from helpers.files.reading import NotRead, open_regular
from helpers.images.kinds import RAW, kind_of, way_out
from helpers.images.opening import first_bytes, formats, is_named_raw

TROUBLE = (  # what Pillow raises for a file that is not a photo, or half of one
    PhotoError,
    Image.DecompressionBombError,
    Warning,  # where a person has made them errors
    OSError,
    ValueError,
    SyntaxError,
    struct.error,
    EOFError,
    MemoryError,
    IndexError,
    KeyError,
    ArithmeticError,
    RuntimeError,
    TypeError,  # for tags of other types than they should be
    AttributeError,
    AssertionError,
)


def refusal(source: Any, error: BaseException) -> PhotoError:
    """The error to raise for a photo instead of the one that was raised."""
    return error if isinstance(error, PhotoError) else PhotoError(_reason(source, error))


def _reason(source: Any, error: BaseException) -> str:
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return f"more pixels than is safe to decode ({error}); make it smaller first"
    if isinstance(error, NotRead):
        return str(error)
    if isinstance(error, UnidentifiedImageError):
        return _not_a_photo(source)
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if isinstance(error, IsADirectoryError):
        return "a folder, not a photo"
    text = str(error) or type(error).__name__
    if "truncated" in text or "not enough image data" in text:
        return f"cut off before its end ({text}); copy it again from the card"
    return f"damaged: {text}"


def _not_a_photo(source: Any) -> str:
    if isinstance(source, (str, os.PathLike)):
        with open_regular(source) as file:
            begin = first_bytes(file)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        begin = bytes(source[:1024])
    else:
        begin = first_bytes(source)
    if not begin:
        return "empty file (0 bytes)"
    kind = RAW if is_named_raw(source) else kind_of(begin)
    return "not a photo that Pillow can read" if kind is None else way_out(kind, formats())
