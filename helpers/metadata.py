"""What a photo's file tells beside its pixels: when it was taken."""

import datetime
import re
from typing import Any, Dict, Optional

from helpers.decode import Source, read_exif

_ORIGINAL, _DIGITISED = 0x9003, 0x9004  # EXIF: DateTimeOriginal, DateTimeDigitized
_FIRST_PHOTO = 1826  # the year
# By the rules 2014:06:01 05:59:58. Seen as well: other signs between the numbers, blanks in place of zeros,
# and parts of a second or a zone at the end.
_MOMENT = re.compile(
    r"\s*([0-9]{4})[:/. -]([0-9 ]?[0-9])[:/. -]([0-9 ]?[0-9])[ T]([0-9 ]?[0-9]):([0-9 ]?[0-9]):([0-9 ]?[0-9])"
)


def taken(source: Source) -> Optional[datetime.datetime]:
    """When a photo was taken, by the camera's clock; None where its file does not say, or cannot be read.

    That is EXIF's DateTimeOriginal, else its DateTimeDigitized. The file's own
    date is that of a copy, and is never taken for it. No zone is guessed.
    `source` is what `helpers.decode.open_photo` takes; the pixels are not
    decoded (but for a PNG that has no EXIF before them), and nothing is raised.
    """
    return moment(read_exif(source))


def moment(exif: Dict[int, Any]) -> Optional[datetime.datetime]:
    """`taken` of the tags that `helpers.decode.read_exif` gives."""
    for tag in (_ORIGINAL, _DIGITISED):
        found = _moment(exif.get(tag))
        if found is not None:
            return found
    return None


def _moment(text: Any) -> Optional[datetime.datetime]:
    if isinstance(text, bytes):
        text = text.decode("ascii", "replace")
    match = _MOMENT.match(text) if isinstance(text, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    if year < _FIRST_PHOTO:  # of a clock that was never set
        return None
    try:
        return datetime.datetime(year, month, day, hour, minute, second)
    except ValueError:  # the 30th of February
        return None
