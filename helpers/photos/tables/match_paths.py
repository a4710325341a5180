"""Matching paths that were written on another machine with a collection's photos, by the end of the path.

Two paths agree for as many names as are equal from the file name backwards. Of
absolute paths, the folders that all of them share only say where the photos
were; where another folder differs, it is another photo.

A name that no photo has is compared again without what systems change in
names: how accents are written (Macs write two characters), then large and small
letters and the long forms of endings.
"""

import re
from bisect import bisect_left, bisect_right
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from helpers.files.spelling import composed

_ABSOLUTE = re.compile(r"^(/|\\\\|[A-Za-z]:[\\/])")

_LONG_ENDINGS = {".jpeg": ".jpg", ".jpe": ".jpg", ".tiff": ".tif", ".heif": ".heic"}

_BETWEEN, _AFTER = "/", "0"  # what is between names, and the character after it

NOT_HERE = "not in the collection"


class MatchedPaths(NamedTuple):
    """The photo of each path."""

    rows: List[Optional[int]]  # of the photo; None where there is none, or several
    reasons: List[str]  # for None; else empty
    moved: Optional[Tuple[str, str]]  # the first pair of different folders that were taken for the same


def match(paths: Sequence[str], photos: Sequence[str]) -> MatchedPaths:
    """Match paths with the paths of photos; each photo is matched once at most.

    >>> match(["D:\\\\card\\\\north\\\\1.JPG", "D:\\\\card\\\\south\\\\1.JPG"], ["north/1.JPG", "north/2.JPG"]).rows
    [0, None]
    """
    exact = {photo: row for row, photo in enumerate(photos)}
    parts = [[path] if path in exact else _parts(path) for path in paths]
    free = _shared([names for path, names in zip(paths, parts) if path not in exact and _ABSOLUTE.match(path)])
    spellings = [_PhotosByEnd(photos, spelling) for spelling in _SPELLINGS]
    rows: List[Optional[int]] = []
    reasons: List[str] = []
    agreed: List[int] = []
    for path, names in zip(paths, parts):
        row: Optional[int] = exact.get(path)
        length, reason = len(_parts(path)) + 1, ""
        if row is None:
            enough = len(names) - free if _ABSOLUTE.match(path) else len(names)
            for photos_by_end in spellings:
                row, length, reason = photos_by_end.find(names, enough)
                if reason != NOT_HERE:
                    break
        rows.append(row)
        agreed.append(length)
        reasons.append(reason)
    _settle(rows, agreed, reasons)
    moved = None
    for names, matched, length in zip(parts, rows, agreed):
        own_names = [] if matched is None else _parts(photos[matched])
        if moved is None and length < min(len(names), len(own_names)):
            moved = "/".join(names[:-length]), "/".join(own_names[:-length])
    return MatchedPaths(rows, reasons, moved)


def _settle(rows: List[Optional[int]], agreed: List[int], reasons: List[str]) -> None:
    """Leave each photo to the path that agrees longest; where several do, to none of them."""
    claims: Dict[int, List[int]] = {}
    for place, row in enumerate(rows):
        if row is not None:
            claims.setdefault(row, []).append(place)
    for places in claims.values():
        longest = max(agreed[place] for place in places)
        best = [place for place in places if agreed[place] == longest]
        for place in places:
            if agreed[place] < longest:
                rows[place], reasons[place] = None, NOT_HERE
            elif len(best) > 1:
                rows[place], reasons[place] = None, f"{len(best)} paths of the file end like one photo's; none is taken"


class _PhotosByEnd:
    """Photos by the ends of their paths, spelt in one way.

    Paths are sorted by their names from the last one backwards: those that end alike stand together, and the one that
    a path agrees with longest stands beside it. That takes the room of the paths themselves, however deep they are.
    """

    def __init__(self, photos: Sequence[str], spelling: Callable[[str], str]) -> None:
        self._photos, self._spelling = photos, spelling
        self._sorted: Optional[List[Tuple[str, int]]] = None  # made when it is needed: most files name photos as here
        self._ends: List[str] = []
        self._longest = 0  # names of a path

    def find(self, names: List[str], enough: int) -> Tuple[Optional[int], int, str]:
        """The photo's row, how many names the paths agree for, and the reason where there is no photo.

        They must agree for `enough` of the path's names, or for all of the photo's.
        """
        if self._sorted is None:
            self._sorted = sorted((self._backwards(_parts(photo)), row) for row, photo in enumerate(self._photos))
            self._ends = [end for end, _ in self._sorted]
            self._longest = max((end.count(_BETWEEN) for end in self._ends), default=0)
        wanted = self._backwards(names[max(0, len(names) - self._longest) :])
        place = bisect_left(self._ends, wanted)
        beside = self._ends[max(0, place - 1) : place + 1]
        end = max((_shared_end(wanted, each) for each in beside), key=len, default="")
        if not end:
            return None, 0, NOT_HERE
        length = end.count(_BETWEEN)
        first = bisect_left(self._ends, end)
        last = bisect_left(self._ends, end[:-1] + _AFTER) if length >= enough else bisect_right(self._ends, end)
        if last - first == 1:
            return self._sorted[first][1], length, ""
        return None, 0, f"{last - first} photos of the collection end like it" if last > first else NOT_HERE

    def _backwards(self, names: List[str]) -> str:
        return "".join(f"{self._spelling(name)}{_BETWEEN}" for name in reversed(names))


def _shared_end(path: str, other: str) -> str:
    """The whole names in which two paths agree, backwards."""
    length = 0
    for name, theirs in zip(path.split(_BETWEEN)[:-1], other.split(_BETWEEN)):
        if name != theirs:
            break
        length += len(name) + 1
    return path[:length]


def _without_case(name: str) -> str:
    folded = composed(composed(name).casefold())
    base, dot, ending = folded.rpartition(".")
    return f"{base}{_LONG_ENDINGS.get(dot + ending, dot + ending)}"


_SPELLINGS: Tuple[Callable[[str], str], ...] = (str, composed, _without_case)


def normal(path: str) -> str:
    """The path with `/`, and without empty names and `.`."""
    return "/".join(_parts(path))


def _parts(path: str) -> List[str]:
    return [name for name in path.replace("\\", "/").split("/") if name not in ("", ".")]


def _shared(paths: List[List[str]]) -> int:
    """How many folders all of the paths begin with."""
    if not paths:
        return 0
    first, last = min(paths), max(paths)
    count = 0
    for a, b in zip(first[:-1], last[:-1]):
        if a != b:
            break
        count += 1
    return count
