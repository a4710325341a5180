"""Two frames side by side, where their keys agree."""

from typing import TYPE_CHECKING, Any, Dict, Optional, Union

import numpy as np

from helpers.sframe.array.keys import combined
from helpers.sframe.errors import NoSuchColumn, Unsupported, WrongType, WrongValue
from helpers.sframe.names import free_name

if TYPE_CHECKING:
    from helpers.sframe.array.sarray import SArray
    from helpers.sframe.frame.rows import Rows
    from helpers.sframe.frame.sframe import SFrame

_WAYS = ("inner", "left", "right", "outer")


def join(
    left: "Rows",
    right: "SFrame",
    on: Union[str, list, Dict[str, str], None],
    how: str,
    alter_name: Optional[Dict[str, str]],
) -> "SFrame":
    """As `SFrame.join`."""
    keys = _keys(left, right, on, how)
    _check_names(left, right, keys, alter_name or {})
    for mine, other in keys.items():
        if left[mine].dtype is not right[other].dtype:
            kinds = f"{left[mine].dtype.__name__} and {right[other].dtype.__name__}"
            raise Unsupported(f"the keys {mine!r} and {other!r} are {kinds}; convert one with .astype()")
    left_rows, right_rows = _pairs(left, right, keys, how)
    columns: Dict[str, Any] = {}
    for name in left.column_names():
        column = left[name]._take(left_rows)
        columns[name] = _filled(column, right[keys[name]], left_rows, right_rows) if name in keys else column
    for name in right.column_names():
        if name not in keys.values():
            columns[_free_name(name, columns, alter_name or {})] = right[name]._take(right_rows)
    return left._of(columns)


def _keys(left: "Rows", right: Any, on: Any, how: str) -> Dict[str, str]:
    from helpers.sframe.frame.sframe import SFrame

    if not isinstance(right, SFrame):
        raise WrongType(f"join() takes an SFrame, not {type(right).__name__}")
    if how not in _WAYS:
        raise WrongValue(f"how is one of {', '.join(_WAYS)}, not {how!r}")
    if not left.num_columns() or not right.num_columns():
        raise WrongValue("a frame without columns cannot be joined")
    if on is None:
        return {name: name for name in left.column_names() if name in right.column_names()}
    if isinstance(on, str):
        return {on: on}
    if isinstance(on, dict):
        return on
    if not isinstance(on, list) or not all(isinstance(name, str) for name in on):
        raise WrongType("on is a column name, a list of them, or a dict from names here to names there")
    return {name: name for name in on}


def _check_names(left: "Rows", right: "SFrame", keys: Dict[str, str], alter_name: Dict[str, str]) -> None:
    for old, new in alter_name.items():
        if old not in right.column_names() or old in keys:
            raise NoSuchColumn(f"alter_name: {old!r} is not a column of the right frame, or is one of the keys")
        if new in left.column_names() or new in right.column_names():
            raise WrongValue(f"alter_name: {new!r} is taken already")


def _pairs(left: "Rows", right: "SFrame", keys: Dict[str, str], how: str) -> Any:
    """The rows to put side by side, -1 where one side has none."""
    import pandas as pd

    if keys:
        both = [left[mine].append(right[other]) for mine, other in keys.items()]
        numbers, _ = combined(both)
    else:
        numbers = np.repeat([0, 1], [len(left), len(right)])  # no key in common: no row has a partner
    tables = [
        pd.DataFrame({"key": numbers[: len(left)], "left": np.arange(len(left))}),
        pd.DataFrame({"key": numbers[len(left) :], "right": np.arange(len(right))}),
    ]
    merged = tables[0].merge(tables[1], on="key", how=how, sort=False)
    if how == "outer":
        merged = merged.sort_values(["left", "right"], kind="stable", na_position="last")
    return tuple(merged[side].fillna(-1).to_numpy(np.int64) for side in ("left", "right"))


def _filled(column: "SArray", other: "SArray", left_rows: np.ndarray, right_rows: np.ndarray) -> "SArray":
    """The keys of this frame, and those of the right frame where this one has no row."""
    alone = left_rows < 0
    if not alone.any():
        return column
    rows = np.where(alone, len(column) + np.arange(len(column)), np.arange(len(column)))
    return column.append(other._take(right_rows))._take(rows)


def _free_name(name: str, taken: Dict[str, Any], alter_name: Dict[str, str]) -> str:
    if name in taken:  # else the names don't meet, and `alter_name` is not asked, as in Turi Create
        name = alter_name.get(name, name)
    return free_name(name, taken)
