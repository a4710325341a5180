"""Chance that falls the same way on every machine."""

import zlib
from typing import Dict, Sequence, TypeVar

import numpy as np

Thing = TypeVar("Thing")


class Dice:
    """A seeded source of choices.

    Only `RandomState.random_sample` is drawn from: NumPy promises never to change that stream, while `random` and
    NumPy's newer generators may give other numbers in another release.
    """

    def __init__(self, *seed: object) -> None:
        self.seed = zlib.crc32(" ".join(map(str, seed)).encode())
        self._state = np.random.RandomState(self.seed)

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * float(self._state.random_sample())

    def either(self, low: float, high: float) -> float:
        """Like `between`, but on either side of zero: a clear turn to the left or to the right."""
        return self.between(low, high) * self.pick((-1, 1))

    def chance(self, probability: float) -> bool:
        return self.between(0, 1) < probability

    def pick(self, things: Sequence[Thing]) -> Thing:
        return things[int(self.between(0, len(things)))]

    def weighted(self, weights: Dict[Thing, float]) -> Thing:
        """One of the keys, each as likely as its weight says."""
        left = self.between(0, sum(weights.values()))
        for thing, weight in weights.items():
            left -= weight
            if left < 0:
                return thing
        return thing

    def noise(self, *shape: int) -> np.ndarray:
        """An array of numbers between -1 and 1."""
        return self._state.random_sample(shape) * 2 - 1
