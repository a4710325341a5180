"""The exercises of notebook 09."""

from typing import Any, Tuple

import numpy as np

from helpers.exercises.check import NEAR, Check, WrongAnswer, apart, nearest, number_in, numbered, row_in


def store_checks(model: Any) -> Tuple[Check, ...]:
    """The checks of notebook 09.

    Parameters
    ----------
    model : SimilarityModel
        With `precision="auto"`.

    Returns
    -------
    tuple of Check
        Of how many features are computed when a photo was renamed, of the model's precision, and of the numbers of the
        two photos that are most alike without being the same.
    """

    def renamed(answer: Any) -> str:
        count = number_in(answer, "how many features")
        if count == 0:
            return "The photo was read once, to see that it is the same."
        if count == 1:
            raise WrongAnswer("By what is a photo known: by its name, or by its bytes?")
        raise WrongAnswer("The other photos have not changed at all.")

    def precision(answer: Any) -> str:
        if not isinstance(answer, str) or answer not in ("fp32", "bf16", "int8"):
            raise WrongAnswer("The answer is 'fp32', 'bf16' or 'int8'. The model has an attribute for it.")
        if answer != model.precision:
            raise WrongAnswer("It is another one here. The model has an attribute for it.")
        return "On another machine, or with more photos, it may be another one."

    def most_alike(answer: Any) -> str:
        if isinstance(answer, dict) and {"query_label", "reference_label"} <= set(answer):
            answer = (answer["query_label"], answer["reference_label"])
        try:
            one, other = answer
        except (TypeError, ValueError):
            raise WrongAnswer("The answer is two numbers of photos, such as (3, 14).") from None
        first, second = row_in(one, model), row_in(other, model)
        distances = nearest(model)[1]
        away, least = apart(model, first, second), np.min(distances[distances > 0], initial=np.inf)
        if first == second:
            raise WrongAnswer("That is one photo.")
        if away == 0:
            raise WrongAnswer("These two are the same to the network: they are copies.")
        if away > least * (1 + NEAR):
            raise WrongAnswer(f"They are {away:.4g} apart, and two others are nearer to each other.")
        return f"They are {away:.4g} apart."

    return numbered(renamed, precision, most_alike)
