"""Limits the memory of all photos that are being decoded at once: a small file can hold very many pixels."""

import contextlib
import os
import threading
from pathlib import Path
from typing import Any, Iterator, Optional

from helpers.errors import PhotoError
from helpers.files.lock import Busy, locked
from helpers.images import jpeg
from helpers.images.levels import is_deep, is_transparent

LEAST = 2_000_000_000  # bytes

_SHARE = 16  # of the machine's memory, where that is more
_SMALL = 100_000_000  # bytes: a photo that takes less waits for no other process

# Bytes for each pixel, measured as the peak of `open_photo` with 25 megapixels (Pillow 13, libheif 1.21).
_PLAIN = 5  # grey or RGB as JPEG, PNG, TIFF, BMP; palettes
_OF_FORMAT = {"WEBP": 16, "JPEG2000": 20, "HEIF": 8, "AVIF": 10}
_MORE = 12  # where there is transparency, or are more than 8 bits
_COEFFICIENTS = 3  # of a progressive JPEG, which are kept at full size


class MemoryBudget:
    """Lets threads decode photos that take `most` bytes in all; the others wait, in the order in which they came.

    A photo that takes more than that is decoded alone. A thread that holds a
    share already never waits for another. After `share(path)`, photos of more
    than 100 MB are also decoded one at a time among all processes that have
    the same lock file.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken, self._lock_file = 0, None  # type: int, Optional[Path]
        self._turn, self._freed = threading.Lock(), threading.Condition()
        self._held = threading.local()

    def share(self, path: Path) -> None:
        """Let one process at a time decode a large photo, among those that share this lock file."""
        self._lock_file = path

    @contextlib.contextmanager
    def take(self, needed: int) -> Iterator[None]:
        """Hold so many bytes: `with budget.take(needed): ...`; raises `PhotoError` where others are large too long."""
        if getattr(self._held, "any", False):
            yield
            return
        part = min(needed, self.most)
        with self._turn, self._freed:  # a large one is not overtaken by small ones for ever
            self._freed.wait_for(lambda: self._taken + part <= self.most)
            self._taken += part
        self._held.any = True
        try:
            with contextlib.ExitStack() as alone:
                if self._lock_file is not None and needed > _SMALL:
                    try:
                        alone.enter_context(locked(self._lock_file))
                    except Busy:
                        raise PhotoError("many large photos are being decoded just now; try again later") from None
                yield
        finally:
            self._held.any = False
            with self._freed:
                self._taken -= part
                self._freed.notify_all()


def decoding(image: Any, side: Optional[int] = None) -> "contextlib.AbstractContextManager[None]":
    """Wait until there is room to decode an open Pillow image: `with opened(source) as image, decoding(image): ...`.

    `side` is the longer side in pixels that is wanted of it, for which a JPEG is decoded at a fraction.
    """
    return BUDGET.take(memory_of(image, side))


def reading_tags(image: Any) -> "contextlib.AbstractContextManager[None]":
    """Wait until there is room to read the EXIF of an open Pillow image: of a PNG, Pillow decodes the pixels first."""
    return decoding(image) if image.format == "PNG" else contextlib.nullcontext()


def memory_of(image: Any, side: Optional[int] = None) -> int:
    """About how many bytes decoding an open Pillow image takes, by its header."""
    pixels = image.width * image.height
    if image.format in jpeg.FORMATS:
        fraction = 1 if side is None else max(1, min(8, image.width // (2 * side), image.height // (2 * side)))
        whole = _COEFFICIENTS if image.info.get("progressive") else 0
        return int(pixels * whole + pixels * _PLAIN / (1 << fraction.bit_length() - 1) ** 2)
    more = _MORE if is_transparent(image) or is_deep(image.mode) else 0
    return int(pixels * (_OF_FORMAT.get(image.format, _PLAIN) + more))


def _memory_of_the_machine() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows does not know them
        return 0


BUDGET = MemoryBudget(max(LEAST, _memory_of_the_machine() // _SHARE))
