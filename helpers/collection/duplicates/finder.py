"""The part of the search for duplicates that does not depend on the threshold: done once, then groups are quick."""

from typing import Dict, List, Optional, Set, Union

import numpy as np

from helpers.arguments import check_distance
from helpers.collection.duplicates import thresholds
from helpers.collection.duplicates.groups import Member, groups_around
from helpers.collection.duplicates.originals import cut_off, ranks
from helpers.collection.duplicates.pairs import NearPairs, PicturePairs
from helpers.collection.duplicates.photo_files import PhotoFiles, by_name
from helpers.errors import FrameError
from helpers.similarity.members import CollectionModel


class DuplicateFinder:
    """The pairs of a collection, found once, and groups of them at any threshold.

    `distances` are those of each photo to its nearest one, float64 [photos];
    infinite where nothing comes near. `usual` is the threshold by default, and
    `farthest` the largest one; both are 0 where bytes are compared.
    """

    def __init__(
        self, model: CollectionModel, kind: str = "picture", *, seconds: Optional[float] = None, progress: bool = True
    ) -> None:
        if kind not in thresholds.KINDS:
            raise FrameError(f"kind={kind!r} is not known; there are {', '.join(thresholds.KINDS)}")
        check_distance("seconds", seconds)
        if seconds is not None and kind != "near":
            raise FrameError(f"seconds= is for kind='near' alone, not for {kind!r}")
        self.model, self.kind = model, kind
        self.photos = PhotoFiles(model)
        self._compared: Union[PicturePairs, NearPairs, None] = None
        if kind == "picture":
            self._compared = PicturePairs(self.photos, progress)
        elif kind == "near":
            self._compared = NearPairs(self.photos, seconds, progress)
        self.usual = self._compared.usual if self._compared else 0.0
        self.farthest = self._compared.farthest if self._compared else 0.0
        one = self.photos.one
        self._copies: Dict[int, List[int]] = {}
        for row in np.flatnonzero((one >= 0) & (one != np.arange(len(one)))).tolist():
            self._copies.setdefault(int(one[row]), []).append(row)
        count = len(one)
        nearest = self._compared.pairs.nearest(count) if self._compared else np.full(count, np.inf)
        self.distances = np.where(one >= 0, nearest[one], np.inf) if count else nearest
        for row, copies in self._copies.items():
            self.distances[[row, *copies]] = 0
        self._rank = self._ranked()

    def threshold(self, wanted: Optional[float]) -> float:
        """The one that is wanted, or the usual one; raises `FrameError` where it is out of range."""
        check_distance("threshold", wanted)
        if wanted is not None and wanted > self.farthest:
            most = f"{self.farthest:.3g} at most" if self._compared else "not for bytes, which are the same or not"
            raise FrameError(f"threshold is {most}, not {wanted!r}")
        return self.usual if wanted is None else float(wanted)

    def groups(self, threshold: float) -> List[List[Member]]:
        """The groups at a threshold, best photo first, the largest group first, equals by the name of their best."""
        groups: List[List[Member]] = []
        if self._compared:
            groups = groups_around(self._compared.pairs, self._rank, threshold, self._compared.compare)
        grouped = {member.row for group in groups for member in group}
        groups += [[Member(row, 0.0)] for row in self._copies if row not in grouped]
        for group in groups:
            group += [Member(copy, member.distance) for member in group for copy in self._copies.get(member.row, [])]
            group.sort(key=lambda member: self._rank[member.row])
        groups.sort(key=lambda group: (-len(group), by_name(self.model.names[group[0].row])))
        return groups

    def _ranked(self) -> np.ndarray:
        linked = set(self._copies) | {row for copies in self._copies.values() for row in copies}
        derived: Set[int] = set()
        if self._compared:
            pairs = self._compared.pairs.within(self.farthest)
            linked.update(pairs.first.tolist(), pairs.second.tolist())
            if isinstance(self._compared, PicturePairs):
                derived = cut_off(self.photos, self._compared.prints, pairs.within(self.usual))
        return ranks(self.photos, linked, derived)
