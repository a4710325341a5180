"""The exercises of notebook 04."""

from typing import Any, Dict, Tuple

import numpy as np

from helpers.exercises.check import Check, WrongAnswer, numbered
from helpers.features.distance import METRICS
from helpers.similarity.evaluation.comparison import MethodComparison


def comparison_checks(comparison: MethodComparison) -> Tuple[Check, ...]:
    """The checks of notebook 04.

    Parameters
    ----------
    comparison : MethodComparison
        What `compare` gave.

    Returns
    -------
    tuple of Check
        Of the name of the fastest method, of whether the intervals of the two best methods overlap, of a comparison
        with one more method, and of three arrows for which both distances agree.
    """

    def fastest(answer: Any) -> str:
        speed = {row["model"]: row["photos_per_second"] for row in comparison.frame if row["photos_per_second"]}
        if not isinstance(answer, str) or answer not in speed:
            raise WrongAnswer(f"The answer is the name of a method, one of {', '.join(speed)}.")
        if speed[answer] < max(speed.values()):
            raise WrongAnswer(f"{answer} had {speed[answer]:.0f} photos a second, and another one had more.")
        return f"{speed[answer]:.0f} photos a second, where the slowest had {min(speed.values()):.0f}."

    def overlap(answer: Any) -> str:
        best = _best(comparison)
        if len(best) < 2:
            if answer is not None:
                raise WrongAnswer("There are no two precisions to compare: all photos are in one folder. Answer None.")
            return "With one folder there is nothing to tell apart."
        if not isinstance(answer, (bool, np.bool_)):
            raise WrongAnswer("The answer is True or False.")
        first, second = sorted(best.values(), key=lambda row: -row["precision_at_10"])[:2]
        said = f"{first['model']} is from {first['low']:.3f} on, and {second['model']} up to {second['high']:.3f}."
        if bool(answer) != (first["low"] <= second["high"]):
            raise WrongAnswer("Compare the lower end of the best with the upper end of the second best method.")
        return said

    def one_more(answer: Any) -> str:
        if not isinstance(answer, MethodComparison):
            raise WrongAnswer(f"The answer is what compare(…) gives, and yours is of the type {type(answer).__name__}.")
        known = {row["model"] for row in comparison.frame}
        new = [row for row in answer.frame if row["model"] not in known]
        if not new:
            raise WrongAnswer("There is no method in it that was not compared above.")
        there = [row for row in new if row["metric"]]
        if not there:
            raise WrongAnswer(f"{new[0]['model']} is not available here: {new[0]['note']}")
        return f"{there[0]['model']} has {there[0]['dimension']} numbers a photo."

    def arrows(answer: Any) -> str:
        try:
            given = np.asarray(answer if isinstance(answer, (list, tuple, np.ndarray)) else (), float)
        except (TypeError, ValueError):
            given = np.empty(0)
        if given.shape != (3, 2) or not np.isfinite(given).all():
            raise WrongAnswer("The answer is three arrows, each of two numbers: the two dogs, then the dinosaur.")
        lengths = np.linalg.norm(given, axis=1)
        if not lengths.all() or len(np.unique(given, axis=0)) < 3:
            raise WrongAnswer("The three arrows differ, and none has the length 0.")
        euclidean = np.linalg.norm(given[1:] - given[0], axis=1)
        cosine = 1 - given[1:] @ given[0] / (lengths[1:] * lengths[0])
        if (euclidean[0] < euclidean[1]) != (cosine[0] < cosine[1]):
            raise WrongAnswer(
                f"From the first dog, the other one is {euclidean[0]:.2f} and the dinosaur {euclidean[1]:.2f} away; by "
                f"the cosine it is {cosine[0]:.3f} and {cosine[1]:.3f}. The two disagree."
            )
        if np.ptp(lengths) < 0.05 * lengths.max():
            return "All are of one length, and then both distances always agree."
        return "For these three they do. When do they for any arrows?"

    return numbered(fastest, overlap, one_more, arrows)


def _best(comparison: MethodComparison) -> Dict[str, Any]:
    """The row of each method with a precision, by the metric that suits it best."""
    best: Dict[str, Any] = {}
    for row in comparison.frame:
        judged = row["metric"] in METRICS and row["precision_at_10"] is not None
        if judged and row["precision_at_10"] > best.get(row["model"], {"precision_at_10": -1})["precision_at_10"]:
            best[row["model"]] = row
    return best
