"""The moon's phase on a day, which nocturnal animals depend on."""

import datetime
from typing import List, Optional, Sequence

from astral import moon

PHASES = (
    "new moon",
    "waxing crescent",
    "first quarter",
    "waxing gibbous",
    "full moon",
    "waning gibbous",
    "last quarter",
    "waning crescent",
)
_CYCLE = 28.0  # as `astral.moon.phase` counts: 0 is new, 14 full


def moon_phases(moments: Sequence[Optional[datetime.datetime]]) -> List[Optional[str]]:
    """One of `PHASES` for each moment, or None for None; each lasts an eighth of the month.

    It is the same all over the world but for some hours, and no zone is known.

    >>> moon_phases([datetime.datetime(2020, 4, 7, 22)])
    ['full moon']
    """
    days = {moment.date() for moment in moments if moment is not None}
    phases = {day: PHASES[round(moon.phase(day) / _CYCLE * len(PHASES)) % len(PHASES)] for day in days}
    return [None if moment is None else phases[moment.date()] for moment in moments]
