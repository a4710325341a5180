"""The rows of a frame: filtered, sorted, grouped, joined, sampled."""

from array import array
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, Tuple, Union

import numpy as np

from helpers.sframe.array.keys import SORTABLE, codes, direction
from helpers.sframe.array.sarray import SArray
from helpers.sframe.errors import ColumnExists, WrongType, WrongValue
from helpers.sframe.frame import aggregate, joins
from helpers.sframe.frame.columns import Columns
from helpers.sframe.frame.groups import Groups, mean, total
from helpers.sframe.names import check_name

if TYPE_CHECKING:
    from helpers.sframe.frame.sframe import SFrame

Keys = Union[str, Iterable[str]]


class Rows(Columns):
    """The methods of `SFrame` that return some of its rows, in some order, or one row for several."""

    __slots__ = ()

    def filter_by(self, values: Any, column_name: str, exclude: bool = False) -> "SFrame":
        """The rows whose value in the column is among `values`, or with `exclude` the others.

        Raises `TypeError` unless the values are of the column's type.
        """
        check_name(column_name)
        column = self[column_name]
        if not isinstance(values, SArray):
            values = list(values) if _several(values) else [values]
            values = SArray(values, column.dtype if all(value is None for value in values) else None)
        if values.dtype is not column.dtype:
            kinds = f"{values.dtype.__name__}, and the column {column_name!r} {column.dtype.__name__}"
            raise WrongType(f"the values are {kinds}; give values of the column's type")
        numbers = codes(column.append(values))
        is_in = np.isin(numbers[: len(self)], numbers[len(self) :])
        return self._take(np.flatnonzero(is_in ^ bool(exclude)))

    def sort(self, key_column_names: Any, ascending: bool = True) -> "SFrame":
        """The rows in order of one column, of several, or of `(name, ascending)` pairs.

        Missing values come first and NaN last, the other way round when
        descending. Rows with equal keys keep their order.
        """
        pairs = _sort_keys(key_column_names, ascending)
        for name, _ in pairs:
            if self[name].dtype not in SORTABLE:
                raise WrongType(f"only numbers, texts and dates can be sorted; {name!r} is {self[name].dtype.__name__}")
        keys = [direction(codes(self[name], ordered=True), upwards) for name, upwards in pairs]
        return self._take(np.lexsort(keys[::-1]))

    def topk(self, column_name: str, k: int = 10, reverse: bool = False) -> "SFrame":
        """The k rows with the largest values, largest first; the smallest with `reverse`, smallest first."""
        check_name(column_name)
        return self[self[column_name].is_topk(k, reverse)].sort(column_name, ascending=reverse)

    def unique(self) -> "SFrame":
        """Each different row once, in order of first appearance; its columns by their names, as in Turi Create."""
        return self.groupby(self.column_names(), {})

    def drop_duplicates(self, subset: Keys) -> "SFrame":
        """The first row for each different set of values in these columns; they come first, by their names."""
        subset = [subset] if isinstance(subset, str) else list(subset)
        if not set(subset) <= set(self.column_names()):
            raise WrongType(f"columns are {', '.join(self.column_names())}, not {', '.join(subset)}")
        rest = [name for name in self.column_names() if name not in subset]
        return self.groupby(subset, {name: aggregate.SELECT_ONE(name) for name in rest})

    def groupby(self, key_column_names: Keys, operations: Any, *args: Any) -> "SFrame":
        """One row for each different key, in order of first appearance: the keys by their names, then what is computed.

        `operations` is a dict from new names to functions of
        `helpers.sframe.frame.aggregate`, such as `{"n": aggregate.COUNT()}`, or a
        list of them, or one; more may follow.
        """
        keys = [key_column_names] if isinstance(key_column_names, str) else list(key_column_names)
        for name in keys:
            if not isinstance(name, str):
                raise WrongType("the keys are column names")
            if self[name].dtype is dict:
                raise WrongType(f"the column {name!r} holds dicts; rows cannot be grouped by those")
        groups = Groups([self[name] for name in keys], len(self))
        columns = {name: self[name]._take(groups.first_rows()) for name in sorted(keys)}
        named = [pair for operation in (operations, *args) for pair in _named(operation)]
        if len(columns) < len(keys) or any(name in columns for name, _ in named):
            raise ColumnExists("two columns of the result have the same name; choose others in the operations")
        for new, recipe in named:
            sources = [self[source] for source in recipe.columns] or [None]
            columns[new or _free_label(recipe, sources, columns)] = recipe.compute(groups, *sources)
        return self._of(columns)

    def join(
        self,
        right: "SFrame",
        on: Union[str, list, Dict[str, str], None] = None,
        how: str = "inner",
        alter_name: Optional[Dict[str, str]] = None,
    ) -> "SFrame":
        """Each row with all rows of `right` whose keys are the same; a missing key equals a missing key.

        `on` is a column name, several, or a dict from names here to names there;
        without it, all names that both frames have. `how` is `inner`, `left`,
        `right` or `outer`: which rows without a partner are kept. The result has
        this frame's columns, then those of `right` without its keys; a name that
        is taken gets `.1` behind it, or the one in `alter_name`, which names that
        are free do not ask. Rows come in the
        order of this frame, except in `right` joins.
        """
        return joins.join(self, right, on, how, alter_name)

    def unstack(self, column_names: Union[str, List[str]], new_column_name: Optional[str] = None) -> "SFrame":
        """One row for each set of the other columns, with these values in a list, or two columns of them in a dict."""
        names = [column_names] if isinstance(column_names, str) else list(column_names)
        if len(names) not in (1, 2):
            raise WrongType("unstack() takes one column, for lists, or two, for dicts")
        recipe = aggregate.CONCAT(*names)
        keys = [name for name in self.column_names() if name not in names]
        return self.groupby(keys, recipe if new_column_name is None else {new_column_name: recipe})

    def dropna(self, columns: Any = None, how: str = "any", recursive: bool = False) -> "SFrame":
        """The rows without missing values or NaN in these columns (in all of them without `columns`).

        With `how="all"` only rows without any value are dropped; with `recursive`
        gaps within lists and dicts count too.
        """
        return self.dropna_split(columns, how, recursive)[0]

    def dropna_split(self, columns: Any = None, how: str = "any", recursive: bool = False) -> "Tuple[SFrame, SFrame]":
        """The rows that `dropna` keeps, and those that it drops."""
        if isinstance(columns, list) and not columns:
            return self.copy(), self._of({})
        names = self.column_names() if columns is None else [columns] if isinstance(columns, str) else columns
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise WrongType("columns is a column name or a list of them")
        if how not in ("any", "all"):
            raise WrongValue(f"how is 'any' or 'all', not {how!r}")
        if not names:
            return self.copy(), self._of({})
        gaps = [_gaps(self[name], recursive) for name in names]
        drop = np.any(gaps, axis=0) if how == "any" else np.all(gaps, axis=0)
        return self._take(np.flatnonzero(~drop)), self._take(np.flatnonzero(drop))

    def fillna(self, column_name: str, value: Any) -> "SFrame":
        """The frame with `value` where one in the column is missing, or NaN."""
        check_name(column_name)
        result = self.copy()
        result[column_name] = result[column_name].fillna(value)
        return result

    def sample(self, fraction: float, seed: Optional[int] = None, exact: bool = False) -> "SFrame":
        """A random part of the rows, in their order; the same for the same seed.

        Each row is in it with the probability `fraction`; with `exact`, the part
        has exactly that fraction of the rows, rounded down. The random numbers
        are not Turi Create's.
        """
        return self._take(np.flatnonzero(_chosen(len(self), fraction, seed, exact)))

    def random_split(self, fraction: float, seed: Optional[int] = None, exact: bool = False) -> "Tuple[SFrame, SFrame]":
        """The rows in two parts, the first as from `sample`."""
        chosen = _chosen(len(self), fraction, seed, exact)
        if not len(self):
            return self._of({}), self._of({})
        return self._take(np.flatnonzero(chosen)), self._take(np.flatnonzero(~chosen))

    def shuffle(self) -> "SFrame":
        """All rows in a random order."""
        return self._take(np.random.default_rng().permutation(len(self)))


