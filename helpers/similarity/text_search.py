"""Searching by a text: in any words, where the network has a text model, and else in the words that it has learnt.

With a text model, a photo's score is the cosine of its feature and the text's, as CLIP was trained (Radford et al.,
2021, arXiv:2103.00020). Scores of one text tell its photos apart; those of two texts are on different levels, so no one
number divides what fits from what does not. `fall_off` finds the place for each text anew.
"""

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Optional, Tuple, Union

import numpy as np

from helpers.errors import ArgumentError, ModelError
from helpers.features.blocks import blocks
from helpers.frames import Frame, SArray
from helpers.networks.classifier import classifier_of, has_classifier
from helpers.networks.load import LoadedModel
from helpers.networks.text.table import has_text_model, text_model_of
from helpers.similarity.word_scores import WordScores, best
from helpers.similarity.word_search import Found, WordQuery, found_in_words, with_words

if TYPE_CHECKING:
    from helpers.networks.text.encoder import TextEncoder

_FEWEST = 20  # photos: of fewer, the level of what does not fit cannot be seen
_STEPS = 3.0  # standard deviations above that level
_SLOW = 20_000  # features whose scores take longer than a second
_NORMAL = 1.4826  # standard deviations of a normal distribution in its median distance from the middle


def fall_off(scores: np.ndarray) -> float:
    """The score at which what fits a text falls off to what does not, by the scores of a whole collection, float [n].

    Most photos do not fit a text, and their scores lie around a middle. Their spread is taken from the lower half, to
    which those that fit do not belong: 1.4826 times the median distance from the middle, which for a normal
    distribution is the standard deviation (Rousseeuw and Croux, 1993, Alternatives to the median absolute deviation,
    JASA 88). The cut-off is three of these above the middle: of 10,000 photos that do not fit, 13 are expected above.
    Where half of a collection fits, or more, it is too high. Of fewer than 20 photos it is -1: all count as fitting.
    """
    if len(scores) < _FEWEST:
        return -1.0
    middle = float(np.median(scores))
    spread = _NORMAL * float(np.median(middle - scores[scores <= middle]))
    return middle + _STEPS * spread


class TextQuery(NamedTuple):
    """How well each photo of a collection fits a text."""

    scores: np.ndarray  # float64 [photos]: cosines, -1 to 1
    cutoff: float  # the least score of a photo that counts as fitting

    def found(
        self,
        allowed: np.ndarray,
        k: Optional[int],
        near: Optional[Tuple[np.ndarray, np.ndarray]] = None,
        is_like: bool = True,
    ) -> Found:
        """The `k` photos that the text fits best; or text and photos together, see `found_in_words`."""
        if near is not None:
            return found_in_words(self.scores, allowed, k, near, is_like)
        rows = best(self.scores, k, allowed)
        return Found(rows, self.scores[rows])

    def columns(self, frame: Frame, found: Found) -> Frame:
        """A result with the columns `score`; `fits`, 1 from the cut-off on and 0 below it; and `cutoff`."""
        fits = (self.scores[found.rows] >= self.cutoff).astype(int)
        frame = frame.add_column(SArray(found.scores.tolist(), dtype=float), "score")
        frame = frame.add_column(SArray(fits.tolist(), dtype=int), "fits")
        return frame.add_column(SArray([self.cutoff] * len(fits), dtype=float), "cutoff")


class LearntWords(NamedTuple):
    """A text whose words the network has learnt, and the photos' scores for all such words."""

    query: WordQuery
    scores: WordScores

    def found(
        self,
        allowed: np.ndarray,
        k: Optional[int],
        near: Optional[Tuple[np.ndarray, np.ndarray]] = None,
        is_like: bool = True,
    ) -> Found:
        """The `k` photos that the words fit best; or words and photos together, see `found_in_words`."""
        return found_in_words(self.scores.of_words(self.query.words), allowed, k, near, is_like)

    def columns(self, frame: Frame, found: Found) -> Frame:
        """A result with the columns `score` and `word`."""
        return with_words(frame, found, self.query.names_of(self.scores, found.rows))


class TextMembers:
    """What a model has that can be asked in words."""

    network: LoadedModel
    vectors: np.ndarray
    centre: Optional[np.ndarray]
    text_model: Optional[str]

    @property
    def has_words(self) -> bool:
        """Whether `search` takes a text: learnt words, or any, for a text model."""
        return has_classifier(self.network) or has_text_model(self.network.name)

    @cached_property
    def words(self) -> WordScores:
        """The scores of the photos for all words, made when they are first needed; photos are not read.

        Raises `ModelError` for a network without words; the message names those that have some.
        """
        classifier = classifier_of(self.network)
        return WordScores.of(self.vectors, classifier, self.centre, progress=len(self.vectors) > _SLOW)

    def asked_in_words(self, text: str, cutoff: Optional[float] = None) -> Union[TextQuery, LearntWords]:
        """A text as what photos can be ranked by: the network's text model reads it, or else its classifier's words do.

        Raises `ModelError` for a network with neither, `WeightsUnavailable`, and `ArgumentError` for a text that cannot
        be read, or a cut-off for learnt words.
        """
        if has_text_model(self.network.name):
            return self.fit(text, cutoff)
        if cutoff is not None:
            raise ArgumentError('cutoff= goes with a network that has a text model: create(data, model="clip")')
        return LearntWords(WordQuery.of(text), self.words)

    def fit(self, text: str, cutoff: Optional[float] = None) -> TextQuery:
        """How well each photo fits a text; None for a `cutoff` is where the scores fall off.

        Raises `ModelError`, `WeightsUnavailable`, and `ArgumentError` for a text that cannot be read or another cut-off
        than a number from -1 to 1.
        """
        if cutoff is not None and not (isinstance(cutoff, (int, float, np.number)) and -1 <= cutoff <= 1):
            raise ArgumentError(f"cutoff is a score, -1 to 1, or None for where the scores fall off, not {cutoff!r}")
        point = self._encoder().encode(text)
        if len(point) != self.vectors.shape[1]:
            raise ModelError(
                f"the text model {self.text_model or self.network.name} gives {len(point)} features, and the photos "
                f"have {self.vectors.shape[1]}; it is not the one that was trained with their network"
            )
        shift = 0.0 if self.centre is None else float(self.centre @ point)
        scores = (np.asarray(self.vectors @ point, np.float64) + shift) / self._lengths
        return TextQuery(scores, fall_off(scores) if cutoff is None else float(cutoff))

    def _encoder(self) -> "TextEncoder":
        from helpers.networks.text.encoder import load_text_model  # needs the extra `text`

        return load_text_model(text_model_of(self.network.name, self.text_model).name)

    @cached_property
    def _lengths(self) -> np.ndarray:
        """The length of each photo's feature, float64 [photos], as the network gave it."""
        lengths = np.empty(len(self.vectors))
        for part in blocks(len(self.vectors), 8 * self.vectors.shape[1]):
            whole = self.vectors[part] if self.centre is None else self.vectors[part] + self.centre
            lengths[part] = np.linalg.norm(whole, axis=1)
        return np.maximum(lengths, 1e-12)
