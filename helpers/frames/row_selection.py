"""Some rows of a frame, chosen by `where=`."""

from typing import Any

import numpy as np

from helpers.errors import FrameError
from helpers.frames import Frame, SArray


def mask(where: Any, count: int) -> np.ndarray:
    """An argument `where=` as bool [count]: 0 and 1, or False and True, one for each row.

    A missing value is False, as in a frame's brackets. Raises `FrameError`.
    """
    values = where.to_numpy() if isinstance(where, SArray) else where
    if not isinstance(values, np.ndarray):
        values = np.array(list(values) if hasattr(values, "__iter__") and not isinstance(values, str) else [])
    if values.shape != (count,):
        raise FrameError(
            f"where= has one value, true or false, for each of the {count} rows of the frame that the model was made "
            f"of; these are {len(values) if values.ndim else 0}"
        )
    if values.dtype == bool:
        return values
    if values.dtype == object:
        values = np.array([False if value is None else value for value in values])
    if values.dtype.kind == "f":
        values = np.nan_to_num(values)
    if values.dtype.kind not in "biuf" or not np.isin(values, (0, 1)).all():
        raise FrameError("where= is made of 0 and 1, or False and True, as data['column'] == value gives them")
    return values.astype(bool)


def rows_of(frame: Frame, rows: np.ndarray) -> Frame:
    """A frame of these rows, which ascend; the frame itself where they are all."""
    if len(rows) == len(frame):
        return frame
    chosen = np.zeros(len(frame), np.int64)
    chosen[rows] = 1
    return frame[SArray(chosen.tolist(), dtype=int)]
