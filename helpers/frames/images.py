"""Photos in the image column of a frame, of either kind.

The stand-in's Images have the path of their photo; Turi Create's hold a copy of
its bytes. `image_of` makes one from a file, `source_of` returns what
`helpers.images.decode.open_photo` takes.
"""

import hashlib
import io
import os
from pathlib import Path
from typing import Any, List, Optional, Union

from PIL import Image as Pillow

from helpers.errors import FrameError, PhotoError
from helpers.files.reading import read_regular
from helpers.files.stamps import sha256
from helpers.frames import HAS_TURICREATE, Column, Image, SArray
from helpers.images.decode import PhotoHeader, check_photo, open_photo

_JPEG, _PNG, _RAW = 0, 1, 2  # how Turi Create numbers the formats


def image_of(photo: Union[str, "os.PathLike[str]", bytes], kind: Optional[PhotoHeader] = None) -> Any:
    """A frame's Image of a photo, upright, from its file or from the bytes of one.

    `kind` is the result of `check_photo`, where the photo was checked before.

    Turi Create reads upright JPEG and plain PNG files: those are kept as they
    are. Any other photo becomes a PNG of the same pixels. Raises `PhotoError`
    where the photo cannot be read.
    """
    kind = kind or check_photo(photo)
    if not HAS_TURICREATE:
        return Image.of_known_size(photo if isinstance(photo, bytes) else os.fspath(photo), (kind.width, kind.height))
    if kind.plain:
        encoded = photo if isinstance(photo, bytes) else read_regular(photo)
        number = _JPEG if kind.format == "JPEG" else _PNG
        return _turi_image(encoded, number, kind.width, kind.height, {"L": 1, "RGB": 3, "RGBA": 4}[kind.mode])
    upright = open_photo(photo, native=True)
    buffer = io.BytesIO()
    upright.save(buffer, "PNG", compress_level=1)  # five times as fast as the default, a tenth larger
    return _turi_image(buffer.getvalue(), _PNG, upright.width, upright.height, len(upright.getbands()))


def _turi_image(encoded: bytes, number: int, width: int, height: int, channels: int) -> Any:
    # Built from its parts: Turi Create's own reader takes a URL, not the path of a file.
    return Image(
        _image_data=bytearray(encoded),
        _image_data_size=len(encoded),
        _width=width,
        _height=height,
        _channels=channels,
        _format_enum=number,
        _version=0,
    )


def source_of(image: Any) -> Union[str, bytes]:
    """What `helpers.images.decode.open_photo` takes: a path, or the bytes of a photo file.

    Raises `FrameError` for anything but a photo, `PhotoError` for an Image without pixels.
    """
    if isinstance(image, (str, bytes)):
        return image
    if isinstance(image, os.PathLike):
        return os.fspath(image)
    if not isinstance(image, Image):
        raise FrameError(f"a photo is an Image, a path or bytes, not {type(image).__name__}")
    if not HAS_TURICREATE:
        return image.source
    if image._format_enum in (_JPEG, _PNG):
        return bytes(image._image_data)
    if not (image.width and image.height):
        raise PhotoError("an empty image: it has no pixels")
    buffer = io.BytesIO()
    Pillow.fromarray(image.pixel_data).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def path_of(photo: Any) -> Optional[str]:
    """The full path of a photo's file; None for a copy of its bytes, or anything but a photo."""
    path = photo if isinstance(photo, str) else getattr(photo, "path", None)
    if path is None and isinstance(photo, os.PathLike):  # asked last, as it takes long, and photos are many
        path = photo
    return None if path is None else os.path.abspath(path)  # noqa: PTH100 (Path.resolve is slow)


def image_array(images: List[Any]) -> Column:
    """The images as an SArray of type Image, also without any."""
    return SArray(images, dtype=Image)


def identity_of(source: Union[str, bytes]) -> str:
    """The sha-256 of the photo's file: the same at any path, and in either environment.

    Raises `OSError` where the file is gone.
    """
    return hashlib.sha256(source).hexdigest() if isinstance(source, bytes) else sha256(Path(source))
