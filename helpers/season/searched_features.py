"""The features that a season's search compares and asks with, of whole photos or of parts; and each event's nearest."""

from functools import cached_property
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple

import numpy as np

from helpers.errors import FrameError
from helpers.features.open_index import open_index
from helpers.features.subset import SubsetSearch
from helpers.images.boxes import Box, check_box, intersection_over_union
from helpers.networks.classifier import classifier_of
from helpers.season.parts import Parts
from helpers.similarity.model import SimilarityModel
from helpers.similarity.regions import SMALLEST
from helpers.similarity.search import SearchQuery
from helpers.similarity.word_scores import WordScores

_WHOLE = (0.0, 0.0, 1.0, 1.0)  # the box of a whole photo
_MORE = 4  # neighbours per group to begin with, and the factor by which more are searched where they are too few


class NearestPhotos(NamedTuple):
    """Photos, nearest first."""

    rows: np.ndarray  # int64 [n]
    distances: np.ndarray  # float64 [n]
    boxes: Optional[np.ndarray]  # of the part that is that near: float64 [n, 4]; None for whole photos

    def first_of_each(self, groups: np.ndarray, k: Optional[int] = None) -> "NearestPhotos":
        """The nearest photo of each of the first `k` groups; `groups` has the group of every photo of the season."""
        first = np.sort(np.unique(groups[self.rows], return_index=True)[1])[:k]
        boxes = None if self.boxes is None else self.boxes[first]
        return NearestPhotos(self.rows[first], self.distances[first], boxes)


class SearchedFeatures:
    """Features, and the photo that each belongs to.

    - `vectors`: float32 [features, dimension].
    - `rows`: the row of each feature's photo, int64 [features].
    - `boxes`: the part of the photo, as left, top, right and bottom in shares,
      float64 [features, 4]; None where features are of whole photos.
    """

    def __init__(self, model: SimilarityModel, parts: Optional[Parts] = None) -> None:
        self._model, self._parts = model, parts
        self._searchers: Dict[str, SubsetSearch] = {}
        self.vectors = model.vectors if parts is None else parts.vectors
        self.rows = np.arange(len(model.vectors)) if parts is None else parts.rows
        self.boxes = None if parts is None else parts.boxes

    @cached_property
    def words(self) -> WordScores:
        """The scores of all features for all words; raises `ModelError` for a network without words."""
        if self._parts is None:
            return self._model.words
        return WordScores.of(self._parts.network_features, classifier_of(self._model.network))

    def part_of(self, row: int, box: Optional[Box] = None) -> Optional[int]:
        """The feature by which to ask for a photo like this one; None where the photo has no part.

        With a box, that of the part with the largest intersection over union.
        Without, that of an animal rather than something else, then of the
        highest score, then of the largest part.
        """
        own = np.flatnonzero(self.rows == row)
        if self._parts is None or not len(own):
            return None
        boxes, scores = self._parts.boxes[own], self._parts.scores[own]
        if box is not None:
            overlap = intersection_over_union(boxes, np.array([box]))[:, 0]
            return int(own[np.argmax(overlap)]) if overlap.any() else None
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        is_animal = np.array([self._parts.kinds[place] == "animal" for place in own])
        return int(own[np.lexsort((own, -areas, -scores, ~is_animal))[0]])

    def of_query(self, question: SearchQuery, box: Optional[Any] = None) -> Tuple[np.ndarray, str]:
        """The features to ask with, and a remark on them, or an empty text; for `box` see `Season.search`.

        Of each of the question's photos, or of a part of it: float32 [photos, dimension]. Raises what that does.
        """
        if box is not None and (self._parts is None or question.box is not None):
            raise FrameError("box= chooses one of the parts of photos; for any box give region=(label, box)")
        if not question.photos:
            return self._model.vectors[:0], ""
        if question.box is not None:
            feature_of = self._model.feature_of if self._parts is None else self._parts.feature_of
            return feature_of(question.like[0].source, question.box)[None], ""
        if self._parts is None:
            return self._model.features_of(question.photos), ""
        chosen = None if box is None else check_box(box, smallest=SMALLEST)
        parts = [None if photo.row is None else self.part_of(photo.row, chosen) for photo in question.photos]
        whole = [photo for photo, part in zip(question.photos, parts) if part is None]
        names = ", ".join(photo.name for photo in whole[:3])
        note = f"asked with the whole photo, for no part of it is known: {names}; region= asks with any part"
        features = iter([self._parts.feature_of(photo.source, _WHOLE) for photo in whole])
        vectors = np.stack([next(features) if part is None else self.vectors[part] for part in parts])
        return vectors, note if whole else ""

    def part_of_query(self, question: SearchQuery, box: Optional[Any] = None) -> Optional[Box]:
        """The part of a question's first photo that is compared; None for the whole photo."""
        first = question.photos[0]
        if question.box is not None or self.boxes is None or first.row is None:
            return question.box
        part = self.part_of(first.row, None if box is None else check_box(box))
        return None if part is None else check_box(self.boxes[part])

    def nearest(
        self, point: np.ndarray, k: Optional[int], groups: np.ndarray, allowed: np.ndarray, metric: Optional[str]
    ) -> NearestPhotos:
        """The `k` groups nearest to a feature, float32 [dimension], each with its nearest photo; `k=None` is all.

        Only photos that are `allowed`, bool [photos], count. Equal distances
        come in the order of the features.
        """
        searcher = self._searcher(metric)
        counting = allowed[self.rows]

        def search(count: int) -> NearestPhotos:
            return self.photos(*searcher.search(point, count, counting))

        return nearest_of_groups(search, k, groups, int(counting.sum()))

    def photos(self, features: np.ndarray, distances: np.ndarray) -> NearestPhotos:
        """The photos of features that were found, in their order."""
        return NearestPhotos(self.rows[features], distances, None if self.boxes is None else self.boxes[features])

    def _searcher(self, metric: Optional[str]) -> SubsetSearch:
        if self._parts is None:
            return self._model.searcher(metric)
        metric = self._model.metric if metric is None else metric
        if metric not in self._searchers:
            self._searchers[metric] = SubsetSearch(open_index("exact", self.vectors, metric), self.vectors)
        return self._searchers[metric]


def nearest_of_groups(
    search: Callable[[int], NearestPhotos], k: Optional[int], groups: np.ndarray, count: int
) -> NearestPhotos:
    """The nearest photo of each of the `k` nearest groups, from a search for as many of `count` as are needed.

    Most of the nearest photos may be of one group, such as a long burst.
    """
    wanted = count if k is None else min(count, _MORE * k)
    while True:
        nearest = search(wanted).first_of_each(groups, k)
        if wanted >= count or (k is not None and len(nearest.rows) >= k):
            return nearest
        wanted = min(count, _MORE * wanted)
