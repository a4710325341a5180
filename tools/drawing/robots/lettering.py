"""The few capital letters that the posters need, as strokes: a font would look different on every machine."""

from typing import List

import numpy as np

from ..outlines import arc, moved

_BOW = arc(90, -90, 0.3, 0.25)
_STROKES = {  # in a box of width 0.6 and height 1, y up
    "A": [[(0, 0), (0.3, 1), (0.6, 0)], [(0.13, 0.4), (0.47, 0.4)]],
    "B": [
        [(0, 0), (0, 1), (0.25, 1)],
        moved(_BOW, 0.25, 0.75),
        [(0, 0.5), (0.25, 0.5)],
        moved(_BOW, 0.25, 0.25),
        [(0.25, 0), (0, 0)],
    ],
    "L": [[(0, 1), (0, 0), (0.55, 0)]],
    "N": [[(0, 0), (0, 1), (0.6, 0), (0.6, 1)]],
    "O": [moved(arc(0, 372, 0.34, 0.5, points=40), 0.32, 0.5)],
    "R": [[(0, 0), (0, 1), (0.25, 1)], moved(_BOW, 0.25, 0.75), [(0.25, 0.5), (0, 0.5)], [(0.22, 0.5), (0.58, 0)]],
    "T": [[(0, 1), (0.6, 1)], [(0.3, 1), (0.3, 0)]],
    "U": [[(0, 1), (0, 0.3)], moved(arc(180, 360, 0.3), 0.3, 0.3), [(0.6, 0.3), (0.6, 1)]],
}


def letters(word: str, height: float, spacing: float = 1.1) -> List[np.ndarray]:
    """The word as lines, y down, centred on the origin."""
    width = spacing * (len(word) - 1) + 0.6
    shifts = [[spacing * place - width / 2, -0.5] for place in range(len(word))]
    strokes = [np.asarray(stroke) + shift for letter, shift in zip(word, shifts) for stroke in _STROKES[letter]]
    return [stroke * [height, -height] for stroke in strokes]
