"""Features that can be searched while others are added to them.

Most lie in a base, for which there is an index of `helpers.features.index`; those that
came since are in smaller pieces beside it. When these grow too many, a new
base is made in the background, and takes the place of the old one in one step.
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
_BESIDE = 4096, 0.25  # rows beside the base, at least and as a share of it, from which a new base is made
_SPARE = 1.5  # of the room that is needed, when there has to be more

Answer = Tuple[np.ndarray, np.ndarray]  # rows, distances


class _Part(NamedTuple):
    """Rows with an index."""

    start: int
    end: int
    searcher: SubsetSearch
    is_rough: bool  # made in a hurry, while somebody waited
    vectors: np.ndarray  # the whole array that the rows lie in


class LiveIndex:
    """Features to which others can be added, float32 [n, dimension].

    `kind` is one of `helpers.features.open_index.KINDS`: with `hnsw` the base is a graph as
    soon as there is one, and is exact until then. `place` names the file in
    which the graph of a metric is kept. Both metrics share the features; each
    has its indexes, made when it is first asked with.

    The first index by a metric is made while the first search waits, in a
    hurry, and a better one in the background.

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
        """Add rows, float32 [n, dimension], behind those that are there. One thread at a time."""
        end = self._count + len(vectors)
        self.reserve(end)
        self._vectors[self._count : end] = vectors
        self._count = end

    def reserve(self, rows: int) -> None:
        """See to it that there is room; what is not in use takes no memory."""
        if rows > len(self._vectors):
            larger = roomy_array((max(_PIECE, int(_SPARE * rows)), self._dimension))
            larger[: self._count] = self._vectors[: self._count]
            self._vectors = larger  # searches that began before go on in the old one

    def search(
        self, feature: np.ndarray, k: int, *, metric: str, count: int, allowed: Optional[np.ndarray] = None
    ) -> Answer:
        """The `k` nearest of the first `count` rows, or of those where `allowed`, bool [count], is true.

        Returns rows, int64, and distances, float64; nearest first, equals by
        their row; fewer than `k` where there are no more.
        """
        parts, vectors = self._ready(metric, count), self._vectors
        rows, distances = [np.empty(0, np.int64)], [np.empty(0)]
        for part in parts:
            if part.start >= count:
                break
            some = None if allowed is None and part.end <= count else np.ones(part.end - part.start, bool)
            if some is not None:
                inside = count - part.start
                some[inside:] = False
                if allowed is not None:
                    some[:inside] &= allowed[part.start : part.end]
            found, apart = part.searcher.search(feature, k, some)
            rows.append(found + part.start)
            distances.append(apart)
        start = parts[-1].end if parts else 0
        if start < count:
            rest = Distance(vectors[start:count], metric)
            counting = None if allowed is None else np.flatnonzero(allowed[start:])
            found, apart = rest.nearest(rest.points(feature[None])[0], counting, k)
            rows.append(found + start)
            distances.append(apart)
        every, apart = np.concatenate(rows), np.concatenate(distances)
        order = np.lexsort((every, apart))[:k]
        return every[order], apart[order]

    def _ready(self, metric: str, count: int) -> List[_Part]:
        """The parts for a search, no row twice; and a new base is begun where it is time."""
        with self._lock:
            parts = self._parts.get(metric, [])
            end = parts[-1].end if parts else 0
            if count - end >= _PIECE:
                # Only the rows that are new are looked at, but for the very first time.
                parts = [*parts, self._part("rough", metric, end, count)]
                self._parts[metric] = parts
            if parts and metric not in self._making and self._is_time(metric, parts):
                end = parts[-1].end  # where a piece ends: later ones begin there
                thread = threading.Thread(target=self._make_base, args=(metric, end), daemon=True, name="new index")
                self._making[metric] = thread
                thread.start()
        return parts

    def _is_time(self, metric: str, parts: List[_Part]) -> bool:
        base, end = parts[0], parts[-1].end
        if self._failed.get(metric) == end:
            return False
        too_many = end - base.end > max(_BESIDE[0], _BESIDE[1] * base.end)
        # An old array of all the features would stay for as long as one part is in it.
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
            logging.getLogger(__name__).exception("the index could not be made anew; the one that is there goes on")
        finally:
            with self._lock:
                self._making.pop(metric, None)
