"""How far two pictures are apart, if one may be resized, compressed, cropped a little or made brighter.

Each picture is 32 x 32 grey values and 8 x 8 colours (`fingerprints.py`). One of the two is laid over the other,
stretched and moved until they fit best, and made as bright; what then still differs is the distance. What counts as the
same picture is in `thresholds.py`.
"""

from contextlib import closing
from typing import NamedTuple, Tuple

import numpy as np
from threadpoolctl import threadpool_limits

from helpers.collection.duplicates import thresholds
from helpers.features.blocks import parts
from helpers.files.progress import progress_bar
from helpers.files.threads import work_ahead

SIDE, COLOURS = 32, 8  # fields across and down: of grey values, and of colours
_TASK, _BLOCK = 2048, 256  # pairs that a thread takes, and those that it compares at once: 15 MB
_FIRST, _THEN = 6, 8  # steps towards the best fit, at half the size and at the whole one
_FARTHEST = 0.8  # a distance at half the size beyond which the whole size is not tried
_PRIOR = 20.0  # grey levels, squared: how unlikely a large stretch is in a picture that hardly shows it
_SURE = 0.1  # a distance up to which the other way round need not be tried


class Fingerprints(NamedTuple):
    """Small pictures and hashes of photos, one of each a photo."""

    grey: np.ndarray  # uint8 [N, 32, 32]
    colour: np.ndarray  # uint8 [N, 2, 8, 8]: Cb and Cr, 128 without colour
    hashes: np.ndarray  # uint8 [N, 32]: 256 bits of imagehash.phash

    def take(self, rows: np.ndarray) -> "Fingerprints":
        """Those of some photos."""
        return Fingerprints(self.grey[rows], self.colour[rows], self.hashes[rows])


def picture_distances(
    ours: Fingerprints, rows: np.ndarray, theirs: Fingerprints, others: np.ndarray, progress: bool = False
) -> np.ndarray:
    """The distance of the pictures `rows` of `ours` from `others` of `theirs`, pair by pair: float32 [pairs].

    It is the share of the contrast that remains when one picture is laid over
    the other as well as can be: 0 for the same, 1 for nothing in common, about
    sqrt(1 - r²) where r is the correlation. The fit is B. D. Lucas and
    T. Kanade's (1981) by S. Baker and I. Matthews' inverse composition (2004),
    for a stretch of up to a quarter and a shift of up to a sixth each way;
    brightness and contrast are fitted too, with highlights that are cut off
    where the brighter photo cuts them off. Half the size goes first, and
    decides where nothing fits there. The order of a pair makes little difference.
    """

    def compare(pairs: np.ndarray) -> np.ndarray:
        blocks = parts(pairs, _BLOCK)
        return np.concatenate([_apart(ours.take(rows[block]), theirs.take(others[block])) for block in blocks])

    result = np.ones(len(rows), np.float32)
    tasks = list(parts(np.arange(len(rows)), _TASK))
    shown = progress_bar(total=len(rows), unit="pairs", show=progress)
    # Threads of the matrix library within these would wait for each other.
    with threadpool_limits(1), shown, closing(work_ahead(compare, tasks, ahead=8)) as compared:
        for pairs, distances in zip(tasks, compared):
            result[pairs] = distances
            shown.update(len(pairs))
    return result


