"""An index by its name."""

import contextlib
import os
from pathlib import Path
from typing import Union

import numpy as np

from helpers.errors import FrameError, ModelError
from helpers.features.hnsw import Hnsw
from helpers.features.index import Index, SearchIndex

KINDS = ("exact", "hnsw")


def open_index(
    kind: str,
    vectors: np.ndarray,
    metric: str = "euclidean",
    *,
    path: Union[str, "os.PathLike[str]", None] = None,
    progress: bool = False,
) -> SearchIndex:
    """An index by its name: `exact`, or `hnsw`, which is approximate, see `helpers.features.hnsw`.

    With a `path`, an approximate index that was kept there is opened, or else built and kept there; where it cannot be
    kept, a line is printed.

    Raises `FrameError` for another kind or metric.
    """
    if kind not in KINDS:
        raise FrameError(f"index={kind!r} is not known; there are {' and '.join(KINDS)}, and addresses, postgresql://…")
    if kind == "exact":
        return Index(vectors, metric)
    if path is not None and Path(path).exists():
        with contextlib.suppress(ModelError):
            return Hnsw.load(path, vectors, metric)
    index = Hnsw(vectors, metric, progress=progress)
    if path is not None:
        try:
            index.save(path)
        except OSError as error:
            print(f"the index could not be kept, and will be built again next time: {error}")
    return index
