"""Searching the collection of a service in words, wherever its features are kept.

A word is a point in the space of the features: the mean of the weights that the classifier has for its classes. The
images nearest to it by cosine, which any index finds, are then ranked as `helpers.similarity` does, by their shares of
the softmax. Of 621 pictures of five sets, the ten best of a class were always among the tenth nearest to its point, and
94 of 100 of a group's. Where the network has a text model, the text itself is such a point.
"""

import threading
from typing import List, NamedTuple, Optional

import numpy as np

from helpers.errors import ArgumentError, KinframeError, ModelError, Refused, UnknownWords, WeightsUnavailable
from helpers.networks.classifier import Classifier, classifier_of
from helpers.networks.load import LoadedModel
from helpers.networks.text.table import has_text_model, text_model_of
from helpers.service.records import ImageRecord, SearchOptions
from helpers.service.storage.storage import Storage
from helpers.similarity.word_scores import WordScores
from helpers.similarity.word_search import WordQuery, found_in_words

_RANKED = 1_000  # images near a word's point that are ranked; fewer images than that are ranked all


class WordMatch(NamedTuple):
    """An image that words fit."""

    image: ImageRecord
    score: float  # its share of the softmax, 0 to 1; of a text model the cosine, -1 to 1
    word: Optional[str]  # which of the classes that are meant it looks like most; None of a text model


class ServiceWords:
    """The words of a service's network, whose classifier or text model is read at the first search.

    Threads may share it.
    """

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded
        self._classifier: Optional[Classifier] = None
        self._lock = threading.Lock()

    def search(self, storage: Storage, text: str, options: SearchOptions) -> List[WordMatch]:
        """The images that words fit best, the best first, equals by their id.

        Raises `Refused` for an unknown word, for a text that the network's text model cannot read, and for a network
        without words, and what `Storage.search` raises.
        """
        if has_text_model(self._loaded.name):
            near = storage.search(self._point(text), options._replace(metric="cosine"))
            return [WordMatch(match.image, 1 - match.distance, None) for match in near]
        try:
            query, classifier = WordQuery.of(text), self._opened()
        except (ArgumentError, ModelError, WeightsUnavailable) as error:
            raise _refused(error) from error
        rows = sorted({row for word in query.words for row in word.rows})
        point = classifier.weights[rows].mean(axis=0)
        near = storage.search(point, options._replace(k=max(_RANKED, options.k), metric="cosine"))
        kept = storage.vectors.several(list({match.image.identity for match in near}))
        images = sorted((match.image for match in near if match.image.identity in kept), key=lambda image: image.id)
        features = np.array([kept[image.identity] for image in images], np.float32).reshape(-1, len(point))
        scores = WordScores.of(features, classifier)
        found = found_in_words(scores.of_words(query.words), np.ones(len(images), bool), options.k)
        names = query.names_of(scores, found.rows)
        return [
            WordMatch(images[row], score, name) for row, score, name in zip(found.rows, found.scores.tolist(), names)
        ]

    def _point(self, text: str) -> np.ndarray:
        from helpers.networks.text.encoder import load_text_model  # needs the extra `text`

        try:
            with self._lock:
                encoder = load_text_model(text_model_of(self._loaded.name).name, progress=False)
            return encoder.encode(text)
        except (ArgumentError, ModelError, WeightsUnavailable) as error:
            raise _refused(error) from error

    def _opened(self) -> Classifier:
        with self._lock:
            if self._classifier is None:
                self._classifier = classifier_of(self._loaded)
            return self._classifier


def _refused(error: KinframeError) -> Refused:
    message = error.plain if isinstance(error, UnknownWords) else str(error)
    return Refused(message.splitlines()[0], 422)
