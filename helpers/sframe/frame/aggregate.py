"""The functions that `SFrame.groupby` can compute for each group.

Each takes column names and returns an `Aggregate` for `groupby`. Missing values
are left out unless the description mentions them.
"""

from typing import Any, Callable, Iterable, NamedTuple, NoReturn, Optional, Tuple, Union

from helpers.sframe.frame import groups
from helpers.sframe.left_out import refuse


class Aggregate(NamedTuple):
    """A function of groups and columns, the names of these columns, and that of the result."""

    compute: Callable[..., Any]
    columns: Tuple[str, ...]
    label: str


Names = Union[str, Tuple[str, ...]]


def COUNT() -> Aggregate:
    """How many rows."""
    return Aggregate(groups.size, (), "Count")


def SUM(src_column: str) -> Aggregate:
    """The sum; of lists of numbers the sum at each place."""
    return Aggregate(groups.total, (src_column,), f"Sum of {src_column}")


def MEAN(src_column: str) -> Aggregate:
    """The mean; of lists of numbers the mean at each place."""
    return Aggregate(groups.mean, (src_column,), f"Avg of {src_column}")


def MIN(src_column: str) -> Aggregate:
    """The smallest number."""
    return Aggregate(groups.smallest, (src_column,), f"Min of {src_column}")


def MAX(src_column: str) -> Aggregate:
    """The largest number."""
    return Aggregate(groups.largest, (src_column,), f"Max of {src_column}")


def VAR(src_column: str) -> Aggregate:
    """The variance over n values."""
    return Aggregate(groups.variance, (src_column,), f"Var of {src_column}")


def STD(src_column: str) -> Aggregate:
    """The standard deviation over n values."""
    return Aggregate(groups.deviation, (src_column,), f"Stdv of {src_column}")


AVG = MEAN
VARIANCE = VAR
STDV = STD


def ARGMAX(agg_column: Names, out_column: str) -> Any:
    """The value of `out_column` in the row where `agg_column` is largest; several of those give several columns."""
    return _arg(groups.at_largest, "argmax", agg_column, out_column)


def ARGMIN(agg_column: Names, out_column: str) -> Any:
    """The value of `out_column` in the row where `agg_column` is smallest; several of those give several columns."""
    return _arg(groups.at_smallest, "argmin", agg_column, out_column)


def SELECT_ONE(src_column: str) -> Aggregate:
    """The value of one row, missing or not."""
    return Aggregate(groups.any_one, (src_column,), f"Select One of {src_column}")


def CONCAT(src_column: str, dict_value_column: Optional[str] = None) -> Aggregate:
    """All values in a list; or with a second column, a dict from the first to the second."""
    if dict_value_column is None:
        return Aggregate(groups.listed, (src_column,), f"List of {src_column}")
    return Aggregate(groups.mapped, (src_column, dict_value_column), f"Dict of {src_column}_{dict_value_column}")


def DISTINCT(src_column: str) -> Aggregate:
    """The different values in a list, missing included."""
    return Aggregate(groups.distinct, (src_column,), f"Distinct of {src_column}")


def COUNT_DISTINCT(src_column: str) -> Aggregate:
    """How many different values there are, missing included."""
    return Aggregate(groups.count_distinct, (src_column,), f"Count Distinct of {src_column}")


def FREQ_COUNT(src_column: str) -> Aggregate:
    """A dict from each value, missing included, to how often it occurs."""
    return Aggregate(groups.frequencies, (src_column,), f"Frequency Count of {src_column}")


def QUANTILE(src_column: str, *args: Union[float, Iterable[float]]) -> Aggregate:
    """An array of the values below which these parts (0 to 1) of the rows lie."""
    parts = [part for arg in args for part in (arg if isinstance(arg, Iterable) else [arg])]
    return Aggregate(groups.quantiles(parts), (src_column,), f"Quantiles of {src_column}")


def _arg(compute: Callable[..., Any], label: str, agg_column: Names, out_column: str) -> Any:
    if isinstance(agg_column, tuple):
        return tuple(_arg(compute, label, name, out_column) for name in agg_column)
    return Aggregate(compute, (agg_column, out_column), f"{out_column} for {label} of {agg_column}")


def __getattr__(name: str) -> NoReturn:
    refuse("aggregate", name)
