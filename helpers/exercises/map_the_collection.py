"""The exercises of notebook 06."""

from typing import Any, Tuple

from helpers.collection.poster import Montage
from helpers.exercises.check import Check, WrongAnswer, folders_of, numbered, row_in
from helpers.explorer import CollectionMap
from helpers.features import neighbours

_K, _WIDE = 10, 100.0  # cm


def map_checks(model: Any) -> Tuple[Check, ...]:
    """The checks of notebook 06.

    Parameters
    ----------
    model : SimilarityModel

    Returns
    -------
    tuple of Check
        Of a `CollectionMap` that is coloured by the photos' width, of the number of the photo with the most of its ten
        nearest neighbours in other folders, and of a montage of all photos that is one metre wide.
    """

    def by_width(answer: Any) -> str:
        if not isinstance(answer, CollectionMap):
            raise WrongAnswer(f"The answer is the map, shown, and yours is of the type {type(answer).__name__}.")
        colour = answer.colour
        if colour is None or (isinstance(colour, str) and colour != "width"):
            raise WrongAnswer(f"The map has the colours of {colour or 'nothing'} now.")
        if not isinstance(colour, str) and list(colour) != list(model.data["width"]):
            raise WrongAnswer("The map has the colours of other numbers than the photos' widths.")
        return "Its legend shows which colour is which width."

    def border(answer: Any) -> str:
        folder = folders_of(model)
        near = neighbours(model, _K)
        counts = [
            sum(folder[other] != folder[row] for other in others if other >= 0) for row, others in enumerate(near)
        ]
        row = row_in(answer, model)
        if counts[row] < max(counts):
            raise WrongAnswer(f"{counts[row]} of its neighbours are from another folder, and another photo has more.")
        if not any(counts):
            return "No photo has such a neighbour in another folder, so there is no border."
        many = counts.count(max(counts)) - 1
        also = f", and {many} more {'photo has' if many == 1 else 'photos have'} as many" if many else ""
        return f"{counts[row]} of its neighbours are from another folder{also}."

    def poster(answer: Any) -> str:
        if not isinstance(answer, Montage):
            raise WrongAnswer(f"The answer is what montage(…) gives, and yours is of the type {type(answer).__name__}.")
        width, height = answer.size_cm
        if len(answer.cells) != len(model.labels):
            raise WrongAnswer(f"It has {len(answer.cells)} photos, and the collection {len(model.labels)}.")
        if abs(width - _WIDE) > 0.1:
            swapped = " Its height is one metre." if abs(height - _WIDE) <= 0.1 else ""
            raise WrongAnswer(f"It is {width:.1f} cm wide.{swapped}")
        return f"It is {height:.0f} cm high."

    return numbered(by_width, border, poster)
