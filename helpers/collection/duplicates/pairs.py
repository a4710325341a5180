"""Pairs of photos that may be the same, found once for every threshold: by their bytes, their picture, their features.

Only some neighbours of each photo are held: 100,000 photos need a few hundred MB beside their features.
"""

import datetime
from typing import Dict, Iterator, List, Optional, Set, Tuple

import numpy as np

from helpers.collection.duplicates import thresholds
from helpers.collection.duplicates.evidence import Evidence
from helpers.collection.duplicates.exposures import Moments
from helpers.collection.duplicates.fingerprints import near_hashes
from helpers.collection.duplicates.groups import Pairs
from helpers.collection.duplicates.photo_files import PhotoFiles
from helpers.collection.duplicates.same_picture import levels_apart, picture_distances
from helpers.features.blocks import parts
from helpers.features.distance import Distance
from helpers.features.index import SearchIndex
from helpers.features.model import Model
from helpers.files.progress import progress_bar

_AT_ONCE = 1024  # photos


class PicturePairs:
    """Pairs whose pictures are compared."""

    usual, farthest = thresholds.SAME_PICTURE, thresholds.LARGEST_SAME_PICTURE

    def __init__(self, photos: PhotoFiles, progress: bool) -> None:
        self.prints, bad = photos.fingerprints(photos.rows, progress)
        photos.leave_out(bad)
        self._evidence = Evidence(photos)
        self._rivals: Dict[int, Set[int]] = {}  # of each photo: those like it of another moment
        self._linked: Dict[int, Set[int]] = {}  # likewise: those that may be one with it, where one has rivals
        self.pairs = self._pairs(photos.model, photos, progress)

    def compare(self, row: int, others: np.ndarray) -> np.ndarray:
        """How far a picture is from others."""
        first = np.full(len(others), row)
        distances, _ = self._apart(first, others, False)
        return self._without_those_of_rivals(first, others, distances)

    def _apart(self, first: np.ndarray, second: np.ndarray, progress: bool) -> Tuple[np.ndarray, np.ndarray]:
        """Distances, 1 where the evidence is lacking; and which pairs look alike, but were taken at two moments."""
        distances = picture_distances(self.prints, first, self.prints, second, progress)
        near = np.flatnonzero(distances <= thresholds.LARGEST_SAME_PICTURE)
        differ = self._evidence.exposures.differ(first[near], second[near])
        rivals, near = near[differ], near[~differ]
        unlike = self._evidence.unlike(first[near], second[near], progress)
        distances[rivals] = distances[near[unlike]] = 1
        return distances, rivals

    def _without_those_of_rivals(self, first: np.ndarray, second: np.ndarray, distances: np.ndarray) -> np.ndarray:
        """The distances, 1 for a photo that is a copy of a rival of the other one, as of the frame beside it.

        A small copy looks like each frame of a burst, and like a brighter copy
        of its photo. It belongs to the one that it is nearest to as bright as it is.
        """
        asked: List[
            Tuple[int, int, int, int]
        ] = []  # the pair's place, a photo of it, the other one, a rival of this one
        for place in np.flatnonzero(distances <= thresholds.LARGEST_SAME_PICTURE).tolist():
            one, two = int(first[place]), int(second[place])
            for photo, other in ((one, two), (two, one)):
                rivals = self._rivals.get(other, set()) & self._linked.get(photo, set())
                asked += [(place, photo, other, rival) for rival in sorted(rivals)]
        if asked:
            places, photo, other, rival = np.array(asked, np.int64).T
            nearer = levels_apart(self.prints, photo, rival) < levels_apart(self.prints, photo, other)
            distances[places[nearer]] = 1
        return distances

    def _pairs(self, model: Model, photos: PhotoFiles, progress: bool) -> Pairs:
        rows, one = photos.rows, photos.one
        hashes, linked = self.prints.hashes[rows], []
        for start, near, bits in near_hashes(hashes, hashes, thresholds.CANDIDATES + 1):
            near = np.where(bits <= thresholds.HASH_BITS, rows[near], -1)
            linked.append(_linked(rows[start : start + len(near)], near, bits))
        for some, near, distances in neighbours(model, rows, model.index, thresholds.CANDIDATES + 1, progress):
            linked.append(_linked(some, one[near], distances))
        # Of a camera that never moves, other frames are nearer than a photo's copies; these have its date.
        for same in self._evidence.exposures.moments.at_once(rows):
            for place, row in enumerate(same[:-1].tolist()):
                later = same[None, place + 1 : place + 1 + thresholds.AT_ONCE]
                linked.append(_linked(np.array([row]), later, np.zeros(later.shape)))
        first, second, _ = _merged(linked, len(one))
        distances, rivals = self._apart(first, second, progress)
        rivalled = np.unique([first[rivals], second[rivals]])
        alike = (np.isin(first, rivalled) | np.isin(second, rivalled)) & (distances <= thresholds.LARGEST_SAME_PICTURE)
        for found, places in ((self._rivals, rivals), (self._linked, np.flatnonzero(alike))):
            for one, two in zip(first[places].tolist(), second[places].tolist()):
                found.setdefault(one, set()).add(two)
                found.setdefault(two, set()).add(one)
        return Pairs(first, second, self._without_those_of_rivals(first, second, distances))


