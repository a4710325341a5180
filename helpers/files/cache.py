"""The folder for everything that can be made or fetched again. Deleting it loses time, never data."""

import os
import tempfile
from pathlib import Path
from typing import Tuple

import numpy as np

_LARGE = 2**28  # bytes


def cache_folder() -> Path:
    """Kinframe's cache folder, which need not exist yet.

    The environment variable `KINFRAME_CACHE` names it; without that it is
    where the operating system wants caches (`~/.cache/kinframe` on Linux).
    """
    chosen = os.environ.get("KINFRAME_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    import pooch

    return Path(pooch.os_cache("kinframe"))


def roomy_array(shape: Tuple[int, int]) -> np.ndarray:
    """An empty float32 array; a large one is in a file that nobody else sees, and goes when the array goes.

    Memory is then taken by what is in use, and given up when others need it. Raises `OSError`.
    """
    if 4 * shape[0] * shape[1] < _LARGE:
        return np.empty(shape, dtype=np.float32)
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=str(cache_folder())) as file:
        return np.memmap(file, dtype=np.float32, mode="w+", shape=shape)
