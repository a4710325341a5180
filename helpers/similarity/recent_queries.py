"""The last queries of a model: which photo a result is of, so that it can be shown beside its matches.

A result contains only a label of its query, and a photo from outside the collection is kept nowhere else.
"""

from collections import deque
from typing import Any, Deque, Dict, List, NamedTuple, Optional, Set, Tuple

import numpy as np

from helpers.errors import FrameError
from helpers.frames import Frame
from helpers.images.boxes import Box
from helpers.images.decode import Source


class AskedPhoto(NamedTuple):
    """The photo of a query."""

    name: str
    source: Source
    box: Optional[Box] = None  # the part of it that was compared; None for the whole photo


class _RecentQuery(NamedTuple):
    """A query photo and all its matches."""

    label: Any
    photo: AskedPhoto
    matches: np.ndarray  # rows of the collection
    distances: np.ndarray


class RecentQueries:
    """The last `SIZE` query photos of a model whose photos have these labels."""

    SIZE = 64

    def __init__(self, labels: List[Any]) -> None:
        self._labels = labels
        self._queries: Deque[_RecentQuery] = deque(maxlen=self.SIZE)

    def remember(
        self,
        label: Any,
        name: str,
        source: Source,
        matches: np.ndarray,
        distances: np.ndarray,
        box: Optional[Box] = None,
    ) -> None:
        """Keep a query photo, or a part of one, with all its matches, rows of the collection."""
        self._queries.appendleft(_RecentQuery(label, AskedPhoto(name, source, box), matches, distances))

    def behind(self, result: Frame) -> Dict[Any, AskedPhoto]:
        """The photo of each query of a result, by its label; those that are not remembered are absent.

        It is the last query with that label that had all matches of the result, at those distances. Raises
        `FrameError` where `result` lacks a column.
        """
        missing = {"query_label", "reference_label", "distance"} - set(result.column_names())
        if missing:
            raise FrameError(f"this is not a result of query(): it has no column {' and no '.join(sorted(missing))}")
        rows: Dict[Any, Set[Tuple[Any, float]]] = {}
        for row in result:
            rows.setdefault(row["query_label"], set()).add((row["reference_label"], row["distance"]))
        photo_of: Dict[Any, AskedPhoto] = {}
        for label, matches in rows.items():
            for query in self._queries:
                if query.label == label and matches <= self._matches(query):
                    photo_of[label] = query.photo
                    break
        return photo_of

    def _matches(self, query: _RecentQuery) -> Set[Tuple[Any, float]]:
        return {(self._labels[row], float(distance)) for row, distance in zip(query.matches, query.distances)}