def _several(values: Any) -> bool:
    if isinstance(values, (dict, set, frozenset)):
        raise WrongType(f"values is a list or a column, not a {type(values).__name__}")
    return hasattr(values, "__iter__") and not isinstance(values, str)


def _sort_keys(keys: Any, ascending: bool) -> List[Tuple[str, bool]]:
    if isinstance(keys, str):
        keys = [keys]
    if not isinstance(keys, list):
        raise WrongType("sort() takes a column name, a list of them, or a list of (name, ascending) pairs")
    if len(set(map(type, keys))) != 1:
        raise WrongValue("sort() takes one column at least, all as names or all as (name, ascending) pairs")
    if not isinstance(ascending, (bool, int)):
        raise WrongType("ascending is True or False; for several use a list of (name, ascending) pairs")
    pairs = keys if isinstance(keys[0], tuple) else [(key, bool(ascending)) for key in keys]
    if not all(isinstance(name, str) for name, _ in pairs):
        raise WrongType("the columns to sort by are given by name")
    return pairs


def _named(operation: Any) -> List[Tuple[Optional[str], aggregate.Aggregate]]:
    if isinstance(operation, dict):
        return [pair for name, recipe in operation.items() for pair in _recipes(recipe, name)]
    operations = operation if isinstance(operation, list) else [operation]
    return [pair for recipe in operations for pair in _recipes(recipe, None)]


