"""Which events of a season words fit best, alone or together with photos; by parts of photos where there are some."""

from typing import List, NamedTuple, Optional

import numpy as np

from helpers.season.searched_features import NearestPhotos, SearchedFeatures
from helpers.similarity.word_search import Found, WordQuery, found_in_words


class WordRanking(NamedTuple):
    """The photos that stand for the events, the best first."""

    nearest: NearestPhotos  # with the part that the words fit best, where there are parts
    found: Found  # the same photos and their scores
    names: List[str]  # which of the classes that are meant each looks like most


class PhotosInWords:
    """How well words fit the photos of a season; a photo of several parts by the one that they fit best.

    `log_odds` is float64 [photos]; `has`, bool [photos], leaves out photos without a part.
    """

    def __init__(self, searched: SearchedFeatures, words: WordQuery, photos: int) -> None:
        self._searched, self._words = searched, words
        of_features = searched.words.of_words(words.words)
        best_first = np.argsort(-of_features, kind="stable")
        rows, places = np.unique(searched.rows[best_first], return_index=True)
        self._feature_of = np.full(photos, -1, np.int64)
        self._feature_of[rows] = best_first[places]
        self.has = self._feature_of >= 0
        self.log_odds = np.full(photos, -np.inf)
        self.log_odds[rows] = of_features[self._feature_of[rows]]

    def ranked(
        self,
        k: Optional[int],
        groups: np.ndarray,
        allowed: np.ndarray,
        near: Optional[NearestPhotos] = None,
        is_like: bool = True,
    ) -> WordRanking:
        """The `k` groups of photos that the words fit best, with `near` and `is_like` as of `found_in_words`.

        `groups` has the group of each photo, such as its event: int64 [photos]. Only photos that are `allowed`, bool
        [photos], count.
        """
        apart = None if near is None else (near.rows, near.distances)
        found = found_in_words(self.log_odds, allowed & self.has, None, apart, is_like)
        first = np.sort(np.unique(groups[found.rows], return_index=True)[1])[:k]
        found = Found(found.rows[first], found.scores[first])
        features = self._feature_of[found.rows]
        boxes = None if self._searched.boxes is None else self._searched.boxes[features]
        names = self._words.names_of(self._searched.words, features)
        return WordRanking(NearestPhotos(found.rows, found.distances, boxes), found, names)
