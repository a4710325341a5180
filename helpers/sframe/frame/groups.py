"""The rows of a frame in groups, and one value computed from the rows of each."""

from array import array
from collections import Counter
from typing import Any, Callable, List, Sequence, Tuple

import numpy as np

from helpers.sframe.array.keys import codes, combined, direction
from helpers.sframe.array.sarray import SArray
from helpers.sframe.dtype import NUMBERS
from helpers.sframe.errors import Unsupported, WrongType


class Groups:
    """Which group each row is in; groups are numbered in order of first appearance."""

    def __init__(self, keys: Sequence[SArray], rows: int) -> None:
        self.of_row: np.ndarray
        self.of_row, self.count = combined(keys) if keys else (np.zeros(rows, np.int64), min(rows, 1))

    def first_rows(self) -> np.ndarray:
        """The first row of each group."""
        return np.unique(self.of_row, return_index=True)[1]

    def sorted(self, rows: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """These rows, group by group and in order within each; where each group starts; which group it is."""
        groups = self.of_row[rows]
        order = np.argsort(groups, kind="stable")
        starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
        return rows[order], starts, groups[order][starts]

    def lists(self, rows: np.ndarray) -> List[np.ndarray]:
        """For each group, those of these rows that are in it."""
        ordered, starts, groups = self.sorted(rows)
        result = [np.empty(0, np.int64)] * self.count
        for group, part in zip(groups.tolist(), np.split(ordered, starts[1:]) if len(starts) else ()):
            result[group] = part
        return result


def size(groups: Groups, column: None) -> SArray:
    """How many rows."""
    return SArray._of(int, np.bincount(groups.of_row, minlength=groups.count).astype(np.int64), None)


def total(groups: Groups, column: SArray) -> SArray:
    """The sum; 0 of nothing but missing values. Of lists of numbers the sum at each place."""
    if column.dtype is array:
        return _vectors(groups, column, np.sum)
    _need_numbers(column, "SUM")
    return column._of(column.dtype, _reduced(groups, column, np.add)._values, None)


def mean(groups: Groups, column: SArray) -> SArray:
    """The mean as a float; missing of nothing. Of lists of numbers the mean at each place."""
    if column.dtype is array:
        return _vectors(groups, column, np.mean)
    _need_numbers(column, "MEAN")
    return _reduced(groups, column.astype(float) if column.dtype is int else column, np.add) / _known(groups, column)


def variance(groups: Groups, column: SArray) -> SArray:
    """The variance over n values; 0 of one or none."""
    _need_numbers(column, "VAR")
    numbers = column.astype(float) if column.dtype is int else column
    distance = numbers - mean(groups, numbers)._take(groups.of_row)
    spread = mean(groups, distance * distance)
    return spread._of(float, np.where(spread._gaps, 0.0, spread._values), None)


def deviation(groups: Groups, column: SArray) -> SArray:
    """The standard deviation over n values; 0 of one or none."""
    return variance(groups, column) ** 0.5


def smallest(groups: Groups, column: SArray) -> SArray:
    """The smallest number, NaN aside; missing of nothing."""
    _need_numbers(column, "MIN")
    return _reduced(groups, column, np.fmin)


def largest(groups: Groups, column: SArray) -> SArray:
    """The largest number, NaN aside; missing of nothing."""
    _need_numbers(column, "MAX")
    return _reduced(groups, column, np.fmax)


def at_smallest(groups: Groups, column: SArray, values: SArray) -> SArray:
    """The value of `values` in the row where `column` is smallest, the first of several."""
    _need_numbers(column, "ARGMIN")
    return _at(groups, column, values, ascending=True)


def at_largest(groups: Groups, column: SArray, values: SArray) -> SArray:
    """The value of `values` in the row where `column` is largest, the first of several."""
    _need_numbers(column, "ARGMAX")
    return _at(groups, column, values, ascending=False)


def any_one(groups: Groups, column: SArray) -> SArray:
    """The value of the first row."""
    return column._take(groups.first_rows())


def listed(groups: Groups, column: SArray) -> SArray:
    """All values that are not missing, in order: an array of floats, a list of anything else."""
    dtype = array if column.dtype is float else list
    return _gathered(groups, column, np.flatnonzero(~column._gaps), list, dtype)


def mapped(groups: Groups, keys: SArray, values: SArray) -> SArray:
    """A dict from the one column to the other, without rows where one is missing; the first of equal keys counts."""
    if keys.dtype not in (*NUMBERS, str):
        raise WrongType(f"the keys of CONCAT are numbers or texts, not {keys.dtype.__name__}")
    parts = groups.lists(np.flatnonzero(~(keys._gaps | values._gaps)))
    pairs = [zip(keys._take(part[::-1]), values._take(part[::-1])) for part in parts]
    return SArray([dict(pair) for pair in pairs], dict)


def distinct(groups: Groups, column: SArray) -> SArray:
    """The different values, missing included, in order of first appearance."""
    return _gathered(groups, column, _firsts(groups, column), list, list)


def count_distinct(groups: Groups, column: SArray) -> SArray:
    """How many different values there are, missing included."""
    return SArray([len(part) for part in groups.lists(_firsts(groups, column))], int)


def frequencies(groups: Groups, column: SArray) -> SArray:
    """A dict from each value, missing included, to how often it occurs."""
    if column.dtype not in (*NUMBERS, str):
        raise Unsupported(f"FREQ_COUNT needs numbers or texts, not {column.dtype.__name__}")
    return _gathered(groups, column, np.arange(len(column)), lambda values: dict(Counter(values)), dict)


def quantiles(at: Sequence[float]) -> Callable[[Groups, SArray], SArray]:
    """The values below which these parts of the rows lie, always exact; NaN of nothing."""

    def compute(groups: Groups, column: SArray) -> SArray:
        _need_numbers(column, "QUANTILE")

        def pick(values: Any) -> array:
            ranked = sorted(values)
            places = (min(int(part * len(ranked)), len(ranked) - 1) for part in at)
            return array("d", [ranked[place] if ranked else float("nan") for place in places])

        return _gathered(groups, column, np.flatnonzero(~column._missing_or_nan()), pick, array)

    return compute


def _need_numbers(column: SArray, name: str) -> None:
    if column.dtype not in NUMBERS:
        raise Unsupported(f"{name} needs numbers, not {column.dtype.__name__}; convert with .astype(float)")


def _known(groups: Groups, column: SArray) -> SArray:
    counts = np.bincount(groups.of_row[~column._gaps], minlength=groups.count)
    return column._of(int, counts.astype(np.int64), None)


def _reduced(groups: Groups, column: SArray, reduce: Any) -> SArray:
    """One number of each group's known values; missing, with a 0 beneath, where there are none."""
    rows, starts, present = groups.sorted(np.flatnonzero(~column._gaps))
    values = np.zeros(groups.count, column._values.dtype)
    if len(starts):
        values[present] = reduce.reduceat(column._values[rows], starts)
    gaps = np.ones(groups.count, bool)
    gaps[present] = False
    return column._of(column.dtype, values, gaps)


def _at(groups: Groups, column: SArray, values: SArray, ascending: bool) -> SArray:
    known = np.flatnonzero(~column._missing_or_nan())
    ranks = codes(column, ordered=True)[known]
    known = known[np.argsort(direction(ranks, ascending), kind="stable")]
    rows, starts, present = groups.sorted(known)
    chosen = np.full(groups.count, -1)
    chosen[present] = rows[starts]
    return values._take(chosen)


def _firsts(groups: Groups, column: SArray) -> np.ndarray:
    """The rows where a value appears for the first time in its group."""
    numbers = codes(column)
    return np.sort(np.unique(groups.of_row * (1 + np.max(numbers, initial=0)) + numbers, return_index=True)[1])


def _gathered(groups: Groups, column: SArray, rows: np.ndarray, make: Callable[[Any], Any], dtype: type) -> SArray:
    return SArray([make(column._take(part)) for part in groups.lists(rows)], dtype)


def _vectors(groups: Groups, column: SArray, reduce: Callable[..., Any]) -> SArray:
    """Sum or mean of lists of numbers, place by place; missing where lengths differ, or of nothing."""

    def combine(rows: Any) -> Any:
        table = list(rows)
        return array("d", reduce(table, axis=0)) if len(set(map(len, table))) == 1 else None

    return _gathered(groups, column, np.flatnonzero(~column._gaps), combine, array)
