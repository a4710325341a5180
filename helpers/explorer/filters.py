"""Filtering and sorting a collection by the names, folders and dates of its photos, and by columns of a frame."""

import datetime
import re
from collections import Counter
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from helpers.arguments import did_you_mean
from helpers.errors import FrameError
from helpers.files.spelling import composed

_TAKEN = "taken"
_COMPARED = re.compile(r"(<=|>=|<|>|=)?\s*(-?[\d.]+(?:e[+-]?\d+)?)", re.IGNORECASE)
_BETWEEN = re.compile(r"(-?\d[\d.]*?)\s*\.\.\s*(-?[\d.]+)")
_COMPARE: Dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "=": np.equal,
}


class Filter(NamedTuple):
    """Conditions on photos, all of which a photo must meet."""

    folder: Optional[str] = None  # or one above photos' own; `""`, as `.`, stands for photos in no folder
    name: str = ""  # a part of the path: of the name of the file, or of its folders
    since: str = ""  # a day, as 2026-07-31; photos without a date then stay out
    until: str = ""  # likewise, that day included
    column: str = ""  # of the frame
    value: str = ""  # of that column: a part of a text; 7, >=7 or 3..7 of numbers


class Catalogue:
    """The names of a collection's photos, and the columns of their frame, to filter and sort by.

    `names` are the photos' paths; `data` is the frame of these photos, in the
    same order, or None. Its column `taken` is when a photo was taken.
    `folder_counts` has each folder, by name, and the number of its photos.
    """

    def __init__(self, names: List[str], data: Optional[Any] = None) -> None:
        self.names = names
        self.folders = [name.rpartition("/")[0] for name in names]
        self.folder_counts = sorted(Counter(self.folders).items())
        self._plain: List[str] = []  # names without case and accents, for who looks for a part of one
        self._data = data
        self._values: Dict[str, List[Any]] = {}
        kinds = {} if data is None else dict(zip(data.column_names(), data.column_types()))
        self.columns = [name for name, kind in kinds.items() if kind in (int, float, str, datetime.datetime)]
        self.has_dates = any(value is not None for value in self._column(_TAKEN))
        self._numbers = {name for name, kind in kinds.items() if kind in (int, float)}

    def __len__(self) -> int:
        return len(self.names)

    def taken(self, row: int) -> Optional[datetime.datetime]:
        """When a photo was taken; None if that is unknown."""
        value = self._column(_TAKEN)[row]
        return value if isinstance(value, datetime.datetime) else None

    def value(self, column: str, row: int) -> Any:
        """What a photo has in a column; None where there is no such column."""
        return self._column(column)[row]

    def put(self, column: str, values: List[Optional[str]]) -> None:
        """Add a column of text, or replace its values."""
        self._values[column] = values
        self.columns += [column] if column not in self.columns else []
        self._numbers.discard(column)

    def matching(self, wanted: Filter) -> np.ndarray:
        """Which photos pass: bool [N]. Raises `FrameError` for what cannot be understood."""
        passed = np.ones(len(self), bool)
        if wanted.folder is not None:
            passed &= self._in_folder(wanted.folder)
        part = _comparable(wanted.name).replace("\\", "/")
        if part:
            self._plain = self._plain or [_comparable(name) for name in self.names]
            passed &= np.fromiter((part in name for name in self._plain), bool, len(self))
        if wanted.since or wanted.until:
            since = _day(wanted.since) if wanted.since else datetime.date.min
            until = _day(wanted.until) if wanted.until else datetime.date.max
            dates = (self.taken(row) for row in range(len(self)))
            days = (None if taken is None else taken.date() for taken in dates)
            passed &= np.fromiter((day is not None and since <= day <= until for day in days), bool, len(self))
        if wanted.column:
            passed &= self._having(wanted.column, wanted.value.strip())
        return passed

    def order(self, rows: np.ndarray, sort: str, descending: bool = False) -> np.ndarray:
        """Rows by `name`, as people count (2 before 10), or by `date`, those without one last."""
        if sort not in ("name", "date"):
            raise FrameError(f"sort={sort!r} is not known; there are name and date")
        if sort == "name":
            key: Callable[[int], Any] = lambda row: _counted(self.names[row])  # noqa: E731
            return np.array(sorted(rows.tolist(), key=key, reverse=descending), dtype=np.int64)
        dated = [row for row in rows.tolist() if self.taken(row) is not None]
        rest = [row for row in rows.tolist() if self.taken(row) is None]
        return np.array(sorted(dated, key=self._column(_TAKEN).__getitem__, reverse=descending) + rest, dtype=np.int64)

    def _column(self, name: str) -> List[Any]:
        if name not in self._values:
            data = self._data
            if data is not None and name in data.column_names():
                self._values[name] = list(data[name])
            else:
                self._values[name] = [None] * len(self)
        return self._values[name]

    def _in_folder(self, wanted: str) -> np.ndarray:
        folder = "" if wanted == "." else wanted.replace("\\", "/").rstrip("/")
        passed = np.fromiter((each == folder for each in self.folders), bool, len(self))
        if not passed.any():
            passed = np.fromiter((each.startswith(f"{folder}/") for each in self.folders), bool, len(self))
        if not passed.any():
            folders = [each or "." for each, _ in self.folder_counts]
            raise FrameError(f"no photo is in a folder {wanted!r}; {did_you_mean(folder, folders, 'there are')}")
        return passed

    def _having(self, column: str, value: str) -> np.ndarray:
        if column not in self.columns:
            raise FrameError(f"the frame has no column {column!r} to filter by; {did_you_mean(column, self.columns)}")
        if not value:
            return np.ones(len(self), bool)
        values = self._column(column)
        if column in self._numbers:
            numbers = np.array([np.nan if each is None else each for each in values], dtype=float)
            return _fitting(numbers, value)
        part = _comparable(value)
        return np.array([each is not None and part in _comparable(str(each)) for each in values], bool)


def _fitting(numbers: np.ndarray, value: str) -> np.ndarray:
    between, compared = _BETWEEN.fullmatch(value), _COMPARED.fullmatch(value)
    try:
        if between:
            return (numbers >= float(between[1])) & (numbers <= float(between[2]))
        if compared:
            return _COMPARE[compared[1] or "="](numbers, float(compared[2]))
    except ValueError:
        pass
    raise FrameError(f"{value!r} is not a number to filter by; write 7, >=7, <7 or 3..7")


def _day(text: str) -> datetime.date:
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise FrameError(f"{text!r} is not a day; write it as 2026-07-31") from error


def _comparable(name: str) -> str:
    # A Mac writes é as two characters in file names, and keyboards as one.
    return composed(name).casefold()


def _counted(name: str) -> List[Tuple[bool, int, str]]:
    """A key that sorts IMG_2 before IMG_10: parts that are numbers go by their value."""
    parts = re.split(r"([0-9]+)", _comparable(name))
    return [(False, int(part), "") if part.isdecimal() else (True, 0, part) for part in parts if part]
