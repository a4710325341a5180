"""Nearest windows: which photos have a part that is like a thing, and which part.

What all windows have in common does not describe any of them. So they are compared after whitening: around their mean,
and scaled so that the windows of the collection extend as far in every direction. See Jégou and Chum, 2012 (ECCV,
"Negative evidences and co-occurences in image retrieval").
"""

import contextlib
import os
from typing import Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from helpers.features.regions.features import ShapeGroup
from helpers.features.regions.windows import LEVELS
from helpers.files.threads import work_ahead

_SAMPLE = 8192  # windows by which the directions are judged
_EVEN = 0.3  # of the mean extent, added to each: some directions are seldom used, and mostly noise
_LIKELY = 64  # photos that are compared exactly
_AT_ONCE = 2**20  # numbers that a thread turns into 32 bits and compares: they stay near the processor
_SMALL = 1e-9


class _Scaled(NamedTuple):
    """What is computed once for each window, float32 [photos, windows]."""

    factors: np.ndarray  # 1 / (its length · its distance from the mean once it has the length 1)
    shifts: np.ndarray  # 1 / the latter


class RegionIndex:
    """The windows of a collection; its photos are known by their rows."""

    def __init__(self, groups: List[ShapeGroup], width: int) -> None:
        self._groups = groups
        self._mean, self._spread = _whitening(groups, width)
        self._scaled = [self._scale(group) for group in groups]

    def search(
        self, wanted: np.ndarray, k: int, allowed: Optional[np.ndarray] = None
    ) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The k photos with the window most like what is wanted at its level, float32 [levels, width].

        Returns rows, int64 [m]; distances, float64 [m], 1 minus the cosine, nearest first, equals by their row; and
        the boxes of these windows, float64 [m, 4]. `allowed` is bool [rows]. A first look at all windows takes their
        distance from the mean for the length that whitening gives them; the best photos are then compared exactly.
        """
        likeness, rows, number, place, window = self._first_look(wanted, allowed)
        likely = np.lexsort((rows, -likeness))[: max(_LIKELY, 4 * k)]
        features = np.empty((len(likely), wanted.shape[1]), np.float32)
        boxes, levels = np.empty((len(likely), 4)), np.empty(len(likely), np.int64)
        for line, photo in enumerate(likely):
            group, best = self._groups[number[photo]], window[photo]
            features[line] = group.features[place[photo], best]
            boxes[line], levels[line] = group.windows.boxes[best], group.windows.levels[best]
        distances = 1 - (self._whitened(features) * self._whitened(wanted)[levels]).sum(axis=1)
        order = np.lexsort((rows[likely], distances))[:k]
        return rows[likely][order], np.maximum(distances[order], 0), boxes[order]

    def _first_look(self, wanted: np.ndarray, allowed: Optional[np.ndarray]) -> Tuple[np.ndarray, ...]:
        """Of each photo: how like its best window is, its row, its group and its place there, and the window."""
        directed = (_unit(wanted) - self._mean) @ self._spread
        factors = (_unit(directed) @ self._spread.T).astype(np.float32)
        offsets = (factors @ self._mean).astype(np.float32)
        looks = []
        for number, (group, scaled) in enumerate(zip(self._groups, self._scaled)):
            chosen = np.arange(len(group.rows)) if allowed is None else np.flatnonzero(np.asarray(allowed)[group.rows])

            def best(
                part: np.ndarray, group: ShapeGroup = group, scaled: _Scaled = scaled
            ) -> Tuple[np.ndarray, np.ndarray]:
                likeness = np.empty((len(part), len(group.windows.boxes)), np.float32)
                for level, windows in enumerate(_levels(group)):  # without `@`, whose threads would disturb these
                    numbers = group.features[part, windows].astype(np.float32)
                    likeness[:, windows] = np.einsum("pwn,n->pw", numbers, factors[level])
                likeness *= scaled.factors[part]
                likeness -= offsets[group.windows.levels] * scaled.shifts[part]
                window = likeness.argmax(axis=1)
                return likeness[np.arange(len(part)), window], window

            parts = np.array_split(chosen, max(1, len(chosen) // max(1, _AT_ONCE // group.features[0].size)))
            with contextlib.closing(work_ahead(best, parts, ahead=2 * (os.cpu_count() or 1))) as answers:
                likeness, window = (np.concatenate(arrays) for arrays in zip(*answers))
            looks.append((likeness, group.rows[chosen], np.full(len(chosen), number), chosen, window))
        if not looks:
            return tuple(np.empty(0, kind) for kind in (np.float32, np.int64, np.int64, np.int64, np.int64))
        return tuple(np.concatenate(arrays) for arrays in zip(*looks))

    def _whitened(self, features: np.ndarray) -> np.ndarray:
        return _unit((_unit(features) - self._mean) @ self._spread)

    def _scale(self, group: ShapeGroup) -> _Scaled:
        factors, shifts = (np.empty(group.features.shape[:2], np.float32) for _ in range(2))
        mean, square = self._mean.astype(np.float32), float(self._mean @ self._mean)
        for part in _blocks(group):
            numbers = group.features[part].astype(np.float32)
            lengths = np.maximum(np.sqrt(np.einsum("pwn,pwn->pw", numbers, numbers)), 1)
            apart = np.sqrt(np.maximum(1 + square - 2 * (numbers @ mean) / lengths, _SMALL))
            factors[part], shifts[part] = 1 / (lengths * apart), 1 / apart
        return _Scaled(factors, shifts)


def _whitening(groups: List[ShapeGroup], width: int) -> Tuple[np.ndarray, np.ndarray]:
    """The mean of all windows, float64 [width], and directions scaled by how far they extend, [width, width]."""
    count = sum(group.features.shape[0] * group.features.shape[1] for group in groups)
    step = max(1, count // _SAMPLE) | 1  # odd, so that it does not always meet the same window
    sample = [_unit(group.features.reshape(-1, width)[::step]) for group in groups]
    points = np.concatenate(sample) if sample else np.zeros((1, width))
    mean = points.mean(axis=0)
    points = points - mean
    extent = points.T @ points / len(points)
    extent[np.diag_indices(width)] += _EVEN * extent.trace() / width + _SMALL
    lengths, directions = np.linalg.eigh(extent)
    return mean, directions / np.sqrt(lengths)


def _unit(points: np.ndarray) -> np.ndarray:
    points = points.astype(np.float64)
    return points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), _SMALL)


def _levels(group: ShapeGroup) -> List[slice]:
    """The windows of each level, which follow each other."""
    edges = np.searchsorted(group.windows.levels, np.arange(LEVELS + 1))
    return [slice(start, end) for start, end in zip(edges, edges[1:])]


def _blocks(group: ShapeGroup) -> Iterator[slice]:
    step = max(1, _AT_ONCE // group.features[0].size)
    return (slice(start, min(len(group.rows), start + step)) for start in range(0, len(group.rows), step))
