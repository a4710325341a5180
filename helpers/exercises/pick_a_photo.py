"""The exercises of notebook 02."""

from typing import Any, List, Tuple

import numpy as np

from helpers.exercises.check import Check, WrongAnswer, frame_in, number_in, numbered, row_in, same_matches
from helpers.features import neighbours
from helpers.frames import Frame, SFrame

_K, _RESULTS, _FARTHER = 10, 20, 1.2


def picker_checks(model: Any, others: Frame) -> Tuple[Check, ...]:
    """The checks of notebook 02.

    Parameters
    ----------
    model : SimilarityModel
    others : SFrame
        The matches of a photo, without itself.

    Returns
    -------
    tuple of Check
        Of the number of the photo that is among the ten nearest of most others, of the frame of the last photo's 20
        matches, and of how many of `others` are at most 1.2 times as far as the nearest.
    """

    def most_often(answer: Any) -> str:
        near = neighbours(model, _K)
        counts: List[int] = np.bincount(near[near >= 0], minlength=len(near)).tolist()
        row = row_in(answer, model)
        if counts[row] == max(counts):
            return f"It is among the ten nearest of {counts[row]} photos; the mean is {np.mean(counts):.1f}."
        if row == 0 or counts[row] == min(counts):
            raise WrongAnswer(f"It is among the ten nearest of {counts[row]} photos only. Count for each photo.")
        raise WrongAnswer(f"It is among the ten nearest of {counts[row]} photos, and another one of more.")

    def last_photo(answer: Any) -> str:
        found = frame_in(answer, "picker.found")
        asked = set(found["query_label"])
        if asked != {model.labels[-1]}:
            raise WrongAnswer("The query is another photo than the last one.")
        wanted = model.query(model.data[len(model.data) - 1 : len(model.data)], k=_RESULTS, verbose=False)
        if len(found) != len(wanted):
            raise WrongAnswer(f"These are {len(found)} matches, and {len(wanted)} are asked for.")
        if not same_matches(found, wanted):
            raise WrongAnswer("These are not its nearest neighbours.")
        return "On the page, the picker has turned to it."

    def not_too_far(answer: Any) -> str:
        distances = np.array(list(others["distance"]), float)
        wanted = int((distances <= _FARTHER * distances.min()).sum()) if len(distances) else 0
        count = number_in(len(answer) if isinstance(answer, SFrame) else answer, "how many remain")
        if count == wanted:
            return f"{len(distances) - wanted} of {len(distances)} are left out."
        if count == wanted + 1:
            raise WrongAnswer(
                "One too many: is the query itself among them? Its distance is 0, so it can't be the best."
            )
        if count == len(distances):
            raise WrongAnswer("That is all of them; compare each distance with 1.2 times the smallest.")
        raise WrongAnswer(f"It is {'fewer' if count > wanted else 'more'} than {count:g}.")

    return numbered(most_often, last_photo, not_too_far)
