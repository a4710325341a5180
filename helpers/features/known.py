"""Which photos need not be computed again: those whose features are in the store, or in a store of other photos."""

import contextlib
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Set

import numpy as np

from helpers.errors import StoreError
from helpers.features.pipeline import FeatureBatch, KnownFile
from helpers.features.store import FeatureStore
from helpers.files import stamps
from helpers.images.decode import Source, is_read_otherwise


class KnownFeatures:
    """The photos whose features by the network `key` are kept; none where there is no store.

    `places` has their sha-256 → the other store that has the feature, None where the store itself has it. What was kept
    when photos were read otherwise is doubted until the photo is at hand: see `is_stale`.
    """

    def __init__(self, store: Optional[FeatureStore], others: Iterable[Path], key: str) -> None:
        self.store, self._others, self._key = store, others, key
        self.places: Dict[str, Optional[Path]] = dict.fromkeys(() if store is None else store.photos(key))
        self._doubted: Set[str] = set() if store is None else store.doubted()
        self._fine: List[str] = []  # of the doubted ones, those that are as they were
        self._stale: List[str] = []  # and those to compute again, which the store still has
        self._files = {} if store is None else store.files()
        self._others_were_seen = store is None or not store.writable
        stamps.recall(self._files)

    def has(self, file: KnownFile) -> bool:
        """Whether the store itself has the feature of an unchanged file, as its photo is read now."""
        return self.places.get(file.identity, file) is None and not self.is_stale(file.identity, file.path)

    def is_stale(self, identity: str, source: Source) -> bool:
        """Whether what is kept of a photo is of other pixels than are read now; then it counts as kept no more."""
        if identity not in self._doubted:
            return False
        self._doubted.discard(identity)
        if not is_read_otherwise(source):
            self._fine.append(identity)
            return False
        self._stale.append(identity)
        self.places.pop(identity, None)
        return True

    def look_into_others(self) -> None:
        """See which features the stores of other photos have; once."""
        if self._others_were_seen:
            return
        self._others_were_seen = True
        for path in self._others:
            with contextlib.suppress(StoreError), FeatureStore(path) as other:  # it is reported in its own folder
                doubted = other.doubted()
                for photo in other.photos(self._key):
                    if self.places.setdefault(photo, path) == path and photo in doubted:
                        self._doubted.add(photo)

    def add(self, store: FeatureStore, batch: FeatureBatch) -> None:
        """Put the features of a batch into the store, from other stores too, and which photo each of its files is."""
        self._borrow(store, [photo.identity for photo in batch.photos])
        if self._stale:
            stale = self._stale[:]  # the thread that looks for missing photos may find more meanwhile
            store.judged([], stale)
            del self._stale[: len(stale)]
        files = [photo.file for photo in batch.photos if photo.file is not None]
        new_files = [file for file in files if self._files.get(file.path) != file[1:]]
        if batch.new or (new_files and store.writable):
            store.add(self._key, batch.new, batch.vectors, new_files)
            self.places.update(dict.fromkeys(batch.new))

    def _borrow(self, store: FeatureStore, photos: List[str]) -> None:
        """Copy into the store what the other stores have of these photos."""
        for path in {path for path in map(self.places.get, photos) if path is not None}:
            there = [photo for photo in photos if self.places.get(photo) == path]
            with FeatureStore(path) as other:
                rows, vectors = other.features(self._key, there)
            copied = [there[row] for row in rows]
            store.add(self._key, copied, vectors)
            self.places.update(dict.fromkeys(copied))

    def features(self, store: FeatureStore, photos: List[str], dimension: int) -> np.ndarray:
        """The features of photos that are in the store, float32 [photos, dimension]; raises `StoreError`."""
        if self._fine and store.writable:
            store.judged(self._fine, [])
        positions, vectors = store.features(self._key, photos)
        if len(positions) < len(photos):
            raise StoreError(f"{store.path}: features have gone from it while it was being read; run this again")
        if vectors.shape[1] not in (0, dimension):  # it may be anybody's
            raise StoreError(
                f"{store.path}: it has {vectors.shape[1]} numbers for a photo by this network, which gives {dimension};"
                " name another file with store="
            )
        return vectors if len(vectors) else np.empty((0, dimension), np.float32)
