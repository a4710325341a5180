"""From the maps of a camera's photos to the boxes of animals in them.

An animal is where a photo looks like one, and where it does not look as this place looks at other times: the evidence
of an animal, plus what is unusual there. What each number was chosen by is in `docs/field-cameras.md`.
"""

from typing import List, NamedTuple, Optional, Tuple

import numpy as np
from PIL import Image

from helpers.images.boxes import Box

NEAREST = 3  # photos of other events, those most alike at a place: so it usually looks
_UNUSUAL = 30.0  # points of evidence for 1 of distance from them, which is 1 minus the cosine
_LEVEL = 0.65  # of the way from the least to the largest value: what is above is the animal
_FINER = 4  # times, the grid on which boxes are drawn
_STEPS = 4096  # of a side: edges that are shares of it in numbers that a float holds exactly
_LEAST = 0.01  # score of the boxes that are kept

# Evidence at which a box has the score 0.5, and how much more multiplies its odds by e.
_COMPARED, _ALONE = (14.0, 3.25), (9.0, 3.0)


class FoundBox(NamedTuple):
    """Where an animal seems to be."""

    box: Box
    score: float  # 0 to 1


def unusual(looks: np.ndarray, others: np.ndarray) -> Optional[np.ndarray]:
    """How much each place differs from the same place in other photos: float32 [rows, columns], around its median.

    `looks` is [rows, columns, width] and `others` [n, rows, columns, width], directions of any length. None where
    there are too few others to know what is usual. What is brighter or nearer all over the photo does not count.
    """
    if len(others) < NEAREST:
        return None
    alike = np.einsum("rcw,nrcw->nrc", _unit(looks), _unit(others))
    nearest = np.partition(alike, len(alike) - NEAREST, axis=0)[-NEAREST:]
    distance = 1 - nearest.mean(axis=0)
    return np.asarray(distance - np.median(distance), np.float32)


def boxes_in(evidence: np.ndarray, differs: Optional[np.ndarray] = None) -> List[FoundBox]:
    """The animals in a photo, the likeliest first: at least one box, however little it scores.

    `evidence` is [rows, columns], `differs` what `unusual` returns, on a coarser grid.
    """
    from scipy import ndimage

    if differs is not None:
        evidence = evidence + _UNUSUAL * _resized(differs, evidence.shape)
    evidence = ndimage.uniform_filter(evidence.astype(np.float32), 3, mode="nearest")
    fine = _resized(evidence, (_FINER * evidence.shape[0], _FINER * evidence.shape[1]), Image.Resampling.BICUBIC)
    parts, count = ndimage.label(fine >= fine.min() + _LEVEL * (fine.max() - fine.min()))
    peaks = ndimage.maximum(fine, parts, range(1, count + 1))
    found = [
        FoundBox(_edges(part, fine.shape), score_of(float(peak), differs is not None))
        for part, peak in zip(ndimage.find_objects(parts), peaks)
    ]
    found.sort(key=lambda each: (-each.score, each.box))
    return found[:1] + [each for each in found[1:] if each.score >= _LEAST]


def score_of(evidence: float, compared: bool) -> float:
    """The score of a box from 0 to 1, by the largest evidence in it."""
    middle, step = _COMPARED if compared else _ALONE
    return round(float(1 / (1 + np.exp(-(evidence - middle) / step))), 3)


def _unit(directions: np.ndarray) -> np.ndarray:
    directions = directions.astype(np.float32)
    length = np.linalg.norm(directions, axis=-1, keepdims=True)
    return np.asarray(directions / np.where(length > 0, length, 1), np.float32)


def _resized(
    places: np.ndarray, shape: Tuple[int, ...], kind: Image.Resampling = Image.Resampling.BILINEAR
) -> np.ndarray:
    height, width = shape
    return np.asarray(Image.fromarray(np.ascontiguousarray(places, np.float32)).resize((width, height), kind))


def _edges(part: Tuple[slice, slice], shape: Tuple[int, ...]) -> Box:
    """The box around a part of a grid."""
    rows, columns = part
    edges = (columns.start / shape[1], rows.start / shape[0], columns.stop / shape[1], rows.stop / shape[0])
    left, top, right, bottom = (round(edge * _STEPS) / _STEPS for edge in edges)
    return left, top, right, bottom
