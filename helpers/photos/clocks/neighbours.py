"""Cameras whose clocks were set wrongly: beside the other cameras of the same photos.

The year, the month, or day and month exchanged are what people mistype. A
camera is at fault if no other was out at its time, and one such mistake puts its
first and last photo where those of others are; or if others were, and it puts
them where those of nearly all are. Cameras that were moved on, so that one
follows the other, are not at fault.

Chosen on 10,979 deployments that others have published (Snapshot USA 2019 to
2023, and projects in Costa Rica, Colombia, Brazil, Canada and the Netherlands):
docs/field-cameras.md has how many are named as they are, and after a mistake.
"""

import calendar
import datetime
from typing import Iterator, NamedTuple, Optional, Sequence, Tuple

from helpers.photos.clocks.runs import FACTORY, new_year_of

_DAY = datetime.timedelta(days=1)
_NEAR = 0.1  # of a camera's time, and at least a day: how far first and last photos of cameras of a survey are apart
_ALIKE = 2  # other cameras that are out at the same time
_MANY, _MOST = 3, 0.8  # the same, where cameras were out at the time that the clock shows: that many, and that share
_YEARS = 2  # between a clock that was never set and all others: surveys are often repeated after one
_APART = 3.0  # times as far as `_NEAR` is where no other camera begins or ends


class Span(NamedTuple):
    """The time of the first and the last photo of a camera, by its clock."""

    camera: str
    first: datetime.datetime
    last: datetime.datetime


def mistyped(span: Span, spans: Sequence[Span]) -> Optional[str]:
    """What was probably mistyped when a clock was set, in words; None where nothing speaks for it."""
    others = [other for other in spans if other.camera != span.camera]
    length = span.last - span.first
    if length < _DAY:
        return None
    near = max(_DAY, length * _NEAR)
    alone = not any(min(span.last, other.last) - max(span.first, other.first) > -near for other in others)
    if not alone:
        apart = near * _APART
        if any(abs(other.first - span.first) <= apart or abs(other.last - span.last) <= apart for other in others):
            return None
    for words, first in _mistakes(span.first, sorted({other.first.year for other in others}) if alone else []):
        last = first + length
        alike = sum(abs(other.first - first) <= near and abs(other.last - last) <= near for other in others)
        if alike >= (_ALIKE if alone else max(_MANY, _MOST * len(others))):
            dates = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
            return f"{words}: its photos would be of {dates}, as those of {alike} other cameras"
    return None


def _mistakes(moment: datetime.datetime, years: Sequence[int]) -> Iterator[Tuple[str, datetime.datetime]]:
    """What a moment would be had something else been typed, with the mistake in words."""
    for year in years:
        if year != moment.year:
            ahead = moment.year - year
            much = "a year" if abs(ahead) == 1 else f"{abs(ahead)} years"
            yield f"the clock may be {much} {'ahead' if ahead > 0 else 'behind'}", _moved(moment, -12 * ahead)
    for months, words in ((-1, "the clock may be a month ahead"), (1, "the clock may be a month behind")):
        if datetime.MINYEAR * 12 < moment.year * 12 + moment.month + months <= datetime.MAXYEAR * 12:
            yield words, _moved(moment, months)
    if moment.day <= 12 and moment.day != moment.month:
        yield (
            "day and month may have been exchanged when the clock was set",
            moment.replace(month=moment.day, day=moment.month),
        )


def _moved(moment: datetime.datetime, months: int) -> datetime.datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, calendar.monthrange(year, month + 1)[1]))


def never_set(span: Span, spans: Sequence[Span]) -> Optional[str]:
    """That a camera begins at a New Year, and all else is years later, in words; None where it is not so."""
    new_year = new_year_of(span.first)
    later = min((other.first for other in spans if other is not span), default=span.first)
    if span.first - new_year > FACTORY or later.year - span.first.year < _YEARS:
        return None
    return f"the clock was reset to {new_year:%Y-%m-%d}"


def years_behind(span: Span, spans: Sequence[Span]) -> Optional[str]:
    """That a camera shows a time years before all others, in words; None where it does not, or they do not agree."""
    others = [other for other in spans if other.camera != span.camera]
    cameras = {other.camera for other in others}
    if len(cameras) < _ALIKE:
        return None
    first, last = min(other.first for other in others), max(other.last for other in others)
    if first.year - span.last.year < _YEARS or last - first > first - span.last:
        return None
    return f"the clock shows {span.last.year}, and those of the {len(cameras)} other cameras {_years(first, last)}"


def _years(first: datetime.datetime, last: datetime.datetime) -> str:
    return f"{first.year}" if first.year == last.year else f"{first.year} to {last.year}"
