"""Removing the position from a JPEG without coding its pixels again.

Positions are in the EXIF and in XMP, sometimes as text in IPTC or in comments,
or in a second picture after the first. So of the segments (ITU-T T.81, B.1)
only those stay that decode the picture, its colour profile, and the EXIF (CIPA
DC-008, a TIFF) without its GPS directory.
"""

from typing import List, Literal, Set, Tuple

from helpers.errors import PhotoError
from helpers.images import jpeg

_START = bytes((0xFF, jpeg.START))
_KEPT = {0xE0: b"JFIF\0", 0xE1: b"Exif\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}  # segments and how they begin
_TEXT = (*range(0xE0, 0xF0), 0xFE)  # segments that the pixels do not need
_GPS, _CAMERA = 0x8825, 0x8769  # the EXIF tags that lead to other directories
_POSITION_TAGS = (_GPS, 700, 33723, 34377)  # and XMP, IPTC and Photoshop's
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}  # of a value, by its type
_DAMAGED = "its file is damaged, so that it may still contain a position"


def without_position(content: bytes) -> bytes:
    """The bytes of a JPEG file without position, XMP, IPTC, comments and whatever follows its picture.

    Everything else in the EXIF stays: date, camera, orientation, and its comments
    and maker's notes, which are not searched for positions. Raises `PhotoError`
    for a file of another format, and for a JPEG whose segments are damaged.
    """
    if not content.startswith(_START):
        raise PhotoError(
            "the position can be removed from a JPEG only; convert it to one, or export it with its position"
        )
    kept, place = [_START], len(_START)
    while True:
        mark, body, after = _segment(content, place)
        if mark == jpeg.END:
            return b"".join([*kept, bytes((0xFF, jpeg.END))])
        if mark not in _TEXT:
            kept.append(content[after - len(body) - 4 : after])
        elif mark in _KEPT and body.startswith(_KEPT[mark]):
            if mark == 0xE1:
                body = body[:6] + _cleaned(bytearray(body[6:]))
            kept.append(bytes((0xFF, mark)) + (len(body) + 2).to_bytes(2, "big") + body)
        place = after
        if mark == jpeg.SCAN:
            found = jpeg.AFTER_SCAN.search(content, place)
            kept.append(content[place : found.start() if found else None])
            if found is None:  # cut off
                return b"".join(kept)
            place = found.start()


def _segment(content: bytes, place: int) -> Tuple[int, bytes, int]:
    """The marker of the segment at a place or after it, its content, and where it ends."""
    place = content.find(b"\xff", place)
    while place >= 0 and content[place + 1 : place + 2] == b"\xff":  # any number may stand before a mark
        place += 1
    if place < 0 or place + 1 >= len(content):
        raise PhotoError(_DAMAGED)
    mark = content[place + 1]
    if mark == jpeg.END:
        return mark, b"", place + 2
    length = int.from_bytes(content[place + 2 : place + 4], "big")
    after = place + 2 + length
    if length < 2 or after > len(content):
        raise PhotoError(_DAMAGED)
    return mark, content[place + 4 : after], after


def _cleaned(tiff: bytearray) -> bytes:
    """An EXIF of the same length in which everything else stays in its place, as makers' notes need."""
    if tiff[:4] not in (b"II*\0", b"MM\0*"):
        raise PhotoError(_DAMAGED)
    exif = _Exif(tiff, "little" if tiff[:2] == b"II" else "big")
    place = exif.number(4, 4)
    seen: Set[int] = set()
    if not exif.has_directory(place):
        raise PhotoError(_DAMAGED)
    while place not in seen and exif.has_directory(place):
        seen.add(place)
        place = exif.clean(place)
    return bytes(tiff)


class _Exif:
    """A TIFF whose directories are changed in place."""

    def __init__(self, tiff: bytearray, order: Literal["little", "big"]) -> None:
        self._tiff, self._order = tiff, order

    def number(self, place: int, length: int) -> int:
        return int.from_bytes(self._tiff[place : place + length], self._order)

    def has_directory(self, place: int) -> bool:
        return 8 <= place <= len(self._tiff) - 2 and self._end(place) <= len(self._tiff)

    def clean(self, place: int) -> int:
        """Remove positions from a directory and from that of the camera in it; returns where the next directory is."""
        for entry in self._entries(place):
            lower = self.number(entry + 8, 4)
            if self.number(entry, 2) == _CAMERA and lower != place and self.has_directory(lower):
                self._drop(lower)
        follows = self.number(self._end(place), 4)
        self._drop(place)
        return follows

    def _drop(self, place: int) -> None:
        """Remove the entries with a position from a directory, and what they point to from the file."""
        gone = [entry for entry in self._entries(place) if self.number(entry, 2) in _POSITION_TAGS]
        if not gone:
            return
        end = self._end(place)
        entries = self._entries(place)
        rest = b"".join(bytes(self._tiff[entry : entry + 12]) for entry in entries if entry not in gone)
        rest += bytes(self._tiff[end : end + 4])
        pointed = [(entry, self.number(entry + 8, 4)) for entry in gone]
        for entry, lower in pointed:
            if self.number(entry, 2) == _GPS and self.has_directory(lower):
                for value in self._entries(lower):
                    self._wipe(value)
                self._zero(lower, self._end(lower) - lower)
            self._wipe(entry)
        length = len(self._tiff[place + 2 : end + 4])
        self._tiff[place : place + 2] = (len(entries) - len(gone)).to_bytes(2, self._order)
        self._tiff[place + 2 : place + 2 + length] = rest.ljust(length, b"\0")

    def _wipe(self, entry: int) -> None:
        """Make the value of an entry zero, where it is outside the entry."""
        length = _BYTES.get(self.number(entry + 2, 2), 0) * self.number(entry + 4, 4)
        if length > 4:
            self._zero(self.number(entry + 8, 4), length)

    def _zero(self, place: int, length: int) -> None:
        there = max(0, min(len(self._tiff), place + length) - place)
        self._tiff[place : place + there] = bytes(there)

    def _entries(self, place: int) -> List[int]:
        return list(range(place + 2, self._end(place), 12))

    def _end(self, place: int) -> int:
        return place + 2 + 12 * self.number(place, 2)
