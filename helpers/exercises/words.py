"""The exercises of notebook 10."""

from collections import Counter
from typing import Any, Dict, Tuple

import numpy as np

from helpers.collection import Description
from helpers.exercises.check import NEAR, Check, WrongAnswer, number_of, numbered, row_in
from helpers.networks import class_names, classifier_of


def word_checks(model: Any, described: Description) -> Tuple[Check, ...]:
    """The checks of notebook 10.

    Parameters
    ----------
    model : SimilarityModel
        Of a network that knows words.
    described : Description
        Of its photos.

    Returns
    -------
    tuple of Check
        Of the number or path of the photo of which the network is surest, of the names of the two classes whose weights
        have the smallest angle, and of the most common word of each folder, as a dictionary.
    """

    def surest(answer: Any) -> str:
        scores = list(described.frame["word_score"])
        row = row_in(answer, model)
        if scores[row] < max(scores) * (1 - NEAR):
            raise WrongAnswer(f"Its best word has a score of {scores[row]:.3f}, and another photo's has a higher one.")
        return f"{described.frame['word'][row]}, with a score of {scores[row]:.3f}. Is it that?"

    def alike(answer: Any) -> str:
        names = class_names()
        try:
            pair = [names.index(str(each)) for each in answer]
        except (TypeError, ValueError):
            pair = []
        if len(pair) != 2 or isinstance(answer, str):
            raise WrongAnswer("The answer is the names of two classes, as class_names() has them.")
        weights = classifier_of(model.network).weights.astype(np.float64)
        directions = weights / np.linalg.norm(weights, axis=1, keepdims=True)
        cosines = directions @ directions.T - 2 * np.eye(len(directions))
        value = cosines[pair[0], pair[1]]
        if pair[0] == pair[1]:
            raise WrongAnswer("That is one class.")
        if value < cosines.max() - NEAR:
            products = weights @ weights.T - np.diag(np.inf * np.ones(len(weights)))
            if products[pair[0], pair[1]] == products.max():
                raise WrongAnswer("These have the largest product. For the angle, make all weights one long first.")
            raise WrongAnswer(f"The cosine of their angle is {value:.3f}, and two others have a larger one.")
        return f"The cosine of their angle is {value:.3f}."

    def of_folders(answer: Any) -> str:
        frame = described.frame
        counted: Dict[str, Counter] = {}
        for folder, word in zip(frame["folder"], frame["word"]):
            counted.setdefault(folder, Counter())[word] += 1
        if not isinstance(answer, dict) or set(answer) != set(counted):
            raise WrongAnswer(f"The answer is a dictionary, with a word for each of {len(counted)} folders.")
        for folder in sorted(counted):
            count, most = counted[folder][str(answer[folder])], max(counted[folder].values())
            if count < most:
                raise WrongAnswer(
                    f"In {folder or 'the folder itself'} there are {count} of these, and more of another."
                )
        different = len(set(map(str, answer.values())))
        if len(counted) == 1:
            return "With one folder, there is nothing to tell apart."
        if different == len(counted):
            return "Each folder has a word of its own. How many of its photos have another?"
        words = number_of(different, "different word")
        return f"{words} for {len(counted)} folders: a word alone does not tell them apart."

    return numbered(surest, alike, of_folders)
