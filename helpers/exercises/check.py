"""One check of one exercise, and what the checks of several notebooks look at."""

import os
from typing import Any, Callable, List, Sequence, Tuple

import numpy as np

from helpers.errors import FrameError, KinframeError
from helpers.features import neighbours
from helpers.features.distance import Distance
from helpers.frames import Frame, SFrame
from helpers.similarity import evaluate, precision_at

GRADED = "NBGRADER_EXECUTION"  # nbgrader sets it while it runs a notebook to grade it
NEAR = 1e-4  # how far two distances may be apart, as a share, to be the same: answers are often rounded


class WrongAnswer(KinframeError, ValueError):
    """An answer that is not right yet; the message says what is wrong with it, and not what would be right."""


class Check:
    """The check of an exercise: call it with the answer.

    It prints a line where the answer is right, and where there is none yet (`...`). It raises `WrongAnswer` for any
    other, and while nbgrader grades, for one that is missing: there a cell has its points unless it ends in an error.
    """

    def __init__(self, number: int, judge: Callable[[Any], str]) -> None:
        self._number, self._judge = number, judge

    def __repr__(self) -> str:
        return f"Check of exercise {self._number}: call it with your answer"

    def __call__(self, answer: Any) -> None:
        if answer is ...:
            if os.environ.get(GRADED):
                raise WrongAnswer(f"Exercise {self._number}: there is no answer")
            print(f"Exercise {self._number}: no answer yet. Put yours in the place of the dots, and run both cells.")
            return
        try:
            praise = self._judge(answer)
        except WrongAnswer as reason:
            raise WrongAnswer(f"Exercise {self._number}: not yet. {reason}") from None
        print(f"Exercise {self._number}: right. {praise}")


def numbered(*judges: Callable[[Any], str]) -> Tuple[Check, ...]:
    """Checks for exercises 1, 2, 3 …: each judge returns a sentence for a right answer, or raises `WrongAnswer`."""
    return tuple(Check(number, judge) for number, judge in enumerate(judges, 1))


def number_of(count: int, thing: str) -> str:
    """A number of things in words: `1 photo`, `2 photos`."""
    return f"{count:,} {thing}{'s' * (count != 1)}"


def number_in(answer: Any, what: str) -> float:
    """The answer as a number; `what` describes it in the message of `WrongAnswer`."""
    if isinstance(answer, (bool, np.bool_)) or not isinstance(answer, (int, float, np.integer, np.floating)):
        raise WrongAnswer(f"The answer is a number, {what}, and yours is {_kind(answer)}.")
    return float(answer)


def frame_in(answer: Any, what: str) -> Frame:
    """The answer as a frame of matches; `what` names the call that gives one."""
    if not isinstance(answer, SFrame) or "reference_label" not in answer.column_names():
        raise WrongAnswer(f"The answer is the frame that {what} gives, and yours is {_kind(answer)}.")
    return answer


def row_in(answer: Any, model: Any) -> int:
    """The row of the photo whose label or path is the answer."""
    if isinstance(answer, np.generic):
        answer = answer.item()
    if isinstance(answer, str) and answer in model.names and answer not in model.labels:
        return int(model.names.index(answer))
    try:
        if isinstance(answer, bool):
            raise TypeError
        return int(model.collection.row(answer))
    except (FrameError, TypeError):
        raise WrongAnswer(f"The answer is the number (the id) of a photo, and {_shown(answer)} is none.") from None


def same_matches(answer: Frame, wanted: Frame) -> bool:
    """Whether two frames have the same photos in the same order."""
    return list(answer["reference_label"]) == list(wanted["reference_label"])


def check_share(answer: Any, wanted: Any, otherwise: Any, confused: str) -> float:
    """A share from 0 to 1, to three digits; `otherwise` is the wrong one that many come to, explained by `confused`."""
    value = number_in(answer, "a share from 0 to 1")
    if not 0 <= value <= 1:
        raise WrongAnswer("A precision is a share: from 0 to 1, not in per cent.")
    if abs(value - wanted) > 0.0006:
        if abs(value - otherwise) <= 0.0006:
            raise WrongAnswer(confused)
        raise WrongAnswer(f"It is another number than {value:g}. (Three digits are enough.)")
    return value


def judge_cosine(model: Any) -> Callable[[Any], str]:
    """The judge of *what is the precision at 10 by the cosine?*; None is right where all photos are in one folder."""

    def judge(answer: Any) -> str:
        plain = precision_at(model, k=10)
        if plain is None:
            if answer is not None:
                raise WrongAnswer("All photos are in one folder: what does precision_at give then?")
            return "With one folder there is nothing to tell apart, and no precision."
        if answer is None:
            raise WrongAnswer("None is no precision, and these photos have one.")
        found = evaluate(model, k=10, metric="cosine", depth=10, progress=False).precision[10]
        value = check_share(answer, found, plain, "That is the precision by the Euclidean distance.")
        change = value - plain
        how = (
            "It stays the same."
            if abs(change) < 5e-4
            else f"It is {abs(change):.3f} {'more' if change > 0 else 'less'}."
        )
        return f"{how} With other photos it may be the other way round."

    return judge


def nearest(model: Any) -> Tuple[np.ndarray, np.ndarray]:
    """For each photo the row of the nearest other one, -1 for none, and its distance: int64 and float64 [photos]."""
    rows = neighbours(model, 1)[:, 0]
    return rows, np.array([apart(model, row, other) if other >= 0 else np.nan for row, other in enumerate(rows)])


def apart(model: Any, row: int, other: int) -> float:
    """The distance of two photos by the model's metric."""
    distance = Distance(model.vectors, model.metric)
    return float(distance.to(distance.points(model.vectors[row : row + 1])[0], np.array([other]))[0])


def folders_of(model: Any) -> List[str]:
    """The folder of each photo; an empty text for a photo in none."""
    return [name.rpartition("/")[0] for name in model.names]


def choice_of(choices: Sequence[str], right: str, why: Sequence[str], praise: str) -> Callable[[Any], str]:
    """The judge of a question with several answers, each in quotes; `why` has what is wrong with each other one."""

    def judge(answer: Any) -> str:
        if not isinstance(answer, str) or answer not in choices:
            raise WrongAnswer(f"The answer is one of {', '.join(map(repr, choices))}, and {_shown(answer)} is none.")
        if answer != right:
            raise WrongAnswer(why[[each for each in choices if each != right].index(answer)])
        return praise

    return judge


def _kind(answer: Any) -> str:
    return "None" if answer is None else f"of the type {type(answer).__name__}"


def _shown(answer: Any) -> str:
    text = repr(answer) if isinstance(answer, (str, int, float, tuple, type(None))) else _kind(answer)
    return text if len(text) <= 40 else text[:39] + "…"
