"""A JPEG by its bytes: the markers that divide it (ITU-T T.81, B.1.1)."""

import re
from typing import Dict, List, Tuple

FORMATS = ("JPEG", "MPO")  # Pillow's names; MPO is several JPEGs in a file, of which the first counts
BEGINNING = b"\xff\xd8\xff"

START, END, SCAN, RESTART_INTERVAL = 0xD8, 0xD9, 0xDA, 0xDD
SEQUENTIAL = (0xC0, 0xC1)  # frames that are written row by row, whose bits follow each other from the first block on

MARKER = re.compile(rb"\xff([^\x00\xff])")
AFTER_SCAN = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")  # the others are part of the pixels

ALONE = (0x01, *range(0xD0, SCAN))  # markers without a length after them
_FIRST_WORDS, _LAST_WORDS, _REMARK, _ADOBE_PART = 0xE0, 0xEF, 0xFE, 0xEE  # markers of what is beside the pixels
_JFIF, _ADOBE, _EXIF, _XMP = b"JFIF\0", b"Adobe", b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"


def without_words(content: bytes) -> Tuple[bytes, Dict[str, bytes]]:
    """The same JPEG of its pixels and what they are decoded by alone; and its EXIF and XMP, as Pillow names them.

    Its colours depend on the parts of JFIF and Adobe; where these are shorter than libjpeg takes them (14 and 12
    bytes), it decodes as if they were not there.
    """
    kept: List[bytes] = [content[:2]]
    words: Dict[str, bytes] = {}
    place = 2
    while content[place : place + 1] == b"\xff" and len(content) > place + 4:
        marker = content[place + 1]
        if marker == 0xFF:  # filling
            place += 1
            continue
        length = max(2, int.from_bytes(content[place + 2 : place + 4], "big"))
        part = content[place + 4 : place + 2 + length]
        if marker in (0, SCAN) or marker in ALONE:
            break
        if marker == _FIRST_WORDS + 1 and part.startswith(_EXIF):
            words["exif"] = words["exif"] + part[len(_EXIF) :] if "exif" in words else part
        elif marker == _FIRST_WORDS + 1 and part.startswith(_XMP):
            words["xmp"] = part[len(_XMP) :]
        is_colour = (marker == _FIRST_WORDS and part.startswith(_JFIF) and len(part) >= 14) or (
            marker == _ADOBE_PART and part.startswith(_ADOBE) and len(part) >= 12
        )
        if is_colour or not (_FIRST_WORDS <= marker <= _LAST_WORDS or marker == _REMARK):
            kept.append(content[place : place + 2 + length])
        place += 2 + length
    return b"".join([*kept, content[place:]]), words