def _recipes(recipe: Any, name: Any) -> List[Tuple[Optional[str], aggregate.Aggregate]]:
    recipe = recipe() if recipe is aggregate.COUNT else recipe
    if isinstance(recipe, aggregate.Aggregate) and not isinstance(name, tuple):
        return [(name, recipe)]
    if isinstance(recipe, tuple) and all(isinstance(part, aggregate.Aggregate) for part in recipe):
        names = [None] * len(recipe) if name is None else name
        if isinstance(names, (list, tuple)) and len(names) == len(recipe):
            return list(zip(names, recipe))
    raise WrongType("groupby() computes what helpers.sframe.frame.aggregate has, one name for each, such as COUNT()")


def _free_label(recipe: aggregate.Aggregate, sources: List[Any], taken: Dict[str, Any]) -> str:
    vectors = recipe.compute in (total, mean) and sources[0].dtype is array
    label = f"Vector {recipe.label}" if vectors else recipe.label
    number, name = 0, label
    while name in taken:
        number += 1
        name = f"{label}.{number}"
    return name


def _gaps(column: SArray, recursive: bool) -> np.ndarray:
    if not recursive or column.dtype not in (list, dict):
        return column._missing_or_nan()
    return np.fromiter((_has_gap(cell) for cell in column._values), bool, len(column))


def _has_gap(value: Any) -> bool:
    if isinstance(value, (list, dict)):
        return any(_has_gap(item) for item in (value.values() if isinstance(value, dict) else value))
    return value is None or value != value


def _chosen(rows: int, fraction: float, seed: Optional[int], exact: bool) -> np.ndarray:
    if not 0 <= fraction <= 1:
        raise WrongValue(f"a part of the rows is between 0 and 1, not {fraction}")
    rng = np.random.default_rng(None if seed is None else abs(int(seed)))
    if not exact:
        return rng.random(rows) < fraction
    chosen = np.zeros(rows, bool)
    chosen[rng.permutation(rows)[: int(rows * fraction)]] = True
    return chosen
