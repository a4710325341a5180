"""The last queries of a model: which photo stands behind a result, so that it can be shown beside its matches.

A result names its query by a label alone, and a photo from outside the
collection has no other place to be kept.
"""

from collections import deque
from typing import Any, Deque, Dict, List, NamedTuple, Set, Tuple

import numpy as np

from helpers.errors import FrameError
from helpers.images.decode import Source


class _Query(NamedTuple):
    """A query photo, and all that was found for it."""

    label: Any
    name: str
    source: Source
    matches: np.ndarray  # rows of the collection
    distances: np.ndarray


class RecentQueries:
    """The last `SIZE` query photos of a model whose photos have these labels."""

    SIZE = 64

    def __init__(self, labels: List[Any]) -> None:
        self._labels = labels
        self._queries: Deque[_Query] = deque(maxlen=self.SIZE)

    def remember(self, label: Any, name: str, source: Source, matches: np.ndarray, distances: np.ndarray) -> None:
        """Keep a query photo with the rows that were found for it, before any were left out."""
        self._queries.appendleft(_Query(label, name, source, matches, distances))

    def behind(self, found: Any) -> Dict[Any, Tuple[str, Source]]:
        """Name and photo of each query of a result, by its label; what is not remembered is absent.

        The last query with that label that found all rows of the result, at
        those distances, is the one. Raises `FrameError` where `found` is no result.
        """
        missing = {"query_label", "reference_label", "distance"} - set(found.column_names())
        if missing:
            raise FrameError(f"this is no result of query(): it has no column {' and no '.join(sorted(missing))}")
        rows: Dict[Any, Set[Tuple[Any, float]]] = {}
        for row in found:
            rows.setdefault(row["query_label"], set()).add((row["reference_label"], row["distance"]))
        answer: Dict[Any, Tuple[str, Source]] = {}
        for label, matches in rows.items():
            for query in self._queries:
                if query.label == label and matches <= self._found(query):
                    answer[label] = (query.name, query.source)
                    break
        return answer

    def _found(self, query: _Query) -> Set[Tuple[Any, float]]:
        return {(self._labels[row], float(distance)) for row, distance in zip(query.matches, query.distances)}
