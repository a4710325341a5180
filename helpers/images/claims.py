"""What a photo's file claims about itself, looked at before Pillow believes it: a few bytes can claim very much.

A hundred thousand pieces of EXIF, which Pillow joins one by one; tags that all have the same megabyte for their value;
a tile of a gigapixel in a picture of a few pixels. No camera and no program writes such. (ITU-T T.81, B.1; TIFF 6.0;
CIPA DC-008 for EXIF, and CIPA DC-007 for the pictures after the first.)
"""

import io
import struct
from typing import Any, BinaryIO, Dict, Iterator, Literal, NamedTuple, Set, Tuple

from helpers.errors import PhotoError
from helpers.images import jpeg

_MARK = 0xFF
_EXIF_PART, _MPF_PART = 0xE1, 0xE2
_MOST_PARTS = 10_000  # of a JPEG before its pixels
_MOST_PIECES = 64  # of EXIF, 64 kB each
_IN_WORDS = "Raw profile type exif"  # as Pillow names it
_EXIF, _MPF = b"Exif\0\0", b"MPF\0"

_Order = Literal["little", "big"]
_TIFFS: Dict[
    bytes, Tuple[_Order, bool]
] = {  # by the first bytes: the order of bytes in numbers, and if they have 64 bits
    **{b"II*\0": ("little", False), b"MM\0*": ("big", False)},
    **{b"II+\0": ("little", True), b"MM\0+": ("big", True)},
}
_UNITS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_BYTES = (1, 2, 6, 7)  # types whose values Pillow leaves as they are; it makes an object of each number
_LOWER = (0x8769, 0x8825, 0xA005)  # tags that lead to further directories: the camera's, the place's, and one beside
_MOST_ENTRIES, _MOST_DIRECTORIES = 65_535, 20
_MOST_NUMBERS = 2**20  # bytes of numbers in EXIF
_SPARE = 2**16  # bytes that entries may have twice

_TILE_WIDTH, _TILE_LENGTH = 322, 323
_LARGE_TILE = 2**24  # pixels; programs write tiles of 128 to 1,024 pixels a side
_WIDEST_PACKED = 2**16  # pixels of a row of a packed BMP: a step down takes a row more
_GIF, _EXTENSION, _REMARK = b"GIF8", 0x21, 0xFE
_MOST_REMARKS = 2**20  # bytes, before the first picture of a GIF; Pillow joins them piece by piece before 13
_MOST_BLOCKS = 2**16  # likewise, of remarks and all else: 5 MB of XMP, whose letters are taken for lengths
_ICON, _MOST_ICONS = b"\0\0\1\0", 1_000
_LARGEST_ICON = 2**24  # pixels; its header has at most 256 a side
_PNG = b"\x89PNG\r\n\x1a\n"


def check_file(file: BinaryIO) -> None:
    """Raises `PhotoError` for an open JPEG, TIFF, GIF or ICO that claims what none has, before Pillow opens it."""
    file.seek(0)
    begin = file.read(8)
    if begin.startswith(jpeg.BEGINNING):
        _check_jpeg(file)
    elif begin[:4] in _TIFFS:
        _check_tags(file, numbers=False)
    elif begin.startswith(_GIF):
        _check_gif(file)
    elif begin.startswith(_ICON):
        _check_icon(file)


def check_opened(image: Any) -> None:
    """Raises `PhotoError` for an open Pillow image, not decoded yet, with more in it than its size allows."""
    exif = image.info.get("exif") or _exif_in_words(image)
    if isinstance(exif, bytes):
        _check_tags(io.BytesIO(exif[len(_EXIF) :] if exif.startswith(_EXIF) else exif), numbers=True)
    if image.format == "TIFF":
        tile = [image.tag_v2.get(tag, 0) for tag in (_TILE_WIDTH, _TILE_LENGTH)]
        if all(isinstance(side, int) for side in tile) and tile[0] * tile[1] > max(
            _LARGE_TILE, image.width * image.height
        ):
            raise PhotoError(f"damaged: it has tiles of {tile[0]} x {tile[1]} pixels, which are larger than itself")
    if image.format in ("BMP", "DIB") and image.width > _WIDEST_PACKED and image.tile[0][0] == "bmp_rle":
        raise PhotoError(f"a packed BMP of {image.width:,} pixels in a row; save it again")


def _exif_in_words(image: Any) -> bytes:
    """The EXIF of a PNG that some programs write as text; empty where there is none."""
    try:
        return bytes.fromhex("".join(str(image.info.get(_IN_WORDS, "")).split("\n")[3:]))
    except ValueError:
        return b""


def _check_jpeg(file: BinaryIO) -> None:
    pieces = 0
    for mark, length in _parts(file):
        if mark in (_EXIF_PART, _MPF_PART):
            begin = file.read(len(_EXIF))
            pieces += begin == _EXIF
            if mark == _MPF_PART and begin.startswith(_MPF):
                _check_tags(io.BytesIO(begin[len(_MPF) :] + file.read(length - len(_EXIF))), numbers=True)
        elif mark == 0:  # Pillow looks for the next part behind what is none
            pieces += file.read().count(_EXIF)
        if pieces > _MOST_PIECES:
            raise PhotoError("its EXIF is in more pieces than any camera or program writes; save it again")


