"""Many rows a block at a time, so that memory does not grow with the collection."""

from typing import Iterator

import numpy as np

_BYTES = 1 << 24


def blocks(count: int, size: int, most: int = _BYTES) -> Iterator[slice]:
    """The rows 0 to `count` in slices of 16 MB, or of `most` bytes, at most, where a row has `size` bytes."""
    step = max(1, most // max(1, size))
    return (slice(start, min(count, start + step)) for start in range(0, count, step))


def parts(rows: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Any rows, by their numbers, `size` at a time."""
    return (rows[start : start + size] for start in range(0, len(rows), size))
