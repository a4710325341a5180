"""Pairs of photos that may be the same, found once for every threshold: by their bytes, their picture, their features.

No more is kept than some neighbours of each photo: 100,000 photos need a few
hundred MB beside their features.
"""

import datetime
from contextlib import closing
from typing import Any, Iterator, List, Optional, Tuple

import numpy as np

from helpers.collection.duplicates.exposures import Exposures, Moments
from helpers.collection.duplicates.groups import Pairs
from helpers.collection.duplicates.looks import near_hashes
from helpers.collection.duplicates.photos import Photos
from helpers.collection.duplicates.same_picture import Looks, apart
from helpers.features.blocks import parts
from helpers.features.distance import Distance
from helpers.features.nearest import bar
from helpers.files.threads import work_ahead

KINDS = ("bytes", "picture", "near")
SAME = 0.25  # the distance of pictures up to which they are taken for one; `find_duplicates` says how it was chosen
WIDEST = 0.5  # likewise, of the largest threshold that is offered
NEAR, FAR = 0.25, 0.75  # likewise of features, as a share of the usual distance of two photos
LIKE = 10  # neighbours of a photo by its features, and as many by its hash, whose pictures are compared
BITS = 96  # of 256, by which hashes of copies differ at most; those of other photos by 128, give or take 8
_NEAR = 20  # neighbours of a photo by its features, of near photos
PHOTOS, _PAIRS = 1024, 2048  # at once
_RANDOM = 10_000  # pairs, by which the usual distance is measured


class Pictures:
    """Pairs whose pictures are compared."""

    usual, farthest = SAME, WIDEST

    def __init__(self, photos: Photos, progress: bool) -> None:
        self.looks, bad = photos.looks(photos.rows, progress)
        photos.leave_out(bad)
        self._exposures = Exposures(photos)
        self.pairs = self._pairs(photos.model, photos, progress)

    def compare(self, row: int, others: np.ndarray) -> np.ndarray:
        """How far a picture is from others."""
        return self._apart(np.full(len(others), row), others, False)

    def _apart(self, first: np.ndarray, second: np.ndarray, progress: bool) -> np.ndarray:
        found = pictures_apart(self.looks, first, self.looks, second, progress)
        near = np.flatnonzero(found <= WIDEST)
        found[near[self._exposures.differ(first[near], second[near])]] = 1
        return found

    def _pairs(self, model: Any, photos: Photos, progress: bool) -> Pairs:
        rows, one = photos.rows, photos.one
        hashes, found = self.looks.hashes[rows], []
        for start, near, bits in near_hashes(hashes, hashes, LIKE + 1):
            found.append(_linked(rows[start : start + len(near)], np.where(bits <= BITS, rows[near], -1), bits))
        with bar(len(rows), progress) as shown:
            for some in parts(rows, PHOTOS):
                near, distances = model.index.search(model.vectors[some], LIKE + 1)
                found.append(_linked(some, one[near], distances))
                shown.update(len(some))
        first, second, _ = _merged(found, len(one))
        return Pairs(first, second, self._apart(first, second, progress))


class Nears:
    """Pairs whose features are compared."""

    def __init__(self, photos: Photos, seconds: Optional[float], progress: bool) -> None:
        model = photos.model
        usual = usual_distance(model)
        self.usual, self.farthest = by_metric(model, NEAR) * usual, by_metric(model, FAR) * usual
        self._distance = Distance(model.vectors, model.metric)
        self._moments, self._seconds = Moments(photos), seconds
        self.pairs = self._pairs(model, photos, progress)

    def compare(self, row: int, others: np.ndarray) -> np.ndarray:
        """How far a photo's features are from others'; those that were taken at another time are not near."""
        found = self._distance.to(self._distance.points(self._distance.vectors[row : row + 1])[0], others)
        if self._seconds is not None:
            found[self._moments.apart(np.full(len(others), row), others) > self._seconds] = np.inf
        return found

    def _pairs(self, model: Any, photos: Photos, progress: bool) -> Pairs:
        rows, one, found = photos.rows, photos.one, []
        with bar(len(rows), progress) as shown:
            for some in parts(rows, PHOTOS):
                near, distances = model.index.search(model.vectors[some], _NEAR + 1)
                found.append(_linked(some, np.where(distances <= self.farthest, one[near], -1), distances))
                shown.update(len(some))
        if self._seconds is not None:
            for row, later in self._in_time([row for row in rows.tolist() if self._moments[row] is not None]):
                found.append(_linked(np.array([row]), later[None], self.compare(row, later)[None]))
        pairs = _merged(found, len(one))
        if self._seconds is not None:
            apart = self._moments.apart(pairs.first, pairs.second) > self._seconds
            pairs = Pairs(*(each[~apart] for each in pairs))
        return pairs.within(self.farthest)

    def _in_time(self, dated: List[int]) -> Iterator[Tuple[int, np.ndarray]]:
        """Each photo and those that were taken next."""
        order = sorted(dated, key=lambda row: self._moments[row] or datetime.datetime.min)
        for place, row in enumerate(order):
            later = np.array(order[place + 1 : place + 1 + _NEAR], np.int64)
            if len(later):
                yield row, later


def pictures_apart(
    ours: Looks, first: np.ndarray, theirs: Looks, second: np.ndarray, progress: bool = False
) -> np.ndarray:
    """`helpers.collection.duplicates.same_picture.apart` by several threads: float32 [pairs]."""
    from tqdm.auto import tqdm

    places = list(parts(np.arange(len(first)), _PAIRS))
    found = np.ones(len(first), np.float32)
    shown = tqdm(total=len(first), unit=" pairs", delay=2, disable=not progress)
    with shown, closing(
        work_ahead(lambda part: apart(ours, first[part], theirs, second[part]), places, ahead=8)
    ) as made:
        for part, distances in zip(places, made):
            found[part] = distances
            shown.update(len(part))
    return found


def by_metric(model: Any, share: float) -> float:
    """A share of a distance, as it is by the model's metric: `cosine` is a square."""
    return share if model.metric == "euclidean" else share**2


def usual_distance(model: Any) -> float:
    """The median distance of two photos that were taken out by lot, always the same ones."""
    count = len(model.vectors)
    distance = Distance(model.vectors, model.metric)
    random = np.random.default_rng(0)
    found = []
    for row in random.integers(0, count, _RANDOM // 100):
        others = random.integers(0, count, 100)
        point = distance.points(model.vectors[row : row + 1])[0]
        found.append(distance.to(point, others[others != row]))
    every = np.concatenate(found)
    return float(np.median(every)) if len(every) else 0.0


def _linked(rows: np.ndarray, near: np.ndarray, distances: np.ndarray) -> Pairs:
    """Rows and what is near them, [rows, k], -1 for nothing, as pairs: the lower row first."""
    first = np.broadcast_to(rows[:, None], near.shape)
    real = (near >= 0) & (near != first)
    low, high = np.minimum(first, near)[real], np.maximum(first, near)[real]
    return Pairs(low, high, distances[real].astype(np.float32))


def _merged(found: List[Pairs], count: int) -> Pairs:
    """All pairs, each once."""
    keys = np.concatenate([np.empty(0, np.int64), *(pairs.first * count + pairs.second for pairs in found)])
    distances = np.concatenate([np.empty(0, np.float32), *(pairs.distance for pairs in found)])
    keys, places = np.unique(keys, return_index=True)
    first, second = np.divmod(keys, max(1, count))
    return Pairs(first, second, distances[places])
