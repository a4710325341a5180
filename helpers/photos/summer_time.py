"""The hour that a clock shows twice, at the end of summer time.

Most field cameras go on by the time that they were set to; some follow the
phone network. Dates alone do not show which of two hours a photo is of, but the
order of the files on the card may.
"""

import datetime
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from helpers.photos.cards import card_of, order_on_card

HOUR = datetime.timedelta(hours=1)
_LEAST = datetime.timedelta(minutes=1)  # photos of a burst may be written in another order
_SUNDAY = 6
_LATEST = 4  # o'clock: all over the world the clock is put back before it, on a Sunday


class HourBack(NamedTuple):
    """A photo at which the clock had been put back by an hour."""

    camera: str
    row: int
    moment: datetime.datetime  # of that photo, by the clock


def hours_back(
    paths: Sequence[str], taken: Sequence[Optional[datetime.datetime]], cameras: Sequence[str]
) -> Tuple[List[Optional[datetime.datetime]], List[HourBack]]:
    """The dates of photos with an hour more from where the clock was put back, and where that was.

    It is known only of cards whose files are in order (`helpers.photos.cards`),
    where that order goes back by up to an hour in the night to a Sunday. The
    dates returned are for the time between photos of a card.
    """
    cards: Dict[Tuple[str, str], List[int]] = {}
    for row, path in enumerate(paths):
        if taken[row] is not None:
            cards.setdefault((cameras[row], card_of(path.rpartition("/")[0])), []).append(row)
    passed, found = list(taken), []
    for (camera, _), rows in sorted(cards.items()):
        moments: List[datetime.datetime] = [taken[row] for row in rows]  # type: ignore[misc]  # all are known
        order = _order(paths, rows, moments)
        more = 0 * HOUR
        for before, place in zip(order, order[1:]):
            if _is_put_back(moments[before], moments[place]):
                more += HOUR
                found.append(HourBack(camera, rows[place], moments[place]))
            passed[rows[place]] = moments[place] + more
    return passed, found


def _order(paths: Sequence[str], rows: List[int], moments: List[datetime.datetime]) -> List[int]:
    """The order of a card's files, if it matters: only a card with photos of such a night is looked at."""
    if not any(moment.weekday() == _SUNDAY and moment.hour < _LATEST for moment in moments):
        return []
    return order_on_card([paths[row] for row in rows]) or []


def _is_put_back(before: datetime.datetime, after: datetime.datetime) -> bool:
    """Whether the clock was put back between two photos; it may have been at midnight, back to Saturday."""
    night = (before.weekday() == _SUNDAY and before.hour < _LATEST) or (
        after + HOUR
    ).weekday() == _SUNDAY > after.weekday()
    return night and _LEAST < before - after <= HOUR
