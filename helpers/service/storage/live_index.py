"""An index of features that can be searched while others are added.

Most features are in a base, which has an index of `helpers.features.index`; those
that came since are in smaller pieces beside it. When these grow too many, a new
base is made in the background, and replaces the old one in one step.
"""

import logging
import threading
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from helpers.features.distance import Distance
from helpers.features.index import Index
from helpers.features.open_index import open_index
from helpers.features.subset import SubsetSearch
from helpers.files.cache import roomy_array

_PIECE = 512  # rows from which a piece beside the base gets an index
_BESIDE = 4096, 0.25  # rows beside the base, at least and as a share of it, before a new base is made
_SPARE = 1.5  # times the room that is needed, where more has to be made


class _Part(NamedTuple):
    """A range of rows with an index."""

    start: int
    end: int
    searcher: SubsetSearch
    is_rough: bool  # made quickly, while a search waited
    vectors: np.ndarray  # the whole array that contains the rows


class LiveIndex:
    """A growing index of features, float32 [n, dimension].

    `kind` is one of `helpers.features.open_index.KINDS`: with `hnsw` the base is a
    graph as soon as it has been built, and exact until then. `place` returns
    the file in which the graph of a metric is kept. Both metrics share the
    features; each has its own indexes, made at its first search: quickly while
    that waits, and then a better one in the background.

    Several threads may search while one adds. A search sees the first `count`
    rows, whatever is added in the meantime.
    """

    def __init__(self, dimension: int, kind: str = "exact", place: Optional[Callable[[str], str]] = None) -> None:
        self._dimension, self._kind, self._place = dimension, kind, place
        self._vectors, self._count = np.empty((0, dimension), np.float32), 0
        self._parts: Dict[str, List[_Part]] = {}  # of each metric, without gaps from row 0; lists are never changed
        self._lock = threading.Lock()  # of `_parts`
        self._making: Dict[str, threading.Thread] = {}
        self._failed: Dict[str, int] = {}  # rows that no new base could be made of

    def __len__(self) -> int:
        return self._count

    def add(self, vectors: np.ndarray) -> None:
        """Append rows, float32 [n, dimension]. One thread at a time."""
        end = self._count + len(vectors)
        self.reserve(end)
        self._vectors[self._count : end] = vectors
        self._count = end

    def reserve(self, rows: int) -> None:
        """Make room for so many rows; unused room takes no memory."""
        if rows > len(self._vectors):
            larger = roomy_array((max(_PIECE, int(_SPARE * rows)), self._dimension))
            larger[: self._count] = self._vectors[: self._count]
            self._vectors = larger  # searches in progress go on in the old one

    def search(
        self, feature: np.ndarray, k: int, *, metric: str, count: int, allowed: Optional[np.ndarray] = None
    ) -> Tuple[np.ndarray, np.ndarray]:
        """The `k` nearest of the first `count` rows, or of those where `allowed`, bool [count], is true.

        Returns rows, int64, and distances, float64; nearest first, ties by row;
        fewer than `k` where there are no more.
        """
        parts, vectors = self._ready(metric, count), self._vectors
        rows, distances = [np.empty(0, np.int64)], [np.empty(0)]
        for part in parts:
            if part.start >= count:
                break
            mask = None if allowed is None and part.end <= count else np.ones(part.end - part.start, bool)
            if mask is not None:
                inside = count - part.start
                mask[inside:] = False
                if allowed is not None:
                    mask[:inside] &= allowed[part.start : part.end]
            nearest, apart = part.searcher.search(feature, k, mask)
            rows.append(nearest + part.start)
            distances.append(apart)
        start = parts[-1].end if parts else 0
        if start < count:
            rest = Distance(vectors[start:count], metric)
            counting = None if allowed is None else np.flatnonzero(allowed[start:])
            nearest, apart = rest.nearest(rest.points(feature[None])[0], counting, k)
            rows.append(nearest + start)
            distances.append(apart)
        every, apart = np.concatenate(rows), np.concatenate(distances)
        order = np.lexsort((every, apart))[:k]
        return every[order], apart[order]

    def _ready(self, metric: str, count: int) -> List[_Part]:
        """The parts for a search, no row twice; a new base is begun where it is due."""
        with self._lock:
            parts = self._parts.get(metric, [])
            end = parts[-1].end if parts else 0
            if count - end >= _PIECE:
                # Only the new rows are indexed, but for the first search.
                parts = [*parts, self._part("rough", metric, end, count)]
                self._parts[metric] = parts
            if parts and metric not in self._making and self._is_due(metric, parts):
                end = parts[-1].end  # the end of a piece: later ones begin there
                thread = threading.Thread(target=self._make_base, args=(metric, end), daemon=True, name="new index")
                self._making[metric] = thread
                thread.start()
        return parts

    def _is_due(self, metric: str, parts: List[_Part]) -> bool:
        base, end = parts[0], parts[-1].end
        if self._failed.get(metric) == end:
            return False
        too_many = end - base.end > max(_BESIDE[0], _BESIDE[1] * base.end)
        # An old array of all features stays in memory as long as one part refers to it.
        is_old = any(part.vectors is not self._vectors for part in parts)
        return too_many or is_old or base.is_rough or base.searcher.kind != self._kind

    def _part(self, kind: str, metric: str, start: int, end: int) -> _Part:
        vectors = self._vectors
        rows = vectors[start:end]
        path = self._place(metric) if kind == "hnsw" and self._place is not None else None
        index = Index(rows, metric, short=False) if kind == "rough" else open_index(kind, rows, metric, path=path)
        return _Part(start, end, SubsetSearch(index, rows), kind == "rough", vectors)

    def _make_base(self, metric: str, end: int) -> None:
        try:
            base = self._part(self._kind, metric, 0, end)
            with self._lock:
                self._parts[metric] = [base, *(part for part in self._parts[metric] if part.start >= end)]
        except Exception:
            self._failed[metric] = end
            logging.getLogger(__name__).exception("a new index could not be made; the old one stays in use")
        finally:
            with self._lock:
                self._making.pop(metric, None)
