"""How large photos are, in pixels and in bytes of their files; read when needed, and once."""

import os
from contextlib import closing
from typing import Any, List, Tuple

import numpy as np

from helpers.errors import PhotoError
from helpers.files.threads import work_ahead
from helpers.images.decode import Source, photo_size


class Sizes:
    """The sizes of photos: from the frame `data`, else from the headers of the files; 0 for a file that is gone."""

    def __init__(self, data: Any, sources: List[Source]) -> None:
        self._sources = sources
        self._sizes = np.full((len(sources), 3), -1, np.int64)
        if data is not None and {"width", "height"} <= set(data.column_names()):
            for place, name in enumerate(("width", "height")):
                self._sizes[:, place] = [-1 if value is None else value for value in data[name]]

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Width and height in pixels, upright, and bytes: int64 [rows, 3]."""
        new = np.unique(rows[(self._sizes[rows] < 0).any(axis=1)])
        with closing(work_ahead(self._read, new.tolist(), ahead=64)) as read:
            for row, sizes in zip(new.tolist(), read):
                self._sizes[row] = sizes
        return self._sizes[rows]

    def _read(self, row: int) -> List[int]:
        source = self._sources[row]
        width, height = self._sizes[row, :2].tolist()
        if min(width, height) < 0:
            width, height = _pixels(source)
        if isinstance(source, bytes):
            return [width, height, len(source)]
        try:
            return [width, height, os.stat(source).st_size]  # noqa: PTH116 (five times as fast as Path's)
        except OSError:
            return [width, height, 0]


def _pixels(source: Source) -> Tuple[int, int]:
    try:
        return photo_size(source)
    except PhotoError:
        return 0, 0
