"""What is wrong with a photo: one `PhotoError` in plain words for all that Pillow and the disk may raise."""

import os
import struct
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from helpers.errors import PhotoError

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
)

_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")  # the brands of such files


def refusal(source: Any, error: BaseException) -> PhotoError:
    """The error to raise for a photo instead of the one that was raised."""
    return error if isinstance(error, PhotoError) else PhotoError(_reason(source, error))


def _reason(source: Any, error: BaseException) -> str:
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return f"more pixels than is safe to decode ({error}); make it smaller first"
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
        with Path(source).open("rb") as file:
            begin = file.read(12)
        named = Path(source).suffix.lower() in (".heic", ".heif")
    else:
        begin = bytes(source[:12]) if isinstance(source, (bytes, bytearray, memoryview)) else b"?"
        named = False
    if not begin:
        return "empty file (0 bytes)"
    if named or (begin[4:8] == b"ftyp" and begin[8:12] in _HEIC):
        return "HEIC needs one more package: pip install pillow-heif"
    return "not a photo that Pillow can read"