def _parts(file: BinaryIO) -> Iterator[Tuple[int, int]]:
    """The marker and the length of each part before the pixels; 0 and 0 where something else begins, as the last."""
    place = 2
    for _ in range(_MOST_PARTS):
        file.seek(place)
        head = file.read(4)
        if len(head) < 4 or head[1] == jpeg.SCAN:
            return
        if head[0] != _MARK or head[1] in (0, _MARK):
            file.seek(place)
            yield 0, 0
            return
        length = 0 if head[1] in jpeg.ALONE else max(2, int.from_bytes(head[2:], "big"))
        if length:
            yield head[1], length - 2
        place += 2 + length
    raise PhotoError("a JPEG of more parts than any camera or program writes; save it again")


class _Directory(NamedTuple):
    """A directory of tags: how many bytes their values have, and the places of further directories."""

    values: int
    numbers: int  # of these, the bytes of values that are numbers
    lower: Set[int]
    follows: int


def _check_tags(file: BinaryIO, *, numbers: bool) -> None:
    """Raises `PhotoError` where the values of a TIFF's directory overlap so much that they are more than the file.

    Or where a directory but the first, and with `numbers` that one too, has more numbers than EXIF ever has.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    begin = file.read(16)
    if begin[:4] not in _TIFFS:
        return
    order, big = _TIFFS[begin[:4]]
    waiting = {int.from_bytes(begin[8:16] if big else begin[4:8], order)}
    seen: Set[int] = set()
    while waiting:
        place = waiting.pop()
        if not 0 < place < size:
            continue
        directory = _directory(file, place, order, big, size)
        if directory.values > 2 * size + _SPARE:
            raise PhotoError("damaged: its tags claim to be more than the whole file; save it again")
        if len(seen) == _MOST_DIRECTORIES:
            raise PhotoError("damaged: it has more directories of tags than any camera writes; save it again")
        if (numbers or seen) and directory.numbers > _MOST_NUMBERS:
            raise PhotoError("damaged: its tags have more numbers than any camera writes; save it again")
        # Of a TIFF, the next one is that of another picture; of EXIF, that of the small picture in it.
        waiting |= directory.lower | ({directory.follows} if numbers and not seen else set())
        seen.add(place)
        waiting -= seen


def _directory(file: BinaryIO, place: int, order: _Order, big: bool, size: int) -> _Directory:
    form, inside = ("HHQQ", 8) if big else ("HHLL", 4)
    form = ("<" if order == "little" else ">") + form
    file.seek(place)
    count = int.from_bytes(file.read(8 if big else 2), order)
    if count > _MOST_ENTRIES:
        raise PhotoError("damaged: it has more tags than there are; save it again")
    length = struct.calcsize(form)
    content = file.read(count * length)
    values = numbers = 0
    lower = set()
    for tag, kind, count, value in struct.iter_unpack(form, content[: len(content) // length * length]):
        taken = _UNITS.get(kind, 0) * count
        if inside < taken and value + taken <= size:  # what is not there is not read
            values += taken
            numbers += 0 if kind in _BYTES else taken
        if tag in _LOWER:
            lower.add(value)
    follows = int.from_bytes(file.read(inside), order)
    return _Directory(values, numbers, lower, follows)


def _check_gif(file: BinaryIO) -> None:
    file.seek(10)
    colours = file.read(3)[:1]
    if colours and colours[0] & 0x80:
        file.seek(3 << ((colours[0] & 7) + 1), io.SEEK_CUR)
    blocks = remarks = 0
    while (begin := file.read(2))[:1] == bytes((_EXTENSION,)):
        length = 1
        while length:
            length = (file.read(1) or b"\0")[0]
            file.seek(length, io.SEEK_CUR)
            blocks += 1
            remarks += (1 + length) * (begin[1:] == bytes((_REMARK,)))
            if remarks > _MOST_REMARKS or blocks > _MOST_BLOCKS:
                raise PhotoError("a GIF of more parts than any camera or program writes; save it again")


def _check_icon(file: BinaryIO) -> None:
    """An icon's PNGs or BMPs may be of another size than its header has, and are decoded as it is opened."""
    file.seek(4)
    entries = [file.read(16) for _ in range(min(_MOST_ICONS, int.from_bytes(file.read(2), "little")))]
    for entry in entries:
        file.seek(int.from_bytes(entry[12:], "little"))
        begin = file.read(24).ljust(24, b"\0")
        width, height = struct.unpack_from(*((">LL", begin, 16) if begin.startswith(_PNG) else ("<ll", begin, 4)))
        if abs(width * height) > _LARGEST_ICON:
            raise PhotoError(f"an icon of {abs(width):,} x {abs(height):,} pixels; save it as PNG")
