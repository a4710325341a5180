"""The photos of a model as files: where they are, which of them have the same bytes, how large they are."""

import os
from contextlib import closing
from typing import Dict, List, Optional, Tuple

import numpy as np

from helpers.collection.duplicates.fingerprints import fingerprints
from helpers.collection.duplicates.same_picture import Fingerprints
from helpers.files.threads import work_ahead
from helpers.frames.images import identity_of
from helpers.images.decode import Source
from helpers.images.sizes import Sizes
from helpers.images.trouble import TROUBLE, refusal
from helpers.similarity.members import CollectionModel

Bad = List[Tuple[int, str]]  # photos, and why they can be in no group


class PhotoFiles:
    """The photos of a model, and which of them have the same bytes.

    - `sources`: the path of each, or its bytes where a frame of Turi Create's
      holds a copy and the file that the frame names is gone.
    - `identities`: the sha-256 of the file, None for a photo that has gone.
    - `one`: int64 [photos], the photo that stands for all with the same bytes,
      the first in the order of names; -1 for those in `bad`.
    """

    def __init__(self, model: CollectionModel) -> None:
        self.model, self.names = model, model.names
        self.sources: List[Source] = list(model.collection.sources)
        self.identities: List[Optional[str]] = list(model.collection.identities)
        self._take_files()
        self.sizes = Sizes(model.data, self.sources)
        self.bad: Bad = []
        unknown = [row for row, identity in enumerate(self.identities) if identity is None]
        with closing(work_ahead(lambda row: _identity(self.sources[row]), unknown, ahead=64)) as found:
            for row, (identity, reason) in zip(unknown, found):
                self.identities[row] = identity
                if identity is None:
                    self.bad.append((row, reason))
        first: Dict[str, int] = {}
        self.one = np.full(len(self.names), -1, np.int64)
        for row in sorted(range(len(self.names)), key=lambda row: by_name(self.names[row])):
            identity = self.identities[row]
            if identity is not None:
                self.one[row] = first.setdefault(identity, row)

    @property
    def rows(self) -> np.ndarray:
        """The photos that stand for others or themselves, ascending."""
        return np.unique(self.one[self.one >= 0])

    def fingerprints(self, rows: np.ndarray, progress: bool = False) -> Tuple[Fingerprints, Bad]:
        """An array of all photos with the fingerprints of some; and which of these have none, and why."""
        photos = [(self.sources[row], self.identities[row]) for row in rows.tolist()]
        some, bad = fingerprints(photos, progress=progress)
        prints = Fingerprints(*(np.zeros((len(self.sources), *each.shape[1:]), np.uint8) for each in some))
        for every, each in zip(prints, some):
            every[rows] = each
        return prints, [(int(rows[place]), reason) for place, reason in bad]

    def leave_out(self, bad: Bad) -> None:
        """Keep these photos, and those with the same bytes, out of all groups."""
        self.bad += bad
        self.one[np.isin(self.one, [row for row, _ in bad])] = -1

    def _take_files(self) -> None:
        data = self.model.data
        if data is None or "file" not in data.column_names() or data["file"].dtype is not str:
            return
        held = [row for row, source in enumerate(self.sources) if isinstance(source, bytes)]
        if held:
            files = list(data["file"])
            for row in held:
                if files[row] and os.path.isfile(files[row]):  # noqa: PTH113 (of as many as there are)
                    self.sources[row], self.identities[row] = files[row], None


def by_name(name: str) -> Tuple[str, str]:
    """The order of names: `a.jpg` before its copy `a (2).jpg`."""
    return name.rpartition(".")[0] or name, name


def _identity(source: Source) -> Tuple[Optional[str], str]:
    try:
        return identity_of(source), ""
    except TROUBLE as error:
        return None, str(refusal(source, error))
