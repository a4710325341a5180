"""Learning from a few confirmations: the direction of the features in which a species differs from the rest."""

from typing import NamedTuple, Optional, Sequence, Tuple

import numpy as np

from helpers.features.distance import squared_lengths
from helpers.files.threads import one_thread_each

_SAMPLE = 4096  # features for the covariance
_EVEN = 50.0  # times the mean variance, added to that of every direction
_ALL = 2  # rejected examples that the mean of all features stands for
_PAIRS = 2000  # of a confirmed and a rejected event, which are held out


class HeldOut(NamedTuple):
    """How often a confirmed event comes before a rejected one, in the mean over such pairs, 0 to 1.

    Of a pair, the share of its pairs of photos, or of parts, counts. `learned`
    is by what the other events teach, `plain` by the places that there were
    before.
    """

    learned: float
    plain: float


class Learner:
    """A linear model on features, float32 [n, dimension], fitted anew at each call.

    Fisher's linear discriminant (1936), with the covariance of all features in
    place of that within the classes, which a few examples cannot give
    (Hariharan, Malik and Ramanan 2012, "Discriminative decorrelation for
    clustering and classification", ECCV):

        direction = (covariance + 50 mean variance)^-1 (mean(yes) - mean(no))

    for features of length 1. What all photos of a camera share then counts
    little. What confirmed and rejected photos share would not count at all, and
    may be what helps, such as the only site of a species; so the mean of all
    features is added to `no`, as often as two examples. The covariance is
    computed once, from at most 4,096 features.
    """

    def __init__(self, vectors: np.ndarray) -> None:
        self._vectors = np.ascontiguousarray(vectors, np.float32)
        self._scale = 1 / np.maximum(np.sqrt(np.einsum("nd,nd->n", self._vectors, self._vectors)), 1e-9)
        step = max(1, -(-len(self._vectors) // _SAMPLE))
        sample = self._vectors[::step] * self._scale[::step, None]
        self._mean = sample.mean(axis=0, dtype=np.float64) if len(sample) else np.zeros(self._vectors.shape[1])
        sample -= self._mean.astype(np.float32)
        self._covariance = (sample.T @ sample).astype(np.float64) / max(1, len(sample))
        self._even = _EVEN * self._covariance.trace() / max(1, len(self._covariance)) + 1e-12
        self._factor: Optional[np.ndarray] = None

    def places(self, yes: np.ndarray, no: np.ndarray) -> np.ndarray:
        """The place of each feature between the examples `yes` and `no`: float64 [n], the nearest to `yes` lowest.

        Examples are features, float [examples, dimension]. `yes` needs at least
        one. The mean place is 0, the standard deviation 1; all are 0 where
        nothing distinguishes the examples.
        """
        like = unit(yes).mean(axis=0)
        unlike = self._with_all(no) / (len(no) + _ALL)
        direction = self._solve(unlike - like)
        if not (unlike - like) @ direction > 0:
            return np.zeros(len(self._vectors))
        return standard((self._vectors @ direction.astype(np.float32)).astype(np.float64) * self._scale)

    def held_out(
        self,
        yes: Sequence[np.ndarray],
        no: Sequence[np.ndarray],
        more: Tuple[np.ndarray, np.ndarray],
        plain: np.ndarray,
        weight: float,
    ) -> Optional[HeldOut]:
        """How well confirmed and rejected events are ordered by what all others teach; None without such a pair.

        Leave-pair-out cross-validation (Airola, Pahikkala, Waegeman, De Baets
        and Salakoski 2011, "An experimental comparison of cross-validation
        techniques for estimating the area under the ROC curve", Computational
        Statistics & Data Analysis 55). With one event left out alone, the mean
        of its kind moves away from it, and the answer is worse than chance where
        there is nothing to learn. At most 2,000 pairs are held out, evenly
        chosen.

        Parameters
        ----------
        yes, no
            The rows of each event's features, int, at least one each.
        more
            Confirmed and rejected examples that are never held out, float
            [examples, dimension]; at least one of the former.
        plain
            The places that features had before, float64 [n], as `standard` gives
            them.
        weight
            That of the learned place, 0 to 1; the place before has the rest.
        """
        events = [*yes, *no]
        if not yes or not no:
            return None
        features = [unit(self._vectors[rows]) for rows in events]
        sums = [unit(more[0]).sum(axis=0), self._with_all(more[1]), *(each.sum(axis=0) for each in features)]
        examples = np.stack(sums, axis=1)
        directions = self._solve(examples)
        sizes = np.array([len(rows) for rows in events])
        like, unlike = np.zeros((len(yes), len(sums))), np.zeros((len(no), len(sums)))
        like[:, 0] = unlike[:, 1] = 1
        like[:, 2 : 2 + len(yes)], unlike[:, 2 + len(yes) :] = 1 - np.eye(len(yes)), 1 - np.eye(len(no))
        like /= (len(more[0]) + sizes[: len(yes)].sum() - sizes[: len(yes)])[:, None]
        unlike /= (len(more[1]) + _ALL + sizes[len(yes) :].sum() - sizes[len(yes) :])[:, None]
        squares = examples.T @ directions - self._even * directions.T @ directions  # of the covariance alone
        spread = _lengths(like, squares)[:, None] + _lengths(unlike, squares) - 2 * like @ squares @ unlike.T
        scale = weight / np.sqrt(np.maximum(spread, 1e-24))
        along = [(each @ directions @ like.T, each @ directions @ unlike.T) for each in features]
        chosen = np.unique(np.linspace(0, scale.size - 1, min(_PAIRS, scale.size)).astype(np.int64))
        right = np.zeros(2)
        for first, second in zip(*np.unravel_index(chosen, scale.shape)):
            before, after = [], []
            for event in (first, len(yes) + second):
                to_like, to_unlike = along[event]
                before.append(plain[events[event]])
                learned = scale[first, second] * (to_unlike[:, second] - to_like[:, first])
                after.append((1 - weight) * before[-1] + learned)
            right += _share_in_order(*after), _share_in_order(*before)
        return HeldOut(*(right / len(chosen)).tolist())

    def _with_all(self, no: np.ndarray) -> np.ndarray:
        """The sum of rejected examples and of those that the mean of all features stands for: float64 [dimension]."""
        return unit(no).sum(axis=0) + _ALL * self._mean

    def _solve(self, difference: np.ndarray) -> np.ndarray:
        from scipy.linalg import cho_factor, cho_solve

        if self._factor is None:
            self._covariance[np.diag_indices(len(self._covariance))] += self._even
            # In LAPACK's own order, in which it need not be copied for each of many solutions; and found finite here.
            self._factor = np.asfortranarray(cho_factor(self._covariance, overwrite_a=True)[0])
        with one_thread_each():
            return cho_solve((self._factor, False), difference, check_finite=False)


def unit(points: np.ndarray) -> np.ndarray:
    """Features scaled to length 1, float64; zeros stay zeros."""
    points = points.astype(np.float64)
    lengths = np.sqrt(squared_lengths(points))
    return points / np.where(lengths == 0, 1, lengths)[:, None]


def standard(places: np.ndarray) -> np.ndarray:
    """Places, float64 [n], shifted and scaled to the mean 0 and the standard deviation 1; 0 where all are equal."""
    if not len(places):
        return places
    spread = places.std()
    return (places - places.mean()) / spread if spread > 1e-12 else np.zeros(len(places))


def _lengths(lines: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """The squared length of each line, where `squares` has the products of its sums: float64 [lines]."""
    return np.einsum("ij,ij->i", lines @ squares, lines)


def _share_in_order(first: np.ndarray, second: np.ndarray) -> float:
    """Of all pairs of two lists of places, the share where that of `first` is lower; equals count as half."""
    return float((1 + np.sign(second - first[:, None])).mean() / 2)
