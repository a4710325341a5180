"""The colours of the photos on a map: one of a few kinds, or a place on a scale, each as one byte."""

import datetime
import math
from collections import Counter
from numbers import Real
from typing import Any, Dict, Hashable, List, NamedTuple, Tuple

import numpy as np

from helpers.arguments import did_you_mean
from helpers.errors import FrameError
from helpers.frames.per_photo import entries, is_label, numbers

KINDS = 12  # that have a colour of their own
OTHER, MISSING = 12, 255  # codes
_TOP = 254  # the code of a scale's upper end
GIVEN = "given values"  # the title of colours that are no column
_COLOURABLE = (int, float, str, datetime.datetime)
_DIFFERENT = ("id", "path", "file")  # columns that are different for each photo
_FEW = 50  # whole numbers of more kinds are a scale
_LONGEST = 120  # characters of a name in the legend
_BEGINNING = datetime.datetime(1970, 1, 1)


class Colouring(NamedTuple):
    """A code for each photo, uint8 [photos], and the legend that explains the codes.

    Photos without a value (None, an empty text, nan) have the code 255. The
    `kind` of the legend is `plain` (all codes are 0), `kinds` (0 to 11 are the
    most frequent values, the largest first, and 12 is every other one) or
    `scale` (0 to 254, from the lowest value to the highest; where one in fifty
    at an end would make it twice as long, such as a wrong clock's dates, it
    ends before these).
    """

    codes: np.ndarray
    legend: Dict[str, Any]

    @classmethod
    def plain(cls, count: int) -> "Colouring":
        """One colour for all."""
        return cls(np.zeros(count, np.uint8), {"kind": "plain", "title": "", "missing": 0})

    @classmethod
    def of(cls, values: List[Any], title: str) -> "Colouring":
        """The colours of values, one a photo.

        Dates and numbers are a scale. Everything else is a kind, and so are
        whole numbers of 12 different values or fewer, and up to 50 where each
        stands for two photos on average: these are clusters rather than sizes.
        Raises `FrameError` for values that cannot be distinguished, such as lists.

        >>> Colouring.of(["cat", "dog", "cat", None], "animal").codes.tolist()
        [0, 1, 0, 255]
        """
        try:
            there = [place for place, value in enumerate(values) if is_label(value)]
        except (TypeError, ValueError) as error:
            raise FrameError(f"{title} must be text, numbers or dates, one a photo ({error})") from error
        known = [values[place] for place in there]
        if known and all(isinstance(value, datetime.date) for value in known):
            return cls._scale([_seconds(value) for value in known], there, len(values), title, dates=True)
        if known and all(isinstance(value, Real) and not isinstance(value, bool) for value in known):
            try:
                whole = all(float(value).is_integer() for value in known)
            except OverflowError as error:
                raise FrameError(f"{title} has a number that is too large for a scale ({error})") from error
            kinds = len(set(known)) if whole else len(known)
            if not whole or kinds > max(KINDS, min(_FEW, len(values) // 2)):
                return cls._scale([float(value) for value in known], there, len(values), title)
        return cls._kinds(values, title)

    @classmethod
    def _scale(cls, known: List[float], there: List[int], count: int, title: str, dates: bool = False) -> "Colouring":
        wanted = np.array(known, float)
        finite = np.isfinite(wanted)
        codes = np.full(count, MISSING, np.uint8)
        legend = {"kind": "scale", "title": title, "missing": count - int(finite.sum()), "low": "", "high": ""}
        if finite.any():
            ends = _ends(wanted[finite])
            share = (wanted[finite].clip(*ends) - ends[0]) / ((ends[1] - ends[0]) or 1.0)
            codes[np.array(there)[finite]] = np.round(share * _TOP).astype(np.uint8)
            texts = _days(*ends) if dates else [_short(end) for end in ends]
            beyond = wanted[finite].min() < ends[0], wanted[finite].max() > ends[1]
            legend["low"], legend["high"] = (
                f"{sign} {text}" if out else text for sign, text, out in zip("≤≥", texts, beyond)
            )
        return cls(codes, legend)

    @classmethod
    def _kinds(cls, values: List[Any], title: str) -> "Colouring":
        kinds, names = numbers(values, title)
        counts = Counter(kinds[kinds >= 0].tolist())
        largest = sorted(counts, key=lambda kind: (-counts[kind], kind))
        code_of = np.full(len(names) + 1, OTHER, np.uint8)
        code_of[-1] = MISSING
        code_of[largest[:KINDS]] = np.arange(min(KINDS, len(largest)))
        legend = {
            "kind": "kinds",
            "title": title,
            "missing": int((kinds < 0).sum()),
            "kinds": [[_name(names[kind]), counts[kind]] for kind in largest[:KINDS]],
            "others": len(largest[KINDS:]),
            "other": sum(counts[kind] for kind in largest[KINDS:]),
        }
        return cls(code_of[kinds], legend)


def colouring_by(by: Any, model: Any, data: Any) -> Colouring:
    """The colours of a model's photos, by what `CollectionMap.colour` takes. Raises `FrameError`."""
    if by is None:
        return Colouring.plain(len(model.labels))
    if isinstance(by, str):
        if by == "folder" and by not in data.column_names():
            return Colouring.of([name.rpartition("/")[0] for name in model.names], by)
        if by not in data.column_names():
            raise FrameError(f"the frame has no column {by!r} for colour=; {did_you_mean(by, data.column_names())}")
        return Colouring.of(list(data[by]), by)
    if not hasattr(by, "__len__") and not hasattr(by, "__iter__"):
        raise FrameError(f"colour is the name of a column, one entry a photo, or None, not {by!r}")
    if isinstance(by, np.ndarray):
        by = by.astype("datetime64[us]").tolist() if by.dtype.kind == "M" else by.tolist()
    return Colouring.of(entries(model, by, "colours"), GIVEN)


def columns_to_colour_by(data: Any) -> List[str]:
    """The columns of a frame to offer; the folder comes first, also where it is not a column."""
    kinds = dict(zip(data.column_names(), data.column_types()))
    columns = [name for name, kind in kinds.items() if kind in _COLOURABLE and name not in _DIFFERENT]
    if "taken" in columns and all(value is None for value in data["taken"]):
        columns.remove("taken")
    return ["folder", *(name for name in columns if name != "folder")]


def _ends(values: np.ndarray) -> Tuple[float, float]:
    """Where the scale begins and ends: see `Colouring`."""
    low, high = float(values.min()), float(values.max())
    first, last = np.percentile(values, [2, 98]).tolist()
    most = last - first
    return (first if first - low > most > 0 else low, last if high - last > most > 0 else high)


def _name(value: Hashable) -> str:
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _short(value: float) -> str:
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.4g}"


def _seconds(value: datetime.date) -> float:
    """Seconds since 1970 by local time: a camera knows no time zone."""
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    return (value.replace(tzinfo=None) - _BEGINNING).total_seconds()


def _days(*seconds: float) -> List[str]:
    """The ends of a scale as dates, with the time of day where both are of the same one."""
    moments = [_BEGINNING + datetime.timedelta(seconds=math.floor(each)) for each in seconds]
    if moments[0].date() == moments[1].date():
        return [moment.isoformat(" ", "minutes") for moment in moments]
    return [moment.date().isoformat() for moment in moments]
