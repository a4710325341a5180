"""How far cameras' clocks are from UTC; photos don't contain it, and it is never guessed."""

import datetime
import re
from typing import Mapping, Optional, Union

from helpers.errors import FrameError

Offset = Union[str, datetime.timedelta, datetime.timezone]
GivenOffset = Union[Offset, Mapping[str, Offset], None]  # of all cameras, or by deployment

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")


def zone_of(offset: GivenOffset, name: Optional[str]) -> datetime.timezone:
    """The time zone of a deployment's clock, from `offset`; raises `FrameError`."""
    value = offset
    if isinstance(offset, Mapping):
        if name is None or name not in offset:
            known = ", ".join(map(repr, list(offset)[:8]))
            raise FrameError(f"offset= has no offset from UTC of the deployment {name!r}; it has {known}")
        value = offset[name]
    if isinstance(value, datetime.timezone):
        value = value.utcoffset(None)
    if isinstance(value, datetime.timedelta) and abs(value) < datetime.timedelta(days=1) and not value.seconds % 60:
        return datetime.timezone(value)
    match = _OFFSET.fullmatch("+00:00" if value in ("Z", "UTC") else value) if isinstance(value, str) else None
    if match is None or int(match[2]) > 14 or int(match[3]) > 59:
        raise FrameError(f"offset={value!r} is not an offset from UTC; write it as '+02:00', '-05:30' or 'Z'")
    span = datetime.timedelta(hours=int(match[2]), minutes=int(match[3]))
    return datetime.timezone(-span if match[1] == "-" else span)
