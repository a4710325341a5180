"""A column sorted, searched or sampled."""

import datetime
from typing import TYPE_CHECKING, Any, Iterable, Optional, Tuple

import numpy as np

from helpers.sframe.errors import Unsupported
from helpers.sframe.keys import codes

if TYPE_CHECKING:
    from helpers.sframe.array.array import SArray

SORTABLE = (int, float, str, datetime.datetime)


class Ordering:
    """The methods of `SArray` that pick rows or put them in another order."""

    __slots__ = ()

    def sort(self: Any, ascending: bool = True) -> "SArray":
        """From the smallest to the largest: missing values first, NaN last; or the other way round."""
        if self.dtype not in SORTABLE:
            raise TypeError(f"only numbers, texts and dates can be sorted, not {self.dtype.__name__}")
        return self._take(np.argsort(direction(codes(self, ordered=True), ascending), kind="stable"))

    def unique(self: Any) -> "SArray":
        """Each value once, in order of first appearance (Turi Create promises no order)."""
        return self._frame().unique()["X1"]

    def is_topk(self: Any, topk: int = 10, reverse: bool = False) -> "SArray":
        """1 for the `topk` largest values, or the smallest with `reverse`; never for missing ones or NaN."""
        if self.dtype not in SORTABLE:
            raise Unsupported(f"{self.dtype.__name__} has no order; only numbers, texts and dates have")
        known = np.flatnonzero(~self._missing_or_nan())
        order = np.argsort(direction(codes(self._take(known), ordered=True), reverse), kind="stable")
        result = np.zeros(len(self), np.int64)
        result[known[order[:topk]]] = 1
        return self._of(int, result, None)

    def filter_by(self: Any, values: Iterable[Any], exclude: bool = False) -> "SArray":
        """The values that are one of `values`, or none of them; they must be of the column's type."""
        return self._frame().filter_by(values, "X1", exclude)["X1"]

    def sample(self: Any, fraction: float, seed: Optional[int] = None, exact: bool = False) -> "SArray":
        """A random part, in the old order; the same for the same seed. Exactly so many only if `exact`."""
        return self._frame().sample(fraction, seed, exact)["X1"] if len(self) else self

    def random_split(self: Any, fraction: float, seed: Optional[int] = None) -> "Tuple[SArray, SArray]":
        """Two parts, of about `fraction` and the rest; the same for the same seed."""
        first, second = self._frame().random_split(fraction, seed)
        return first["X1"], second["X1"]

    def shuffle(self: Any) -> "SArray":
        """All values in a random order."""
        return self._frame().shuffle()["X1"]

    def _frame(self) -> Any:
        from helpers.sframe.frame.frame import SFrame

        return SFrame({"X1": self})


def direction(numbers: np.ndarray, ascending: bool) -> np.ndarray:
    """Numbers that sort upwards, or downwards."""
    return numbers if ascending else -numbers