def levels_apart(prints: Fingerprints, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """By how many grey levels pictures differ on average that are fitted, but not made as bright: float32 [pairs].

    Of two photos that show the same, a copy is nearer to the one that it was
    made of, since most copies are as bright.
    """
    result = np.zeros(len(rows), np.float32)
    for pairs in parts(np.arange(len(rows)), _BLOCK):
        one, two = (prints.grey[each[pairs]].astype(np.float32) for each in (rows, others))
        fit = fitted(_halved(one), _halved(two), np.zeros((len(one), 4), np.float32), _FIRST)
        soft, soft_two = smooth(one), smooth(two)
        moved, seen = laid_over(soft_two, fitted(soft, soft_two, fit * shifts(2), _THEN))
        squares = ((moved - soft) ** 2 * seen).sum(axis=(1, 2))
        result[pairs] = np.sqrt(squares / np.maximum(1, seen.sum(axis=(1, 2))))
    return result


def _apart(a: Fingerprints, b: Fingerprints) -> np.ndarray:
    # From one of the two the fit may be hard to find: where a border was cut off, or the lights.
    distances = _one_way(a, b)
    unsure = np.flatnonzero(distances > _SURE)
    if len(unsure):
        distances[unsure] = np.minimum(distances[unsure], _one_way(b.take(unsure), a.take(unsure)))
    return distances


def _one_way(a: Fingerprints, b: Fingerprints) -> np.ndarray:
    one, two = a.grey.astype(np.float32), b.grey.astype(np.float32)
    half, half_two = _halved(one), _halved(two)
    fit = fitted(half, half_two, np.zeros((len(one), 4), np.float32), _FIRST)
    distances, _ = _left(half, half_two, fit)
    fine = np.flatnonzero(distances < _FARTHEST)
    if len(fine):
        soft, soft_two = smooth(one[fine]), smooth(two[fine])
        # Shifts are counted in fields: twice as many at twice the size.
        fit = fitted(soft, soft_two, fit[fine] * shifts(2), _THEN)
        distances[fine], gain = _left(soft, soft_two, fit)
        colour, colour_two = a.colour[fine].astype(np.float32) - 128, b.colour[fine].astype(np.float32) - 128
        off = _colours_apart(colour, colour_two, fit * shifts(COLOURS / SIDE), gain)
        distances[fine] = np.minimum(1, np.hypot(distances[fine], off))
    return distances


def _colours_apart(a: np.ndarray, b: np.ndarray, fit: np.ndarray, gain: np.ndarray) -> np.ndarray:
    squares = np.zeros(len(a), np.float32)
    for one, two in zip(a.swapaxes(0, 1), b.swapaxes(0, 1)):
        two, seen = laid_over(smooth(two), fit)
        off = (smooth(one) * gain[:, None, None] - two) * seen
        squares += (off * off).sum(axis=(1, 2)) / np.maximum(1, seen.sum(axis=(1, 2))) / 2
    return np.maximum(0, np.sqrt(squares) - thresholds.COLOUR_NOISE) / thresholds.COLOUR_RANGE


def shifts(times: float) -> np.ndarray:
    """What a fit is multiplied by for pictures of so many times the side."""
    return np.array([1, times, 1, times], np.float32)


def fitted(a: np.ndarray, b: np.ndarray, fit: np.ndarray, steps: int) -> np.ndarray:
    """How to read `b` so that it lies over `a`: [pairs, 4], stretch and shift across, stretch and shift down."""
    count, side = len(a), a.shape[-1]
    down, across = np.gradient(a, axis=(1, 2))
    middle = _middle(side)
    slopes = np.stack([across * middle, across, down * middle[:, None], down], -1).reshape(count, -1, 4)
    prior = np.diag([side * side / 6, 1, side * side / 6, 1]).astype(np.float32) * _PRIOR
    for _ in range(steps):
        moved, seen = laid_over(b, fit)
        plain, spread = _centred(a, seen)
        other, spread_other = _centred(moved, seen)
        off = (other * (spread / np.maximum(spread_other, 1e-3)) - plain).reshape(count, -1, 1)
        weighted = (slopes * seen.reshape(count, -1, 1)).transpose(0, 2, 1)
        step = np.linalg.solve(weighted @ slopes + prior, weighted @ off)[:, :, 0]
        stretch = (1 + fit[:, ::2]) / np.clip(1 + step[:, ::2], 0.5, 2)
        shift = np.clip(fit[:, 1::2] - stretch * step[:, 1::2], -thresholds.SHIFT * side, thresholds.SHIFT * side)
        stretch = np.clip(stretch - 1, -thresholds.STRETCH, thresholds.STRETCH)
        fit = np.stack([stretch[:, 0], shift[:, 0], stretch[:, 1], shift[:, 1]], 1)
    return fit


def laid_over(b: np.ndarray, fit: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """`b` as it lies over the other picture, and where it does: float32 [pairs, side, side] of 0 and 1."""
    side = b.shape[-1]
    middle = _middle(side)
    lines, inside = [], []
    for stretch, shift in ((fit[:, 2:3], fit[:, 3:4]), (fit[:, 0:1], fit[:, 1:2])):
        places = (1 + stretch) * middle + shift + (side - 1) / 2
        inside.append((places >= -0.5) & (places <= side - 0.5))
        lines.append(np.maximum(0, 1 - np.abs(np.clip(places, 0, side - 1)[:, :, None] - np.arange(side))))
    down, across = (each.astype(np.float32) for each in lines)
    return down @ b @ across.transpose(0, 2, 1), (inside[0][:, :, None] & inside[1][:, None]).astype(np.float32)


def _left(a: np.ndarray, b: np.ndarray, fit: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """What remains of `b` when `a` is made as bright, as a share of its contrast, 0 to 1; and how much brighter."""
    b, seen = laid_over(b, fit)
    made, gain = as_bright(a, b, seen)
    total = np.maximum(1, seen.sum(axis=(1, 2)))
    off = np.sqrt((((made - b) * seen) ** 2).sum(axis=(1, 2)) / total)
    _, spread = _centred(b, seen)
    shifted = np.abs(((made - a) * seen).sum(axis=(1, 2)) / total)
    differ = (gain < 1 / thresholds.GAIN) | (gain > thresholds.GAIN) | (shifted > thresholds.BRIGHTER)
    differ |= total < thresholds.OVERLAP * seen[0].size
    share = np.minimum(1, off / np.maximum(spread[:, 0, 0], thresholds.FLAT))
    return np.where(differ, 1, share).astype(np.float32), gain


def as_bright(a: np.ndarray, b: np.ndarray, seen: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """`a` with the brightness and contrast of `b`, cut off at 0 and 255, and the factor of contrast.

    All are float32 [pairs, side, side]; what counts is where `seen` is 1.
    """
    used = seen
    for _ in range(3):
        plain, spread = _centred(a, used)
        other, _ = _centred(b, used)
        total = np.maximum(1, used.sum(axis=(1, 2)))
        # Where a picture is flat, as bright as it is.
        gain = ((plain * other).sum(axis=(1, 2)) / total + 1) / (spread[:, 0, 0] ** 2 + 1)
        means = [(each * used).sum(axis=(1, 2)) / total for each in (a, b)]
        made = gain[:, None, None] * a + (means[1] - gain * means[0])[:, None, None]
        within = seen * ((made < 254) & (made > 1))
        enough = within.sum(axis=(1, 2)) > 0.1 * seen[0].size
        used = np.where(enough[:, None, None], within, seen).astype(np.float32)
    return np.clip(made, 0, 255), gain


def _centred(a: np.ndarray, seen: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """What differs from the mean where it is seen, and by how much on average: [pairs, 1, 1]."""
    total = np.maximum(1, seen.sum(axis=(1, 2), keepdims=True))
    off = (a - (a * seen).sum(axis=(1, 2), keepdims=True) / total) * seen
    return off, np.sqrt((off * off).sum(axis=(1, 2), keepdims=True) / total)


def _middle(side: int) -> np.ndarray:
    return (np.arange(side) - (side - 1) / 2).astype(np.float32)


def _halved(a: np.ndarray) -> np.ndarray:
    return smooth(a.reshape(len(a), SIDE // 2, 2, SIDE // 2, 2).mean(axis=(2, 4)))


def smooth(a: np.ndarray) -> np.ndarray:
    """Blurred a little, so that a place between two fields can be interpolated."""
    a = np.pad(a, ((0, 0), (1, 1), (1, 1)), "edge")
    a = (a[:, :-2] + 2 * a[:, 1:-1] + a[:, 2:]) / 4
    return (a[:, :, :-2] + 2 * a[:, :, 1:-1] + a[:, :, 2:]) / 4
