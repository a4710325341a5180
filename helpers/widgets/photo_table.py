"""The photos of a model as the rows of a table: found by their labels, and with the frame that they came from."""

from typing import Any, Iterable, List, Optional

import numpy as np

from helpers.arguments import no_such_label
from helpers.errors import FrameError
from helpers.frames import SArray, SFrame
from helpers.frames.row_selection import rows_of


class PhotoTable:
    """The photos of a model, each known by one label, and their frame.

    `data` is the frame that was given, else the model's, else None. Raises
    `FrameError` for a model with several photos of one label, and for a frame
    of another length.
    """

    def __init__(self, model: Any, data: Optional[Any]) -> None:
        self.model, self.data = model, model.data if data is None else data
        self._rows = {label: row for row, label in enumerate(model.labels)}
        if len(self._rows) < len(model.labels):
            raise FrameError(
                "some labels stand for several photos; build the model without label=, or with one such as 'path'"
            )
        if self.data is not None and len(self.data) != len(model.labels):
            raise FrameError(f"the frame has {len(self.data)} rows, and the model {len(model.labels)} photos")

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, label: Any) -> int:
        """The row of a label; raises `FrameError` for one that the model does not have."""
        try:
            return self._rows[label]
        except (KeyError, TypeError):
            raise FrameError(no_such_label(label, self.model.labels)) from None

    def rows(self, labels: Iterable[Any]) -> np.ndarray:
        """The rows of labels, int64, in their order; raises `FrameError`."""
        return np.array([self.row(label) for label in labels], dtype=np.int64)

    @property
    def frame(self) -> Any:
        """`data`, or an SFrame of `id` and `path` where there is none."""
        if self.data is not None:
            return self.data
        return SFrame({"id": self.model.labels}).add_column(SArray(self.model.names, dtype=str), "path")


def chosen_rows(frame: Any, rows: List[int]) -> Any:
    """Some rows of a frame, given in any order and also twice, in the order of the frame."""
    return rows_of(frame, np.unique(np.array(rows, np.int64)))
