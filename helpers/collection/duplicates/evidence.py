"""Whether two pictures that look alike at 32 x 32 are one: their detail agrees, and no clock dates them apart.

Skies, snow and sunsets look alike in small: with few shapes in a picture, another one is easily laid over it. What is
finer then decides, at 64 x 64; and where there is nothing finer either, the pictures must agree as they are.
"""

from contextlib import closing
from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np
from threadpoolctl import threadpool_limits

from helpers.collection.duplicates import thresholds
from helpers.collection.duplicates.exposures import Exposures
from helpers.collection.duplicates.photo_files import PhotoFiles
from helpers.collection.duplicates.same_picture import as_bright, fitted, laid_over, shifts, smooth
from helpers.errors import PhotoError
from helpers.features.blocks import parts
from helpers.files.progress import progress_bar
from helpers.files.threads import work_ahead
from helpers.images.decode import Source, open_photo
from helpers.images.levels import STRETCHED

_SIDE, _NEAR = 64, 3  # pixels; those around a pixel, each way, from whose mean its detail differs
_AROUND = (np.abs(np.subtract.outer(np.arange(_SIDE), np.arange(_SIDE))) <= _NEAR).astype(np.float32) / (2 * _NEAR + 1)
_COLOURS = 8  # fields across and down
_STEPS = {16: 6, 32: 8, _SIDE: 6}  # towards the best fit, at each size
_AT_ONCE, _BLOCK = 2048, 64  # pairs whose photos are in memory, and those that a thread compares


