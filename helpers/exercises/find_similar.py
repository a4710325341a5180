"""The exercises of notebook 01."""

from typing import Any, Tuple

import numpy as np

from helpers.exercises.check import (
    NEAR,
    Check,
    WrongAnswer,
    frame_in,
    judge_cosine,
    nearest,
    numbered,
    row_in,
    same_matches,
)

_K = 5


def search_checks(model: Any) -> Tuple[Check, ...]:
    """The checks of notebook 01.

    Parameters
    ----------
    model : SimilarityModel

    Returns
    -------
    tuple of Check
        Of the frame of the last photo's 5 neighbours, of the precision at 10 by the cosine, and of the number of the
        photo whose nearest neighbour is farthest away.
    """

    def last_photo(answer: Any) -> str:
        found = frame_in(answer, "model.query")
        count = len(model.data)
        first, last = (model.query(model.data[row : row + 1], k=None, verbose=False) for row in (0, count - 1))
        own = min(_K, count)
        if same_matches(found, last[:own]):
            return "At rank 1, at distance 0, is the photo itself, or an exact copy of it."
        if len(found) and same_matches(found, first[: len(found)]):
            raise WrongAnswer("These are the neighbours of the first photo.")
        if same_matches(found, last[: len(found)]) and len(found) > own:
            raise WrongAnswer(f"These are {len(found)} neighbours of the last photo, and {own} are asked for.")
        if len(found) < own:
            raise WrongAnswer(f"These are {len(found)} rows, and {own} are asked for, with the photo itself.")
        raise WrongAnswer("These are not the nearest neighbours of the last photo of the frame.")

    def loneliest(answer: Any) -> str:
        rows, distances = nearest(model)
        if len(rows) < 2:
            row_in(answer, model)
            return "It is the only one."
        most = np.nanmax(distances)
        if isinstance(answer, float) and abs(answer - most) <= NEAR * most:
            raise WrongAnswer("That is its distance. Which photo is it?")
        row = row_in(answer, model)
        if distances[row] >= most * (1 - NEAR):
            return f"Its nearest neighbour is {distances[row]:.4g} away."
        if row in rows[distances >= most * (1 - NEAR)]:
            raise WrongAnswer("That is the nearest neighbour of the loneliest, the other end of the longest edge.")
        if distances[row] <= np.nanmin(distances) * (1 + NEAR):
            raise WrongAnswer("That is the least lonely of all: no neighbour is nearer than its own.")
        raise WrongAnswer(f"Its nearest neighbour is {distances[row]:.4g} away, and another photo's is farther.")

    return numbered(last_photo, judge_cosine(model), loneliest)
