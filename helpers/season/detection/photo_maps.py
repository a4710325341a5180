"""The maps of photos in which animals are found: computed where they are not kept yet."""

import contextlib
import os
from functools import partial
from typing import Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np
from PIL import Image, ImageOps

from helpers.errors import ModelError, PhotoError, StoreError
from helpers.features.directions import packed, unpacked
from helpers.features.pipeline import FeatureBatch, PhotoRequest, batches, unchanged
from helpers.features.store import FeatureStore
from helpers.files import stamps
from helpers.files.progress import progress_bar
from helpers.images.decode import photo_size
from helpers.networks.animal_map import WIDTH, AnimalMap, Size, animal_map, identity_for, size_for, sizes
from helpers.networks.runtime import has_bf16, session_for

_PRECISIONS = ("auto", "fp32", "bf16")
_BATCH = 16  # photos: what a process that is killed loses
_CUTOFF = 0.5  # hundredths of the pixels, the darkest and the brightest, that stretching leaves out


class Maps(NamedTuple):
    """The maps of some photos of one size."""

    evidence: np.ndarray  # float32 [photos, rows, columns]
    looks: np.ndarray  # int8 [photos, coarse rows, coarse columns, width]


class PhotoMaps:
    """The maps of photos, which are files; in a store, or in memory where there is none.

    - `size_of`: row → the size in which the photo went through the network, of all photos that can be read;
    - `bad`: row and reason of the others.
    """

    def __init__(self, store: Optional[FeatureStore], precision: str) -> None:
        self.size_of: Dict[int, Size] = {}
        self.bad: List[Tuple[int, str]] = []
        if precision not in _PRECISIONS or (precision == "bf16" and not has_bf16()):
            raise ModelError(
                f"precision={precision!r} is not available here; take auto, fp32, or bf16 where the processor has it"
            )
        self._precision = ("bf16" if has_bf16() else "fp32") if precision == "auto" else precision
        self._store = store
        self._keys = {size: f"animals {identity_for(size)} {self._precision}" for size in sizes()}
        self._networks: Dict[Size, AnimalMap] = {}
        self._memory: Dict[Tuple[Size, str], np.ndarray] = {}
        self._identities: Dict[int, str] = {}  # by row
        self._files = {} if store is None else store.files()
        self._known: Dict[Size, Set[str]] = {
            size: set() if store is None else store.photos(key) for size, key in self._keys.items()
        }
        stamps.recall(self._files)

    def compute(self, files: Sequence[str], progress: bool) -> None:
        """Compute what is missing; each batch is kept as soon as it is there."""
        missing = self._missing(files)
        with progress_bar(total=sum(map(len, missing.values())), desc="animals", show=progress) as bar:
            for size, requests in missing.items():
                run = partial(self._run, size)
                computed = batches(requests, run, size=size, batch_size=_BATCH, known=self._known[size])
                with contextlib.closing(computed):
                    for batch in computed:
                        self._add(size, batch)
                        bar.update(len(batch.photos) + len(batch.bad))

    def of(self, rows: Sequence[int]) -> Maps:
        """The maps of photos of one size."""
        size = self.size_of[rows[0]]
        network, names = self._network(size), [self._identities[row] for row in rows]
        known = {name: self._memory[size, name] for name in names if (size, name) in self._memory}
        if self._store is not None:
            others = [name for name in dict.fromkeys(names) if name not in known]
            places, vectors = self._store.features(self._keys[size], others, finite=False)
            if len(places) < len(others):
                raise StoreError(f"{self._store.path}: maps were removed from it while it was read; run this again")
            whole = vectors.shape[1] == network.kept and np.isfinite(vectors[:, : network.evidence]).all()
            if others and not whole:  # it may be anybody's
                raise StoreError(f"{self._store.path}: the maps of photos in it are damaged; name another with store=")
            known.update(zip(others, vectors))
        kept = np.stack([known[name] for name in names])
        looks = unpacked(kept[:, network.evidence :], network.coarse[0] * network.coarse[1], WIDTH)
        return Maps(kept[:, : network.evidence].reshape(-1, *network.places), looks.reshape(-1, *network.coarse, WIDTH))

    def _network(self, size: Size) -> AnimalMap:
        if size not in self._networks:
            self._networks[size] = animal_map(size)
        return self._networks[size]

    def _missing(self, files: Sequence[str]) -> Dict[Size, List[PhotoRequest]]:
        """The photos without maps, by their size."""
        missing: Dict[Size, List[PhotoRequest]] = {}
        for row, file in enumerate(files):
            full = os.path.abspath(file)  # noqa: PTH100 (as the store has it)
            known = unchanged(full) if file else None
            size = next((size for size, names in self._known.items() if known and known.identity in names), None)
            if size is not None and known is not None:
                self.size_of[row], self._identities[row] = size, known.identity
                continue
            try:
                size = size_for(*photo_size(file))
            except PhotoError as error:
                self.bad.append((row, str(error)))
            else:
                missing.setdefault(size, []).append(PhotoRequest(row, file))
        return missing

    def _run(self, size: Size, photos: List[np.ndarray]) -> np.ndarray:
        """Photos through the network, in grey and stretched: the nights of field cameras have no colours."""
        session = session_for(self._network(size).loaded, self._precision)
        return session.run([_grey(photo) for photo in photos])

    def _add(self, size: Size, batch: FeatureBatch) -> None:
        network = self._network(size)
        self.bad += batch.bad
        for photo in batch.photos:
            self.size_of[photo.row], self._identities[photo.row] = size, photo.identity
        if not batch.new:
            return
        looks = packed(batch.vectors[:, network.evidence :].reshape(len(batch.new), -1, WIDTH))
        vectors = np.hstack([batch.vectors[:, : network.evidence], looks])
        if self._store is None or not self._store.writable:
            self._memory.update(((size, name), vector) for name, vector in zip(batch.new, vectors))
        else:
            files = [photo.file for photo in batch.photos if photo.file is not None]
            new_files = [file for file in files if self._files.get(file.path) != file[1:]]
            self._store.add(self._keys[size], batch.new, vectors, new_files)
        self._known[size].update(batch.new)


def _grey(photo: np.ndarray) -> np.ndarray:
    return np.asarray(ImageOps.autocontrast(Image.fromarray(photo).convert("L"), cutoff=_CUTOFF).convert("RGB"))
