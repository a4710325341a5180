"""The chunks of a PNG: which of them are pixels, and which are words beside them.

See the PNG specification, third edition, 5: a signature, then chunks of a
length, a name, their content and a checksum.
"""

import zlib
from typing import BinaryIO, Iterator, List, Optional, Tuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_WORDS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf")
_KEPT = (b"tRNS", b"eXIf")  # of those that a decoder may leave out
_MOST_CHUNKS = 200_000
_LARGEST_EXIF = 2**20  # bytes
_LARGEST_PACKET = 4 * 2**20  # bytes of XMP
_XMP = b"XML:com.adobe.xmp\0"


def has_words_after_pixels(file: BinaryIO) -> bool:
    """Whether there are words behind the pixels, which Pillow reads with these and may fail at."""
    pixels = False
    for name, _, _ in _chunks(file):
        if pixels and name in _WORDS:
            return True
        pixels |= name == b"IDAT"
    return False


def without_words(file: BinaryIO) -> Tuple[bytes, Optional[str]]:
    """The same PNG of nothing but its pixels and a valid EXIF; and its XMP, where that can be read."""
    kept, packet = [SIGNATURE], None
    pixels: List[bytes] = []  # from the first on, so that an EXIF stands before them
    for name, place, length in _chunks(file):
        if name == b"iTXt" and packet is None:
            packet = _packet(_content(file, place, min(length, 2 * _LARGEST_PACKET)))
        if not name[:1].isupper() and name not in _KEPT:
            continue
        whole = _content(file, place - 8, length + 12)
        if name == b"eXIf":
            if length <= _LARGEST_EXIF and whole[-4:] == zlib.crc32(whole[4:-4]).to_bytes(4, "big"):
                kept.append(whole)
        elif name == b"IDAT" or pixels:
            pixels.append(whole)
        else:
            kept.append(whole)
    return b"".join(kept + pixels), packet


def _chunks(file: BinaryIO) -> Iterator[Tuple[bytes, int, int]]:
    """The name of each chunk, where its content begins, and how many bytes that has."""
    place = len(SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        head = _content(file, place, 8)
        if len(head) < 8:
            return
        length = int.from_bytes(head[:4], "big")
        yield head[4:], place + 8, length
        place += length + 12


def _content(file: BinaryIO, place: int, length: int) -> bytes:
    file.seek(place)
    return file.read(length)


def _packet(text: bytes) -> Optional[str]:
    """The XMP in a chunk iTXt: a keyword, whether it is compressed, a language, a translation, the text."""
    if not text.startswith(_XMP) or len(text) < len(_XMP) + 2:
        return None
    compressed, parts = text[len(_XMP)], text[len(_XMP) + 2 :].split(b"\0", 2)
    if len(parts) < 3:
        return None
    content = parts[2]
    if compressed:
        try:
            content = zlib.decompressobj().decompress(content, _LARGEST_PACKET + 1)
        except zlib.error:
            return None
    return content.decode("utf-8", "replace") if len(content) <= _LARGEST_PACKET else None