class NearPairs:
    """Pairs whose features are compared."""

    def __init__(self, photos: PhotoFiles, seconds: Optional[float], progress: bool) -> None:
        model = photos.model
        usual = usual_distance(model)
        shares = thresholds.NEAR, thresholds.LARGEST_NEAR
        self.usual, self.farthest = (by_metric(model, share) * usual for share in shares)
        self._distance = Distance(model.vectors, model.metric)
        self._moments, self._seconds = Moments(photos), seconds
        self.pairs = self._pairs(model, photos, progress)

    def compare(self, row: int, others: np.ndarray) -> np.ndarray:
        """The distances of a photo's feature from others; infinite for photos that were taken at another time."""
        distances = self._distance.to(self._distance.points(self._distance.vectors[row : row + 1])[0], others)
        if self._seconds is not None:
            distances[self._moments.apart(np.full(len(others), row), others) > self._seconds] = np.inf
        return distances

    def _pairs(self, model: Model, photos: PhotoFiles, progress: bool) -> Pairs:
        rows, one, linked = photos.rows, photos.one, []
        for some, near, distances in neighbours(model, rows, model.index, thresholds.NEAR_CANDIDATES + 1, progress):
            linked.append(_linked(some, np.where(distances <= self.farthest, one[near], -1), distances))
        if self._seconds is not None:
            for row, later in self._in_time([row for row in rows.tolist() if self._moments[row] is not None]):
                linked.append(_linked(np.array([row]), later[None], self.compare(row, later)[None]))
        pairs = _merged(linked, len(one))
        if self._seconds is not None:
            apart = self._moments.apart(pairs.first, pairs.second) > self._seconds
            pairs = Pairs(*(each[~apart] for each in pairs))
        return pairs.within(self.farthest)

    def _in_time(self, dated: List[int]) -> Iterator[Tuple[int, np.ndarray]]:
        """Each photo and those that were taken next."""
        order = sorted(dated, key=lambda row: self._moments[row] or datetime.datetime.min)
        for place, row in enumerate(order):
            later = np.array(order[place + 1 : place + 1 + thresholds.NEAR_CANDIDATES], np.int64)
            if len(later):
                yield row, later


def neighbours(
    model: Model, rows: np.ndarray, index: SearchIndex, k: int, progress: bool
) -> Iterator[Tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Block by block some rows of a model, and the rows and distances of their `k` nearest in an index."""
    with progress_bar(total=len(rows), show=progress) as shown:
        for some in parts(rows, _AT_ONCE):
            yield (some, *index.search(model.vectors[some], k))
            shown.update(len(some))


def by_metric(model: Model, share: float) -> float:
    """A share of a distance by the model's metric: `cosine` is a square."""
    return share if model.metric == "euclidean" else share**2


def usual_distance(model: Model) -> float:
    """The median distance of two photos that were drawn at random, always the same ones."""
    return Distance(model.vectors, model.metric).usual()


def _linked(rows: np.ndarray, near: np.ndarray, distances: np.ndarray) -> Pairs:
    """Rows and their neighbours, [rows, k], -1 for none, as pairs: the lower row first."""
    first = np.broadcast_to(rows[:, None], near.shape)
    real = (near >= 0) & (near != first)
    low, high = np.minimum(first, near)[real], np.maximum(first, near)[real]
    return Pairs(low, high, distances[real].astype(np.float32))


def _merged(linked: List[Pairs], count: int) -> Pairs:
    """All pairs, each once."""
    keys = np.concatenate([np.empty(0, np.int64), *(pairs.first * count + pairs.second for pairs in linked)])
    distances = np.concatenate([np.empty(0, np.float32), *(pairs.distance for pairs in linked)])
    keys, places = np.unique(keys, return_index=True)
    first, second = np.divmod(keys, max(1, count))
    return Pairs(first, second, distances[places])
