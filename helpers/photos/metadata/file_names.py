"""Dates in the names of a folder's photos, where one name alone may mean something else."""

import datetime
import re
from typing import Dict, List, Optional, Sequence, Tuple

from helpers.photos.metadata.moments import named_moment

# 20051004_1735.jpg, 2005-10-04 17h35.jpg: a day and a time without seconds; not 2016-11-01_1920x1080.jpg.
_TO_THE_MINUTE = re.compile(
    r"(?<![0-9])((?:19|20)[0-9]{2})([-_.]?)([0-9]{2})\2([0-9]{2})[-_ T.]{1,3}([0-9]{2})([-.:h]?)([0-9]{2})(?![0-9xXpP])"
)


def named_moments(paths: Sequence[str]) -> List[Optional[datetime.datetime]]:
    """When photos were taken, by their names; None where a name has no date.

    `20051004_1735` is a time, 17:35, and `20051004_0042` may be the 42nd
    photo of the day. So four digits after a day count as a time only where they
    may be one in all names of the folder that have them, are not the next
    number from each name to the next, and are not below 0100 in all.

    >>> named_moments(["a/20051004_1735.jpg", "a/20051004_1802.jpg", "b/20051004_0041.jpg", "b/20051004_0042.jpg"])
    [datetime.datetime(2005, 10, 4, 17, 35), datetime.datetime(2005, 10, 4, 18, 2), None, None]
    """
    moments: List[Optional[datetime.datetime]] = []
    by_folder: Dict[str, List[Tuple[str, int, re.Match[str]]]] = {}
    for place, path in enumerate(paths):
        folder, _, name = path.rpartition("/")
        if "20" not in name and "19" not in name:  # no year: most names, and three patterns to look for
            moments.append(None)
            continue
        moments.append(named_moment(name))
        match = None if moments[-1] else _TO_THE_MINUTE.search(name)
        if match:
            by_folder.setdefault(folder, []).append((name, place, match))
    for names in by_folder.values():
        read = [(place, match, _moment(match)) for _, place, match in sorted(names)]
        counter = _is_counter([(match, moment) for _, match, moment in read if not match[6]])
        for place, match, moment in read:
            if match[6] or not counter:
                moments[place] = moment
    return moments


def _moment(match: "re.Match[str]") -> Optional[datetime.datetime]:
    year, _, month, day, hour, _, minute = match.groups()
    try:
        return datetime.datetime(int(year), int(month), int(day), int(hour), int(minute))
    except ValueError:
        return None


def _is_counter(names: List[Tuple["re.Match[str]", Optional[datetime.datetime]]]) -> bool:
    """Whether four digits after a day, in the order of the names, count the photos."""
    numbers = [int(match[5] + match[7]) for match, _ in names]
    if any(moment is None for _, moment in names) or all(number < 100 for number in numbers):
        return True
    return len(numbers) > 1 and all(after == before + 1 for before, after in zip(numbers, numbers[1:]))
