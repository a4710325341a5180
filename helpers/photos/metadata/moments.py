"""Dates as cameras, telephones and programs write them, in EXIF and in names of files: read right, or not at all."""

import datetime
import re
from typing import Any, Optional

_FIRST_PHOTO = 1826  # the year
_HALVES = {  # of a day, in the languages of makers
    **dict.fromkeys(("AM", "A", "上午", "午前", "오전"), 0),
    **dict.fromkeys(("PM", "P", "下午", "午後", "오후"), 12),
}
_HALF = r"([AaPp](?:\.?[Mm]\.?)?|上午|下午|午前|午後|오전|오후)"
# By the rules 2014:06:01 05:59:58. Seen as well: other signs between the numbers, blanks in place of zeros, no
# seconds, half days, parts of a second, and a zone at the end: the camera's clock was right there, wherever that was.
_MOMENT = re.compile(
    r"([0-9]{4})[:/. -]([0-9 ]?[0-9])[:/. -]([0-9 ]?[0-9])[ T:]\s*" + rf"(?:{_HALF}\s*)?"
    r"([0-9 ]?[0-9]):([0-9 ]?[0-9])(?::([0-9 ]?[0-9])(?:[.,][0-9]+)?)?" + rf"(?:\s*{_HALF})?"
    r"\s*(?:[A-Z]{3,5}|Z|[+-][0-9]{2}:?[0-9]{2})?"
)
# IMG_20260501_143000.jpg, 2026-05-01 14.30.00 (2).jpg, 2026-05-01T14-30-00.jpg, 20260501143000.jpg: with a time of day.
_END = r"(?=\s*(?:\([0-9]+\))?(?:\.[^.]*)?$)"  # of a name: "am" may be a word in its middle
_NAMED = re.compile(
    r"(?<![0-9])((?:19|20)[0-9]{2})([-_.]?)([0-9]{2})\2([0-9]{2})[-_ T.]{0,3}"
    r"([0-9]{2})([-_.:h]?)([0-9]{2})[-_.:m]?([0-9]{2})(?![0-9])" + rf"(?:[\s_.]?([AaPp]\.?[Mm]){_END})?"
)
# Screenshot 2026-05-01 at 2.30.00 PM.png, WhatsApp Image 2026-05-01 at 14.30.00.jpeg
_SPOKEN = re.compile(
    r"(?<![0-9])((?:19|20)[0-9]{2})-([0-9]{2})-([0-9]{2})[\s_-]+(?:at[\s_-]+)?"
    r"([0-9]{1,2})[.:]([0-9]{2})[.:]([0-9]{2})(?![0-9])" + rf"(?:[\s_.]?([AaPp]\.?[Mm]){_END})?"
)


def parsed_moment(text: Any) -> Optional[datetime.datetime]:
    """The moment in a tag of EXIF, by the camera's clock; None for what may mean something else.

    >>> parsed_moment("2014:06:01 05:59:58 PM")
    datetime.datetime(2014, 6, 1, 17, 59, 58)
    """
    match = _MOMENT.fullmatch(_plain(text))
    if match is None:
        return None
    year, month, day, before, hour, minute, second, after = match.groups()
    if before and after:
        return None
    return _checked(year, month, day, hour, minute, second or "0", before or after)


def named_moment(name: str) -> Optional[datetime.datetime]:
    """The date and time of day in a file's name, or None.

    >>> named_moment("IMG_20260501_143000.jpg")
    datetime.datetime(2026, 5, 1, 14, 30)
    """
    match = _SPOKEN.search(name)
    if match is not None:
        return _checked(*match.groups())
    match = _NAMED.search(name)
    if match is None:
        return None
    year, _, month, day, hour, _, minute, second, half = match.groups()
    return _checked(year, month, day, hour, minute, second, half)


def _plain(text: Any) -> str:
    """The text of a tag, of which Pillow makes bytes, or takes each byte of UTF-8 for a letter."""
    try:
        content = text if isinstance(text, bytes) else text.encode("latin-1")
        text = content.decode("utf-8")
    except (AttributeError, UnicodeError):
        pass
    return text.partition("\0")[0].strip() if isinstance(text, str) else ""


def _checked(
    year: str, month: str, day: str, hour: str, minute: str, second: str, half: Optional[str] = None
) -> Optional[datetime.datetime]:
    hours = int(hour)
    if half is not None:
        later = _HALVES[half.replace(".", "").upper()]
        if hours <= 12 and hours:
            hours = hours % 12 + later
        elif bool(later) != bool(hours):  # 14:00 PM and 0:30 AM are seen; 14:00 AM and 0:30 PM may be anything
            return None
    if int(year) < _FIRST_PHOTO:  # of a clock that was never set
        return None
    try:
        return datetime.datetime(int(year), int(month), int(day), hours, int(minute), int(second))
    except ValueError:  # the 30th of February
        return None
