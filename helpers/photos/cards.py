"""A camera's card: which folders are one card, and whether its files are named in the order in which they were taken.

Cameras name files as the standard DCF has it (JEITA CP-3461): eight characters,
the last ones a number that goes up by one with each file, in folders such as
`DCIM/100MEDIA`, and in `101MEDIA` where that is full. Photos that somebody has
renamed or sorted are in no such order.
"""

import re
from functools import lru_cache
from typing import List, NamedTuple, Optional, Sequence, Tuple

_NUMBERED = re.compile(r"([1-9][0-9]{2})[A-Za-z0-9_]{5}")  # 100MEDIA, 101RECNX, 100EK113, 100_BTCF
_NAMED = re.compile(r"([A-Za-z_][A-Za-z0-9_]{1,3})([0-9]{4,6})")  # IMG_0001, EK000001, RCNX0001
_DATED = re.compile(
    r"((?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))([0-9]{4})"
)  # 05010001: the first photo of the 1st of May
_LETTERS = 8  # of a file's name, without what is after the dot
_FEWEST = 6  # files: the numbers of fewer are next to each other by accident
_NEXT = 3  # a file that was deleted or a video that was taken between two photos takes a number too
_WITHOUT_GAPS = 0.98  # of the steps from one number to the next: in a folder of chosen photos fewer


class _Number(NamedTuple):
    """The place of a file on its card."""

    folder: int  # 100 of 100MEDIA, 0 without such a folder
    file: int


@lru_cache(maxsize=10_000)
def card_of(folder: str) -> str:
    """The folder of the card that a folder belongs to: without `DCIM`, `100MEDIA` and the like at its end.

    >>> card_of("north/C1/DCIM/101MEDIA"), card_of("100MEDIA"), card_of("north/C1")
    ('north/C1', '.', 'north/C1')
    """
    parts = folder.split("/")
    if parts and _NUMBERED.fullmatch(parts[-1]):
        parts.pop()
    if parts and parts[-1].upper() == "DCIM":
        parts.pop()
    return "/".join(parts) or "."


def order_on_card(paths: Sequence[str]) -> Optional[List[int]]:
    """Which of a card's photos was taken first, second and so on, by their names: int [photos], indexes of `paths`.

    None where names do not show the order: they are not those that one camera
    gives, or their numbers have gaps as those of chosen photos have. At most one
    step in fifty may be a gap of more than three numbers.

    >>> order_on_card([f"C1/IMG_{number:04d}.JPG" for number in (3, 1, 2, 4, 6, 5)])
    [1, 2, 0, 3, 5, 4]
    >>> order_on_card([f"C1/fox {number:04d}.JPG" for number in range(6)])
    """
    found = [_number(path) for path in paths]
    if len(paths) < _FEWEST or len({prefix for prefix, _ in found}) > 1 or found[0][0] is None:
        return None
    numbers = [number for _, number in found]
    order = sorted(range(len(paths)), key=lambda place: numbers[place])
    near = sum(_follows(numbers[before], numbers[after]) for before, after in zip(order, order[1:]))
    return order if near >= _WITHOUT_GAPS * (len(paths) - 1) else None


def _number(path: str) -> Tuple[Optional[str], _Number]:
    """What the names of a camera's files begin with, None for another name; and the number."""
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    match = (_NAMED.fullmatch(stem) or _DATED.fullmatch(stem)) if len(stem) == _LETTERS else None
    if match is None:
        return None, _Number(0, 0)
    numbered = _NUMBERED.fullmatch(folder.rpartition("/")[2])
    prefix = "" if match[1].isdigit() else match[1].upper()
    return prefix, _Number(int(numbered[1]) if numbered else 0, int(match[2]))


def _follows(before: _Number, after: _Number) -> bool:
    if before.folder == after.folder:
        return 1 <= after.file - before.file <= _NEXT
    # The next folder goes on with the next number, or begins again at 1 or 0.
    return after.folder == before.folder + 1 and (0 <= after.file <= _NEXT or 1 <= after.file - before.file <= _NEXT)
