"""Decoding a JPEG so that damage in its middle is seen, which libjpeg warns of and Pillow keeps to itself.

A card that fails leaves holes of zeros in a file, or a piece of another photo.
The decoder takes any bits for pixels: what it makes of the wrong ones has
another length, so that the picture is full before the data ends, or the data
ends before the picture is full. Both show in when the last row is written.
(ITU-T T.81: B.1.1 for the markers, F.2.2 for why a wrong bit is not noticed.)
"""

import functools
import re
from typing import Any, List, NamedTuple, Optional

import numpy as np
from PIL import Image

from helpers.errors import PhotoError
from helpers.images import jpeg

_FRAMES = tuple(mark for mark in range(0xC0, 0xD0) if mark not in (0xC4, 0xC8, 0xCC))
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_NEVER = (jpeg.START, *range(0x01, 0xC0))  # after a scan: the beginning of another photo, and what stands for nothing
_SMALLEST = 4096  # bytes of pixels: of less, the end cannot be told from the rest
_LEFT_OVER = 512  # bytes: some cameras write a little more than the picture
_PAST = bytes(16)  # what follows the data, so that the decoder does not wait for more
_DAMAGED = "damaged in its middle: {}; copy it again from the card"


class _Scan(NamedTuple):
    """The pixels of a sequential JPEG in its file."""

    start: int
    end: int  # without what fills it up
    mark: int  # where its end marker is


def load_whole(image: Any) -> None:
    """Decode an open Pillow image; raises `PhotoError` for a JPEG that is damaged in its middle."""
    scan, content = None, b""
    if image.format in jpeg.FORMATS and len(image.tile) == 1 and image.tile[0][0] == "jpeg" and not image.tile[0][2]:
        position = image.fp.tell()
        image.fp.seek(0)
        content = image.fp.read()
        image.fp.seek(position)
        scan = _scan(content)
    if scan is not None and scan.end - scan.start >= _SMALLEST:
        watched = _WatchedDecoding(image, content, scan)
        image.load_prepare, image.load_read = watched.prepare, watched.read
        try:
            image.load()
        finally:
            del image.load_prepare, image.load_read
        watched.check_end()
    else:
        image.load()


def _scan(content: bytes) -> Optional[_Scan]:
    """Where the pixels are; None where they are not in one part, so that nothing can be said about their end.

    Raises `PhotoError` where they hold what pixels never do.
    """
    place, frame, interval, blocks = 2, 0, 0, 0
    while place + 4 <= len(content) and content[place] == 0xFF:
        mark = content[place + 1]
        if mark == 0xFF:
            place += 1
            continue
        if mark in _FRAMES:
            frame, blocks = mark, _blocks(content[place + 5 : place + 19])
        if mark == jpeg.RESTART_INTERVAL:
            interval = int.from_bytes(content[place + 4 : place + 6], "big")
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        if mark == jpeg.SCAN:
            break
    else:
        return None
    first = found = jpeg.MARKER.search(content, place)  # most photos have none from which a decoder starts anew
    if first is not None and 0xD0 <= first[1][0] <= 0xD7:
        found = jpeg.AFTER_SCAN.search(content, first.start())
    if found is None or frame not in jpeg.SEQUENTIAL:
        return None
    if found[1][0] != jpeg.END:
        _check_segments(content, found.start())
        return None
    if blocks if interval else found is not first:
        _check_restarts(content[place : found.start()], -(-blocks // interval) - 1 if interval else 0)
    end = found.start()
    while end > place and content[end - 1] in (0, 0xFF):
        end -= 1
    return _Scan(place, end, found.start())


def _check_segments(content: bytes, place: int) -> None:
    """Raise `PhotoError` where what follows the pixels is not a row of segments up to the next pixels, or the end."""
    while content[place : place + 1] == b"\xff" and content[place + 1 : place + 2] not in (b"\xff", b""):
        mark = content[place + 1]
        if mark in (jpeg.SCAN, jpeg.END):
            return
        if mark in _NEVER:
            break
        place += 2 + max(2, int.from_bytes(content[place + 2 : place + 4], "big"))
    raise PhotoError(_DAMAGED.format("something else begins within its pixels"))


def _blocks(frame: bytes) -> int:
    """How many groups of blocks (MCU) a picture has, by its frame's sizes and components; 0 where that is unclear."""
    height, width, parts = int.from_bytes(frame[:2], "big"), int.from_bytes(frame[2:4], "big"), frame[4:5]
    if parts not in (b"\1", b"\3"):
        return 0
    sampling = [frame[6 + 3 * part] for part in range(parts[0])] if len(frame) >= 5 + 3 * parts[0] else [0]
    across, down = max(each >> 4 for each in sampling), max(each & 15 for each in sampling)
    if parts == b"\1":  # alone, a component has one block in each group
        across = down = 1
    return -(-width // (8 * across)) * -(-height // (8 * down)) if across and down else 0


def _check_restarts(pixels: bytes, count: int) -> None:
    """Raise `PhotoError` where the marks from which a decoder starts anew are not all there and in order."""
    marks = [mark[1][0] - 0xD0 for mark in _RESTART.finditer(pixels)]
    if marks != [place % 8 for place in range(count)]:
        raise PhotoError(_DAMAGED.format("a part of its pixels is missing, or another photo's"))


@functools.lru_cache(maxsize=1)
def _noise() -> bytes:
    """What no row of a photo is: for the widest JPEG, in four channels."""
    return np.random.default_rng(0).bytes(4 * 0xFFFF)


class _WatchedDecoding:
    """Gives the decoder a JPEG in four pieces, and looks between them whether the last row has been written."""

    def __init__(self, image: Any, content: bytes, scan: _Scan) -> None:
        self._image, self._prepare = image, image.load_prepare
        early = scan.end - _LEFT_OVER
        self._pieces: List[bytes] = [content[: scan.start], content[scan.start : early]]
        self._pieces += [content[early : scan.mark] + _PAST, content[scan.mark :]]
        self._given = 0

    def prepare(self) -> None:
        """Make the picture, with a last row that no photo has."""
        self._prepare()
        self._picture = Image.Image()._new(self._image.im)
        self._last = (0, self._picture.height - 1, self._picture.width, self._picture.height)
        size = self._picture.width * len(self._picture.getbands())
        self._row = _noise()[:size]
        row = Image.frombytes(self._picture.mode, (self._picture.width, 1), self._row)
        self._picture.paste(row, self._last)

    def read(self, _: int) -> bytes:
        """The next piece; raises `PhotoError` where all of the data was not enough for the picture."""
        if self._given == len(self._pieces) - 1 and self._picture.crop(self._last).tobytes() == self._row:
            raise PhotoError(_DAMAGED.format("its data ends before its pixels do"))
        self._given += 1
        return self._pieces[self._given - 1] if self._given <= len(self._pieces) else b""

    def check_end(self) -> None:
        """Raise `PhotoError` where the picture was full before the last of the data: then the decoder asks no more."""
        if self._given < len(self._pieces) - 1:
            raise PhotoError(_DAMAGED.format("its pixels end before its data does"))
