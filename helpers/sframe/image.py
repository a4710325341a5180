"""One photo in a frame: its path, and its pixels on demand.

An `Image` holds a path, the bytes of a file, or raw pixels. Making one from a
file reads only its header; the pixels are decoded each time they are needed, so
that a column of a million photos fits in memory.

Unlike Turi Create's, an Image is upright: EXIF orientation is applied, so width
and height are those of the photo as it is seen.
"""

import io
import os
from typing import Any, Optional, Tuple, Union

import numpy as np
from PIL import Image as Pillow

from helpers.errors import PhotoError
from helpers.files.reading import open_regular
from helpers.images.decode import open_photo, photo_size
from helpers.images.levels import opaque
from helpers.images.opening import opened
from helpers.images.trouble import TROUBLE, refusal
from helpers.sframe.errors import BadImage, WrongValue
from helpers.sframe.notebook import in_notebook, show_inline

SHOWN = 1024  # pixels along the longer side, at most, of an image in a notebook
_SIGNATURES = {"PNG": b"\x89PNG\r\n\x1a\n", "JPG": b"\xff\xd8"}


class Image:
    """A photo: `width`, `height` and `channels` (1, 3 or 4) from its header, `pixel_data` on demand.

    `path` is that of a file; `format` `"PNG"` or `"JPG"` accepts only such a
    file. `Image.from_bytes` and `Image.from_array` need no file. `Image()` is
    empty, as in Turi Create.

    Raises `PhotoError`, with the file's name, if it cannot be read.
    """

    __slots__ = ("_channels", "_pixels", "_size", "_source")

    def __init__(self, path: Union[str, "os.PathLike[str]", None] = None, format: str = "auto") -> None:
        self._source: Union[str, bytes, None] = None if path is None else os.path.expanduser(os.fspath(path))  # noqa: PTH111 (a path stays as it is)
        self._pixels: Optional[np.ndarray] = None
        self._channels: Optional[int] = None if path is not None else 0
        self._size = (0, 0) if self._source is None else _read_size(self._source, format)

    @classmethod
    def from_bytes(cls, encoded: bytes) -> "Image":
        """An Image of the bytes of a photo file, in any format that Pillow reads."""
        return cls.of_known_size(bytes(encoded))

    @classmethod
    def from_array(cls, pixels: np.ndarray) -> "Image":
        """An Image of uint8 pixels, height x width or height x width x 1, 3 or 4."""
        pixels = np.asarray(pixels)
        if pixels.ndim == 3 and pixels.shape[2] == 1:
            pixels = pixels[:, :, 0]
        if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))):
            raise WrongValue(f"an image is uint8 of height x width (x 3 or 4), not {pixels.dtype} {pixels.shape}")
        image = cls()
        image._pixels = pixels
        image._size = (pixels.shape[1], pixels.shape[0])
        image._channels = 1 if pixels.ndim == 2 else pixels.shape[2]
        return image

    @classmethod
    def of_known_size(cls, source: Union[str, bytes], size: Optional[Tuple[int, int]] = None) -> "Image":
        """An Image of this size, whose file is not opened; without a size, it is read from the header."""
        image = cls()
        image._source, image._channels = source, None
        image._size = _read_size(source, "auto") if size is None else size
        return image

    @property
    def width(self) -> int:
        """Pixels across the upright photo."""
        return self._size[0]

    @property
    def height(self) -> int:
        """Pixels down the upright photo."""
        return self._size[1]

    @property
    def channels(self) -> int:
        """1 for grey, 3 for colour (palettes too), 4 for colour with transparency."""
        if self._channels is None:
            self._channels = 0 if self._source is None else _read_channels(self._source)
        return self._channels

    @property
    def pixel_data(self) -> np.ndarray:
        """The pixels: uint8, height x width x channels, or height x width when grey."""
        return self._pixels if self._pixels is not None else np.array(self._open())

    @property
    def path(self) -> Optional[str]:
        """The path of the photo's file; None where it has none."""
        return self._source if isinstance(self._source, str) else None

    @property
    def source(self) -> Union[str, bytes]:
        """The path, the file's bytes, or the pixels as a PNG: what `helpers.images.decode.open_photo` takes."""
        if self._source is None:
            return self._encoded("PNG", None)
        return self._source

    def save(self, filename: str) -> None:
        """Write the upright pixels to a file; its ending decides the format."""
        self._open().save(os.path.expanduser(filename))  # noqa: PTH111

    def show(self) -> None:
        """Show the photo: in the notebook, else in the system's viewer."""
        if in_notebook():
            show_inline(self)
        else:
            self._open().show()

    def thumbnail(self, side: int) -> bytes:
        """The photo as a JPEG of at most `side` pixels along its longer side."""
        return self._encoded("JPEG", side)

    def _open(self, size: Optional[Tuple[int, int]] = None) -> Pillow.Image:
        if self._pixels is not None:
            image = Pillow.fromarray(self._pixels)
            return image if size is None else image.resize(size)
        if self._source is None:
            raise BadImage("an empty Image has no pixels; give a path, or use Image.from_array")
        try:
            return open_photo(self._source, size=size, native=True)
        except PhotoError as error:
            raise _bad(self._source, error) from error

    def _encoded(self, format: str, side: Optional[int]) -> bytes:
        size = None
        if side is not None and max(self._size) > side:
            scale = side / max(self._size)
            size = (max(1, round(self.width * scale)), max(1, round(self.height * scale)))
        image = self._open(size)
        if format == "JPEG" and image.mode == "RGBA":
            image = opaque(image)
        buffer = io.BytesIO()
        image.save(buffer, format)
        return buffer.getvalue()

    def _repr_png_(self) -> Optional[bytes]:
        return self._encoded("PNG", SHOWN) if max(self._size) else None

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, Image):
            return False
        if self is other or (self._source is not None and self._source == other._source):
            return True
        if self._size != other._size or self._size == (0, 0):
            return self._size == other._size
        return np.array_equal(self.pixel_data, other.pixel_data)

    __hash__ = None  # type: ignore[assignment]  # as in Turi Create: equal by content, and content is slow to hash

    def __repr__(self) -> str:
        return f"Height: {self.height}px\nWidth: {self.width}px\nChannels: {self.channels}\n"


def _read_size(source: Union[str, bytes], format: str) -> Tuple[int, int]:
    try:
        signature = _SIGNATURES.get(format.upper())
        if signature is not None and not _first_bytes(source).startswith(signature):
            raise PhotoError(f"not a {format.upper()} file")
        return photo_size(source)
    except TROUBLE as error:
        raise _bad(source, error) from error


def _first_bytes(source: Union[str, bytes]) -> bytes:
    if isinstance(source, bytes):
        return source
    with open_regular(source) as file:
        return file.read(8)


def _read_channels(source: Union[str, bytes]) -> int:
    """The channels that `open_photo(native=True)` will return, from the header alone."""
    try:
        with opened(source) as image:
            if "A" in image.mode or "transparency" in image.info:
                return 4
            return 1 if image.mode in ("1", "L", "F") or image.mode.startswith("I") else 3
    except TROUBLE as error:
        raise _bad(source, error) from error


def _bad(source: Union[str, bytes], error: Exception) -> BadImage:
    name = source if isinstance(source, str) else "photo in memory"
    return BadImage(f"{name}: {refusal(source, error)}")
