"""Directions in one byte a number, as the store keeps them: the largest number of each is 127 or -127.

The store keeps numbers of 32 bits, each of which holds four of these; it and NumPy copy them as they are, and nothing
computes with them.
"""

import numpy as np


def packed(directions: np.ndarray) -> np.ndarray:
    """float32 [n, places, width], in one byte a number: float32 [n, places * width / 4, rounded up]."""
    largest = np.abs(directions).max(axis=2, keepdims=True)
    numbers = np.rint(directions * (127 / np.where(largest > 0, largest, 1))).astype(np.int8)
    flat = numbers.reshape(len(numbers), -1)
    return np.pad(flat, ((0, 0), (0, -flat.shape[1] % 4))).view(np.float32)


def unpacked(kept: np.ndarray, places: int, width: int) -> np.ndarray:
    """What `packed` has made, as int8 [n, places, width]; `kept` is float32 [n, …] and not copied where possible."""
    if not len(kept):
        return np.empty((0, places, width), np.int8)
    return np.ascontiguousarray(kept).view(np.int8)[:, : places * width].reshape(len(kept), places, width)