class Evidence:
    """Finds pairs of photos, of one collection or of two, that look alike in small and are two pictures."""

    def __init__(self, photos: PhotoFiles, others: Optional[PhotoFiles] = None) -> None:
        self._photos, self._others = photos, others or photos
        self.exposures = Exposures(photos, others)

    def lacking(self, first: np.ndarray, second: np.ndarray, progress: bool = False) -> np.ndarray:
        """Which pairs lack the evidence that they are one picture: bool [pairs].

        They were taken at two moments (see `Exposures`), or `unlike` finds them so.
        """
        lacking = self.exposures.differ(first, second)
        left = np.flatnonzero(~lacking)
        lacking[left] = self.unlike(first[left], second[left], progress)
        return lacking

    def unlike(self, first: np.ndarray, second: np.ndarray, progress: bool = False) -> np.ndarray:
        """Which pairs do not show one picture, whenever they were taken: bool [pairs].

        Their detail does not agree; or they have next to none, and differ in
        brightness or in colour; or what they store are numbers which were
        stretched to be seen, so that two winters may look the same, and the
        numbers are not the same (see `_same_numbers`). A photo that cannot be
        read agrees with nothing.
        """
        unlike = np.ones(len(first), bool)
        with progress_bar(total=len(first), unit="pairs", show=progress) as shown:
            for some in parts(np.arange(len(first)), _AT_ONCE):
                unlike[some] = ~self._agree(first[some], second[some])
                shown.update(len(some))
        return unlike

    def _agree(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        ours, theirs = _looked_at(self._photos, first), _looked_at(self._others, second)
        pairs: Dict[int, Tuple[_Seen, _Seen]] = {}
        for place, (one, other) in enumerate(zip(first.tolist(), second.tolist())):
            a, b = ours[one], theirs[other]
            if a is not None and b is not None and (a.ends is b.ends is None or self._same_numbers(one, other, a, b)):
                pairs[place] = a, b
        shown = sorted(pairs)
        agree = np.zeros(len(first), bool)

        def compare(places: np.ndarray) -> np.ndarray:
            seen = [pairs[place] for place in places.tolist()]
            return detail_agrees(*(np.stack([pair[side].pixels for pair in seen]) for side in (0, 1)))

        blocks = list(parts(np.array(shown, np.int64), _BLOCK))
        with threadpool_limits(1), closing(work_ahead(compare, blocks, ahead=8)) as compared:
            for places, result in zip(blocks, compared):
                agree[places] = result
        return agree

    def _same_numbers(self, one: int, other: int, a: "_Seen", b: "_Seen") -> bool:
        """Whether two pictures of numbers are one: all numbers, in pictures of one size, else the means of 64 fields.

        A smaller copy has these means; a brighter or cropped one, and one of 8
        bits, cannot be known from another measurement.
        """
        if a.ends is None or b.ends is None:
            return False
        ours, theirs = self._photos.sizes.of(np.array([one]))[0, :2], self._others.sizes.of(np.array([other]))[0, :2]
        if (ours == theirs).all():
            first, second = open_photo(self._photos.sources[one]), open_photo(self._others.sources[other])
            return a.ends == b.ends and np.array_equal(np.asarray(first), np.asarray(second))
        span = max(high - low for low, high in (a.ends, b.ends))
        apart = _reduced(a.numbers[None], _SIDE // _COLOURS) - _reduced(b.numbers[None], _SIDE // _COLOURS)
        return float(np.sqrt((apart**2).mean())) <= thresholds.SAME_NUMBERS * span


class _Seen(NamedTuple):
    """A photo as it is compared."""

    pixels: np.ndarray  # uint8 [64, 64, 3] of Y, Cb and Cr
    ends: Optional[Tuple[float, float]]  # the numbers that are black and white, where they were stretched

    @property
    def numbers(self) -> np.ndarray:
        """As they were before they were stretched: float64 [64, 64]."""
        low, high = self.ends or (0.0, 255.0)
        return self.pixels[..., 0] / 255.0 * (high - low) + low


class Detail(NamedTuple):
    """What is finer than a ninth of a picture, in two that were laid over each other."""

    correlation: np.ndarray  # float64 [pairs], -1 to 1
    strength: np.ndarray  # grey levels on average, of the one of the two that has less


def detail_agrees(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Which pairs of pictures, uint8 [pairs, 64, 64, 3] of Y, Cb and Cr, show the same in detail too: bool [pairs]."""
    one, two = a[..., 0].astype(np.float32), b[..., 0].astype(np.float32)
    found = detail(one, two)
    agree = found.correlation >= thresholds.DETAIL
    other_way = np.flatnonzero(~agree)  # from one of the two the fit may be hard to find
    if len(other_way):
        agree[other_way] = detail(two[other_way], one[other_way]).correlation >= thresholds.DETAIL
    little = np.flatnonzero(found.strength < thresholds.LITTLE_DETAIL)
    agree[little] |= _equal(a[little], b[little])
    return agree


def detail(a: np.ndarray, b: np.ndarray) -> Detail:
    """Compare the detail of grey pictures, float32 [pairs, 64, 64], after fitting `b` to `a`."""
    fit = np.zeros((len(a), 4), np.float32)
    for side, steps in _STEPS.items():
        one, two = (smooth(_reduced(each, _SIDE // side)) for each in (a, b))
        fit = fitted(one, two, fit * shifts(2), steps)
    two, seen = laid_over(two, fit)
    one, _ = as_bright(one, two, seen)
    inside = _mean_around(seen) > 0.999  # where all around is seen, so that an edge is not detail
    fine = [(each - _mean_around(each)) * inside for each in (one, two)]
    count = np.maximum(1, inside.sum(axis=(1, 2)))
    strength = np.minimum(*(np.sqrt((each**2).sum(axis=(1, 2)) / count) for each in fine))
    # A sun's edge would drown the clouds: what is stronger than EDGE counts hardly more.
    fine = [each / np.sqrt(each**2 + thresholds.EDGE**2) for each in fine]
    own, other, both = ((x * y).sum(axis=(1, 2)) for x, y in ((fine[0],) * 2, (fine[1],) * 2, fine))
    return Detail(both / np.sqrt(np.maximum(own * other, 1e-9)), strength)


def _equal(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Which pictures differ by hardly anything as they are, neither fitted nor made as bright."""
    apart = _reduced(a.astype(np.float32), _SIDE // _COLOURS) - _reduced(b.astype(np.float32), _SIDE // _COLOURS)
    return np.sqrt((apart**2).mean(axis=(1, 2))).max(axis=-1, initial=0) <= thresholds.EQUAL


def _reduced(a: np.ndarray, times: int) -> np.ndarray:
    side = a.shape[1] // times
    return a.reshape(len(a), side, times, side, times, *a.shape[3:]).mean(axis=(2, 4))


def _mean_around(a: np.ndarray) -> np.ndarray:
    """The mean of the square around each pixel, with 0 beyond the edge."""
    return _AROUND @ a @ _AROUND


def _looked_at(photos: PhotoFiles, rows: np.ndarray) -> Dict[int, Optional[_Seen]]:
    wanted: List[int] = np.unique(rows).tolist()
    with closing(work_ahead(_pixels, [photos.sources[row] for row in wanted], ahead=64)) as made:
        return dict(zip(wanted, made))


def _pixels(source: Source) -> Optional[_Seen]:
    try:
        photo = open_photo(source, size=(_SIDE, _SIDE))
    except PhotoError:
        return None
    return _Seen(np.asarray(photo.convert("YCbCr")), photo.info.get(STRETCHED))
