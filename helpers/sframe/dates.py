"""Texts read as dates, and dates written, in Turi Create's formats: those of the C language, and a few more.

%F    the fraction of a second with its point, or nothing where there is none
%s    seconds with their fraction, as %S%F
%ZP   a time zone such as GMT+01, +05:30 or Z, or nothing
%q    the zone as +0530, %Q as +05:30; both may be missing when they are read

Where %H stands beside %p, the hour is one of twelve, as in Turi Create. Unlike there, all of a text has to fit the
format, a year of two digits is from 1969 to 2068 (POSIX), and %T, %D and %R are read, not passed over.
"""

import datetime
import re
from typing import Callable, List, Optional, Tuple

from helpers.sframe.errors import Unsupported

ISO = "%Y-%m-%dT%H:%M:%S%ZP"  # Turi Create's default
_WHOLE_FORMATS = {"ISO": "%Y%m%dT%H%M%S%F%q"}
_DIRECTIVE = re.compile(r"%(ZP|.)", re.DOTALL)
_SHORTHAND = {
    "T": "%H:%M:%S",
    "D": "%m/%d/%y",
    "R": "%H:%M",
    "e": "%d",
    "h": "%b",
    "P": "%p",
    "s": "%S%F",
    "r": "%I:%M:%S %p",
}
_ZONES = {
    "ZP": r"(?:[A-Za-z]*[+-]\d{1,2}(?::?\d\d)?|GMT|UTC|Z|z)?",
    "q": r"(?:[+-]\d{4}|Z)?",
    "Q": r"(?:[+-]\d\d:\d\d|Z)?",
}
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d\d)?")


def reader(format: str) -> Callable[[str], Optional[datetime.datetime]]:
    """A function that reads texts of this format as dates, and an empty text as missing.

    It raises `Unsupported` for any other text.
    """
    pieces = _pieces(_WHOLE_FORMATS.get(format, format))
    letters = {letter for letter, _ in pieces}
    swapped = {"H": "%I"} if "p" in letters else {"I": "%H"}  # `strptime` takes 12 without p for 0
    plain = "".join(swapped.get(letter, text) for letter, text in pieces if letter not in ("F", *_ZONES))
    # `strptime` knows neither fractions of any length nor zones that may be missing: they are cut out first.
    cut = None
    if letters & {"F", *_ZONES}:
        cut = re.compile("".join(_pattern(letter, text) for letter, text in pieces), re.DOTALL)

    def read(text: str) -> Optional[datetime.datetime]:
        if not text:
            return None
        fraction = zone = ""
        rest = text.lstrip()
        if cut is not None:
            match = cut.fullmatch(rest)
            if match is None:
                raise _unfit(text, format)
            found = match.groupdict()
            fraction, zone = found.get("fraction") or "", found.get("zone") or ""
            spans = sorted(match.span(name) for name, part in found.items() if part)
            for start, end in reversed(spans):
                rest = rest[:start] + rest[end:]
        try:
            moment = datetime.datetime.strptime(rest.rstrip(), plain.rstrip())
            if "I" in letters and "p" not in letters and not 1 <= moment.hour <= 12:
                raise _unfit(text, format)
            micro = int(fraction[1:7].ljust(6, "0")) if fraction else moment.microsecond
            return moment.replace(microsecond=micro, tzinfo=_zone(zone) if zone else None)
        except ValueError as error:
            raise _unfit(text, format) from error

    return read


def writer(format: str) -> Callable[[datetime.datetime], str]:
    """A function that writes dates in this format."""
    pieces = _pieces(_WHOLE_FORMATS.get(format, format), also={"P": "%P"})

    def part(moment: datetime.datetime, letter: str, text: str) -> str:
        if letter == "F":
            return f".{moment.microsecond:06d}"
        if letter in _ZONES or letter in ("Z", "z"):
            return _written_zone(moment, letter)
        if letter == "P":
            return moment.strftime("%p").lower()
        return moment.strftime(text) if letter else text

    return lambda moment: "".join(part(moment, letter, text) for letter, text in pieces)


def _pieces(format: str, also: Optional[dict] = None) -> List[Tuple[str, str]]:
    """The format in directives, each with its letter, and the texts between them, with none; shorthands written out."""
    known = {**_SHORTHAND, **(also or {})}
    pieces: List[Tuple[str, str]] = []
    at = 0
    for match in _DIRECTIVE.finditer(format):
        pieces.append(("", format[at : match.start()]))
        letter, at = match.group(1), match.end()
        longer = known.get(letter, "")
        if longer and longer != match.group():
            pieces += _pieces(longer, also)
        else:
            pieces.append((letter, match.group()))
    pieces.append(("", format[at:]))
    return [(letter, text) for letter, text in pieces if text]


def _pattern(letter: str, text: str) -> str:
    if letter == "F":
        return r"(?P<fraction>\.\d+)?"
    if letter in _ZONES:
        return rf"\s*(?P<zone>{_ZONES[letter]})"
    if not letter:
        return re.escape(text)
    return ".+?" if letter not in "YmdHIMSyj" else r"\s*\d+"


def _zone(text: str) -> datetime.timezone:
    match = _OFFSET.search(text)
    if match is None:  # Z, GMT or UTC
        return datetime.timezone.utc
    sign, hours, minutes = match.groups()
    offset = datetime.timedelta(hours=int(hours), minutes=int(minutes or 0))
    return datetime.timezone(-offset if sign == "-" else offset)


def _written_zone(moment: datetime.datetime, letter: str) -> str:
    offset = moment.utcoffset()
    if offset is None:  # no zone is ever guessed
        return ""
    minutes = int(offset.total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    if letter in ("q", "z"):
        return f"{sign}{hours:02d}{rest:02d}"
    if letter == "Q":
        return f"{sign}{hours:02d}:{rest:02d}"
    return f"GMT{sign}{hours:02d}" + (f":{rest:02d}" if rest else "")


def _unfit(text: str, format: str) -> Unsupported:
    return Unsupported(f"{text[:60]!r} is not a date of the format {format!r}")
