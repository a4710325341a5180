"""Which photo is meant by a path that was written on another machine: found by the end of it, or not at all.

A path agrees with another one for as many names as are the same from the file
name backwards. Of an absolute path, the folders that all paths have in common
say only where the photos lay; where another folder differs, it is another photo.
"""

import re
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

_ABSOLUTE = re.compile(r"^(/|\\\\|[A-Za-z]:[\\/])")

NOT_HERE = "not in the collection"


class Matched(NamedTuple):
    """What became of each path."""

    rows: List[Optional[int]]  # the photo's row; None where there is none, or nobody can say which
    reasons: List[str]  # then why; else empty
    moved: Optional[Tuple[str, str]]  # folders of other names that were taken for one another, the first ones


def match(paths: Sequence[str], photos: Sequence[str]) -> Matched:
    """Each path's photo among those known by their paths; no photo is given twice.

    >>> match(["D:\\\\card\\\\north\\\\1.JPG", "D:\\\\card\\\\south\\\\1.JPG"], ["north/1.JPG", "north/2.JPG"]).rows
    [0, None]
    """
    exact = {photo: row for row, photo in enumerate(photos)}
    parts = [[path] if path in exact else _parts(path) for path in paths]
    free = _shared([each for path, each in zip(paths, parts) if path not in exact and _ABSOLUTE.match(path)])
    ends = _Ends(photos)
    rows: List[Optional[int]] = []
    reasons: List[str] = []
    agreed: List[int] = []
    for path, names in zip(paths, parts):
        row: Optional[int] = exact.get(path)
        length, reason = len(_parts(path)) + 1, ""
        if row is None:
            row, length, reason = ends.find(names, len(names) - free if _ABSOLUTE.match(path) else len(names))
        rows.append(row)
        agreed.append(length)
        reasons.append(reason)
    _settle(rows, agreed, reasons)
    moved = None
    for names, meant, length in zip(parts, rows, agreed):
        there = [] if meant is None else _parts(photos[meant])
        if moved is None and length < min(len(names), len(there)):
            moved = "/".join(names[:-length]), "/".join(there[:-length])
    return Matched(rows, reasons, moved)


def _settle(rows: List[Optional[int]], agreed: List[int], reasons: List[str]) -> None:
    """Of the paths that mean one photo, the one that agrees for longest keeps it; of equals, none is to be trusted."""
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


class _Ends:
    """Photos by every end of their paths."""

    def __init__(self, photos: Sequence[str]) -> None:
        self._lengths = [len(_parts(photo)) for photo in photos]
        self._rows: Dict[str, List[int]] = {}
        for row, photo in enumerate(photos):
            for end in _ends(_parts(photo)):
                self._rows.setdefault(end, []).append(row)

    def find(self, names: List[str], enough: int) -> Tuple[Optional[int], int, str]:
        """The photo's row, for how many names the paths agree, and why there is none.

        They are to agree for `enough` of the path's names, or for all of the photo's.
        """
        for length, end in reversed(list(enumerate(_ends(names), 1))):
            rows = self._rows.get(end, [])
            if rows:
                meant = rows if length >= enough else [row for row in rows if self._lengths[row] == length]
                if len(meant) == 1:
                    return meant[0], length, ""
                return None, 0, f"{len(meant)} photos of the collection end like it" if meant else NOT_HERE
        return None, 0, NOT_HERE


def normal(path: str) -> str:
    """The path with `/`, and without what says nothing."""
    return "/".join(_parts(path))


def _parts(path: str) -> List[str]:
    return [name for name in path.replace("\\", "/").split("/") if name not in ("", ".")]


def _ends(names: List[str]) -> List[str]:
    """The last name, the last two, and so on."""
    return ["/".join(names[place:]) for place in reversed(range(len(names)))]


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
