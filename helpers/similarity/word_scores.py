"""How much each photo looks like each word that the network knows, from its kept feature: no photo is read again.

The classifier behind the feature gives each of ImageNet's thousand classes a share, and all shares add up to 1 (the
softmax). A word's score is the sum of its classes' shares, between 0 and 1. Kept are log-odds, log(p / (1 - p)), which
still differ where shares are all but 0 or 1, in 16 bits: none is wrong by more than 1 in 1,000.
"""

from typing import List, Optional, Sequence, Tuple

import numpy as np

from helpers.features.blocks import blocks
from helpers.files.cache import roomy_array
from helpers.files.progress import progress_bar
from helpers.networks.classifier import CLASSES, Classifier
from helpers.networks.words import Word, word_groups

_LEAST = np.float32(1e-18)  # of a share: its odds are then finite


class WordScores:
    """The scores of features for all words; `log_odds` is float16 [classes and groups, features]."""

    def __init__(self, log_odds: np.ndarray, lines: List[Tuple[int, ...]]) -> None:
        self.log_odds = log_odds
        self._line = {rows: line for line, rows in reversed(list(enumerate(lines)))}

    @classmethod
    def of(
        cls,
        features: np.ndarray,
        classifier: Classifier,
        centre: Optional[np.ndarray] = None,
        progress: bool = False,
    ) -> "WordScores":
        """The scores of features, float32 [n, dimension], from which `centre` was subtracted; 0.05 ms each."""
        groups = [word.rows for word in word_groups()]
        rows_of = [(row,) for row in range(CLASSES)] + groups
        belongs = np.zeros((CLASSES, len(groups)), np.float32)
        for number, rows in enumerate(groups):
            belongs[list(rows), number] = 1
        bias = classifier.bias if centre is None else classifier.bias + classifier.weights @ centre
        moved = classifier._replace(bias=bias)
        log_odds = roomy_array((len(rows_of), len(features)), np.float16)
        with progress_bar(total=len(features), desc="words", show=progress) as bar:
            for part in blocks(len(features), 16 * CLASSES):
                scores = moved.scores(np.asarray(features[part]))
                parts = np.exp(scores - scores.max(axis=1, keepdims=True))
                total = parts.sum(axis=1, keepdims=True, dtype=np.float64)  # the rest is small where one part is all
                for lines, inside, outside in (
                    (slice(0, CLASSES), parts, (total - parts).astype(np.float32)),
                    (slice(CLASSES, None), parts @ belongs, parts @ (1 - belongs)),
                ):
                    log_odds[lines, part] = (np.log(np.maximum(inside, _LEAST) / np.maximum(outside, _LEAST))).T
                bar.update(part.stop - part.start)
        return cls(log_odds, rows_of)

    def of_words(self, words: Sequence[Word]) -> np.ndarray:
        """The log-odds of each feature for any of some words, float64 [features]."""
        rows = tuple(sorted({row for word in words for row in word.rows}))
        if rows in self._line:
            return self.log_odds[self._line[rows]].astype(np.float64)
        apart = len(rows) == sum(len(word.rows) for word in words) and all(word.rows in self._line for word in words)
        lines = [self._line[word.rows] for word in words] if apart else list(rows)
        share = np.zeros(self.log_odds.shape[1])
        for line in lines:
            share += shares(self.log_odds[line])
        return np.log(np.maximum(share, _LEAST)) - np.log(np.maximum(1 - share, 1e-12))

    def likeliest(self, features: np.ndarray, count: int, rows: Sequence[int] = range(CLASSES)) -> np.ndarray:
        """The `count` likeliest classes, among `rows`, of some features: int64 [features, count], the best first."""
        among = np.asarray(rows)
        odds = self.log_odds[np.ix_(among, features)].astype(np.float32)
        return among[np.argsort(-odds, axis=0, kind="stable")[:count].T]


def shares(log_odds: np.ndarray) -> np.ndarray:
    """The shares, 0 to 1, that log-odds stand for: float64."""
    return 1 / (1 + np.exp(-log_odds.astype(np.float64)))


def best(scores: np.ndarray, k: Optional[int], allowed: Optional[np.ndarray] = None) -> np.ndarray:
    """The rows of the `k` largest scores among those `allowed`, the largest first, equals by their row: int64."""
    rows = np.arange(len(scores)) if allowed is None else np.flatnonzero(allowed)
    values = scores[rows]
    if k is not None and k < len(rows):
        enough = np.flatnonzero(values >= np.partition(values, len(values) - k)[len(values) - k])
        rows, values = rows[enough], values[enough]
    return rows[np.argsort(-values, kind="stable")][:k]
