"""Checks of numeric arguments, with the same messages everywhere."""

from typing import Any

import numpy as np

from helpers.errors import ArgumentError


def check_whole(name: str, value: Any, *, none_is: str = "") -> None:
    """Raise `ArgumentError` unless the argument is a whole number of 1 or more, or None where `none_is` explains it."""
    if value is None and none_is:
        return
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        instead = f", or None for {none_is}" if none_is else ""
        raise ArgumentError(f"{name} is a whole number, 1 or more{instead}, not {value!r}")


def check_distance(name: str, value: Any) -> None:
    """Raise `ArgumentError` unless the argument is a number of 0 or more, or None."""
    if value is not None and not (isinstance(value, (int, float, np.number)) and value >= 0):
        raise ArgumentError(f"{name} is a distance, 0 or more, or None, not {value!r}")
