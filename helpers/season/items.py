"""What is compared where a season is searched: whole photos, or parts of them, and the best of each photo or event."""

from typing import Any, List, NamedTuple, Optional

import numpy as np

from helpers.features.open_index import open_index
from helpers.features.subset import SubsetSearch

_MORE = 4  # neighbours for each group that is wanted, at first; as many times more, if they are too few


class Nearest(NamedTuple):
    """The nearest photo of each group, nearest first."""

    rows: np.ndarray  # of the photos: int64 [m]
    distances: np.ndarray  # float64 [m]
    boxes: Optional[np.ndarray]  # of the part that is that near: float64 [m, 4]; None for whole photos


class Items:
    """The features that are searched, float32 [items, dimension], and which photo each belongs to.

    `rows` is int64 [items], the row of the photo. `boxes`, float64 [items, 4],
    are left, top, right and bottom in shares of the photo; None where items are
    whole photos. `kinds` and `scores` are those of the parts.
    """

    def __init__(self, model: Any, parts: Optional[Any] = None) -> None:
        self._model, self._searchers = model, {}  # type: ignore[var-annotated]
        self.vectors: np.ndarray = model.vectors if parts is None else np.asarray(parts.vectors, np.float32)
        self.rows = np.arange(len(model.vectors)) if parts is None else np.asarray(parts.rows, np.int64)
        self.boxes = None if parts is None else np.asarray(parts.boxes, np.float64).reshape(-1, 4)
        self.kinds: Optional[List[str]] = None if parts is None else list(parts.kinds)
        self.scores = None if parts is None else np.asarray(parts.scores, np.float64)

    def having(self, kind: str) -> np.ndarray:
        """Which photos have a part of a kind: bool [photos]."""
        found = np.zeros(len(self._model.vectors), bool)
        found[self.rows[self._of_kind(kind)]] = True
        return found

    def part_of(self, row: int, box: Optional[Any] = None) -> Optional[int]:
        """The item that a photo is asked with, None where it has none.

        That which has most in common with the box (the share of both that is in
        both); without a box an animal rather than something else, then that of
        the highest score, then the largest.
        """
        own = np.flatnonzero(self.rows == row)
        if not len(own) or self.boxes is None or self.scores is None:
            return None
        areas = _areas(self.boxes[own])
        if box is not None:
            both = np.concatenate(
                [np.maximum(self.boxes[own, :2], box[:2]), np.minimum(self.boxes[own, 2:], box[2:])], axis=1
            )
            shared = _areas(both)
            likeness = shared / (areas + _areas(np.array([box])) - shared)
            return int(own[likeness.argmax()]) if likeness.any() else None
        return int(own[np.lexsort((own, -areas, -self.scores[own], ~self._of_kind("animal")[own]))[0]])

    def nearest(
        self, point: np.ndarray, k: Optional[int], groups: np.ndarray, allowed: np.ndarray, metric: Optional[str]
    ) -> Nearest:
        """The `k` groups with the nearest item to a feature, float32 [dimension]; all with `k=None`.

        `groups` is the number of each photo's group, and only photos that are
        `allowed`, bool [photos], count; equals come in the order of their items.
        """
        searcher = self._searcher(metric)
        items = allowed[self.rows]
        count = int(items.sum())
        wanted = count if k is None else min(count, _MORE * k)
        while True:
            found, distances = searcher.search(point, wanted, items)
            nearest = self.first(found, distances, groups)
            if wanted >= count or (k is not None and len(nearest.rows) >= k):
                return Nearest(*(None if each is None else each[:k] for each in nearest))  # type: ignore[arg-type]
            wanted = min(count, _MORE * wanted)

    def first(self, items: np.ndarray, distances: np.ndarray, groups: np.ndarray) -> Nearest:
        """Of items, nearest first, the first of each group."""
        _, places = np.unique(groups[self.rows[items]], return_index=True)
        places = np.sort(places)
        chosen = items[places]
        return Nearest(self.rows[chosen], distances[places], None if self.boxes is None else self.boxes[chosen])

    def _of_kind(self, kind: str) -> np.ndarray:
        return np.array([each == kind for each in self.kinds or []], bool)

    def _searcher(self, metric: Optional[str]) -> SubsetSearch:
        if self.boxes is None:
            return self._model.searcher(metric)
        metric = self._model.metric if metric is None else metric
        if metric not in self._searchers:
            self._searchers[metric] = SubsetSearch(open_index("exact", self.vectors, metric), self.vectors)
        return self._searchers[metric]


def _areas(boxes: np.ndarray) -> np.ndarray:
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return sides[:, 0] * sides[:, 1]
