"""Searching in words: which words a text has, how photos rank by them, and how such a ranking joins one by a photo."""

from typing import List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from helpers.frames import Frame, SArray
from helpers.networks.words import Word, class_names, find_words, is_chinese
from helpers.similarity.word_scores import WordScores, best, shares

ONLY_GUESSES = "Guesses: the nearest of the thousand things that the network knows."  # of an answer to words

_RANKS = 60  # see `fused`
_AWAY = 0.5  # how much photos to be unlike count: as in `helpers.similarity.search.feedback`


class WordQuery(NamedTuple):
    """The words of a text."""

    words: List[Word]
    names: List[str]  # of all classes, in the language of the text

    @classmethod
    def of(cls, text: str) -> "WordQuery":
        """Raises `ArgumentError` for a text with a word that is not known."""
        return cls(find_words(text), class_names("chinese" if is_chinese(text) else "english"))

    def names_of(self, scores: WordScores, features: np.ndarray) -> List[str]:
        """Which of the classes that are meant each feature looks like most."""
        rows = sorted({row for word in self.words for row in word.rows})
        return [self.names[row] for row in scores.likeliest(features, 1, rows)[:, 0].tolist()]


class Found(NamedTuple):
    """An answer to a text, and to photos beside it if there were any."""

    rows: np.ndarray  # int64 [m], the best first, equals by their row
    scores: np.ndarray  # float64 [m], 1 at most, the best first: shares of the softmax, or of words and photos together

    @property
    def distances(self) -> np.ndarray:
        """What takes the place of distances, ascending: 1 less the score, 0 and more."""
        return 1 - self.scores


def found_in_words(
    log_odds: np.ndarray,
    allowed: np.ndarray,
    k: Optional[int],
    near: Optional[Tuple[np.ndarray, np.ndarray]] = None,
    is_like: bool = True,
) -> Found:
    """The `k` photos that the words fit best; or the words and photos together.

    `log_odds`, float64 [photos], are those of the words. `near` are rows and distances from photos, the nearest first:
    photos to be like, or with `is_like` False to be unlike.
    """
    if near is not None and is_like:
        scores = fused([best(log_odds, None, allowed), near[0]], len(log_odds))
    elif near is not None:
        apart = np.zeros(len(log_odds))
        apart[near[0]] = near[1]
        scores = shares(_standard(log_odds, allowed) + _AWAY * _standard(apart, allowed))
    else:
        rows = best(log_odds, k, allowed)
        return Found(rows, shares(log_odds[rows]))
    rows = best(scores, k, allowed)
    return Found(rows, scores[rows])


def _standard(values: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Values less their mean, in standard deviations, both of those that are `allowed`.

    With these a word's scores and distances can be added (Montague and Aslam, 2001, Relevance score normalization for
    metasearch, CIKM). Ranks would not do here: what is nearest to a photo of a fox is other foxes, which few photos
    are, and so the words' lead must count.
    """
    chosen = values[allowed]
    spread = chosen.std() if len(chosen) else 0.0
    return np.where(allowed, values - (chosen.mean() if len(chosen) else 0.0), 0.0) / (spread or 1.0)


def fused(rankings: Sequence[np.ndarray], count: int) -> np.ndarray:
    """One score for each of `count` rows from several rankings of rows, float64 [count]; 1 is the first of all of them.

    Reciprocal rank fusion: the sum of 1 / (60 + rank) over the rankings, in shares of the largest possible. Cormack,
    Clarke and Büttcher (2009), Reciprocal rank fusion outperforms Condorcet and individual rank learning methods,
    SIGIR. A word's scores and distances of photos are on different scales, and ranks are not.
    """
    scores = np.zeros(count)
    for rows in rankings:
        scores[rows] += 1 / (_RANKS + 1 + np.arange(len(rows)))
    return scores * (_RANKS + 1) / len(rankings)


def with_words(frame: Frame, found: Found, names: List[str]) -> Frame:
    """A result with the columns `score` and `word`."""
    frame = frame.add_column(SArray(found.scores.tolist(), dtype=float), "score")
    return frame.add_column(SArray(names, dtype=str), "word")
