"""The exercises of notebook 03."""

import csv
from pathlib import Path
from typing import Any, Tuple

from helpers.exercises.check import Check, WrongAnswer, folders_of, number_in, number_of, numbered
from helpers.frames import Frame

_MANY, _FEW = 20, 10


def explore_checks(model: Any, explorer: Any) -> Tuple[Check, ...]:
    """The checks of notebook 03.

    Parameters
    ----------
    model : SimilarityModel
    explorer : Explorer
        Of the same model.

    Returns
    -------
    tuple of Check
        Of how many of the 20 photos nearest to the first are in its folder, of how many of its ten nearest by the two
        metrics are the same, and of the path of a CSV of all photos of one folder, which have one label in `explorer`.
    """
    first, folder = model.labels[0], folders_of(model)

    def own_folder(answer: Any) -> str:
        value = number_in(answer, "how many photos it is")
        near = _rows(model, model.search(like=first, k=_MANY, hide=True))
        wanted = sum(folder[row] == folder[0] for row in near)
        if value == wanted:
            share = sum(each == folder[0] for each in folder[1:]) / max(1, len(folder) - 1)
            return f"{wanted} of {len(near)}; of all the other photos, {share:.0%} are in that folder."
        if 0 < value < 1:
            raise WrongAnswer("That is a share; how many photos is it?")
        if value == wanted + 1:
            raise WrongAnswer("One too many: is the photo itself among its neighbours? hide=True leaves it out.")
        raise WrongAnswer(f"It is {'fewer' if value > wanted else 'more'} than {value:g}.")

    def both_metrics(answer: Any) -> str:
        value = number_in(answer, "how many photos it is")
        one, other = (
            set(_rows(model, model.search(like=first, k=_FEW, metric=metric, hide=True)))
            for metric in ("euclidean", "cosine")
        )
        if value == len(one & other):
            return f"{len(one - other)} of {len(one)} differ."
        if value == len(one - other):
            raise WrongAnswer("That is how many differ.")
        if value == len(one | other):
            raise WrongAnswer("That is how many there are in both answers together.")
        raise WrongAnswer(
            f"It is {'fewer' if value > len(one & other) else 'more'} than {value:g}. Leave out the photo itself."
        )

    def labelled_folder(answer: Any) -> str:
        given = [explorer.labels.get(name) for name in model.names]
        whole = [each for each in set(folder) if _is_one_label(given, folder, each)]
        if not whole:
            raise WrongAnswer("There is no folder all of whose photos have one label, and no other photo has it.")
        try:
            with Path(answer).expanduser().open(encoding="utf-8-sig", newline="") as stream:
                written = {cell.replace("\\", "/") for row in csv.reader(stream) for cell in row}
        except (OSError, TypeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise WrongAnswer(f"The answer is the path of a CSV, which explorer.export writes ({reason}).") from None
        paths = {name for name in model.names if any(cell == name or cell.endswith(f"/{name}") for cell in written)}
        if paths not in [{name for name, where in zip(model.names, folder) if where == each} for each in whole]:
            raise WrongAnswer(
                f"The file has the paths of {len(paths)} photos, and not of all those with the label alone."
            )
        return f"It is on {number_of(len(paths), 'photo')}."

    return numbered(own_folder, both_metrics, labelled_folder)


def _rows(model: Any, found: Frame) -> Tuple[int, ...]:
    return tuple(model.collection.row(label) for label in found["reference_label"])


def _is_one_label(given: Any, folder: Any, which: str) -> bool:
    inside = {label for label, where in zip(given, folder) if where == which}
    outside = {label for label, where in zip(given, folder) if where != which}
    return len(inside) == 1 and None not in inside and not inside & outside
