"""How often a JPEG goes over its picture: a decoder follows each scan, and a small file can hold very many."""

import re

from helpers.errors import Refused

MOST_SCANS = 100  # of one picture; programs write 1 to 16, and up to 64 for the smallest file of all
MOST_PIXELS = 2_000_000_000  # in all scans: twenty of a picture of 100 megapixels
MOST_MARKERS = 10_000  # before its end

_MARKER = re.compile(rb"\xff([\x01-\xfe])")
_AFTER_SCAN = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")  # restart markers are part of a scan
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))  # markers that nothing follows
_SCAN, _END = 0xDA, 0xD9


def check_scans(content: bytes, pixels: int) -> None:
    """Raises `Refused` (422) for a JPEG of `pixels` with more scans, or parts, than anybody has a use for."""
    place, scans = 2, 0
    search = _MARKER
    for _ in range(MOST_MARKERS):
        found = search.search(content, place)
        if found is None or found.group(1)[0] == _END:
            return
        marker, place = found.group(1)[0], found.end()
        if marker not in _ALONE:
            place += int.from_bytes(content[place : place + 2], "big")
        search = _AFTER_SCAN if marker == _SCAN else _MARKER
        scans += marker == _SCAN
        if scans > MOST_SCANS or (scans > 1 and scans * pixels > MOST_PIXELS):
            raise _made_up(f"{scans} scans or more")
    raise _made_up(f"more than {MOST_MARKERS:,} parts")


def _made_up(what: str) -> Refused:
    return Refused(f"the photo is a JPEG of {what}, which would keep this service busy; save it anew", 422)
