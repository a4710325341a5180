"""The features of photos' windows: computed, kept, and in memory ready to be compared, one byte a number."""

import contextlib
from typing import Dict, List, NamedTuple, Optional, Sequence, Set

import numpy as np

from helpers.errors import PhotoError
from helpers.features.directions import packed, unpacked
from helpers.features.pipeline import PhotoRequest, batches
from helpers.features.regions import network as feature_map
from helpers.features.regions.network import RegionalNetwork
from helpers.features.regions.windows import SHAPES, Windows, nearest_shape
from helpers.features.store import FeatureStore
from helpers.files.progress import progress_bar
from helpers.images.decode import Source, photo_size
from helpers.networks.load import LoadedModel, load_network
from helpers.networks.runtime import Session, session_for

_BATCH = 16  # photos: what a process that is killed loses


class ShapeGroup(NamedTuple):
    """Photos of one shape, and the features of their windows."""

    rows: np.ndarray  # int64 [photos], of the collection
    windows: Windows
    features: np.ndarray  # int8 [photos, windows, width]: directions


def network_to_cut(loaded: LoadedModel) -> LoadedModel:
    """The network in fp32, where it is available: parts of photos lose most in 8 bits."""
    return load_network(loaded.name) if _in_8_bits(loaded) and loaded.lasting_name == loaded.name else loaded


def session_of(network: RegionalNetwork) -> Session:
    """Ready to run."""
    return session_for(network.loaded, "int8" if _in_8_bits(network.loaded) else "fp32")


def groups_of(
    sources: Sequence[Source],
    identities: Sequence[Optional[str]],
    loaded: LoadedModel,
    store: Optional[FeatureStore],
    progress: bool,
) -> List[ShapeGroup]:
    """The photos that can be read, by their shape; what is not kept is computed.

    `identities` are the sha-256 of their files; None is read now. A photo that is not what it was is left out.
    """
    known_identities = dict(enumerate(identities))
    groups = {}
    kept = _KeptWindows(loaded, store)
    missing = kept.missing(sources, known_identities)
    total = sum(map(len, missing.values()))
    with progress_bar(total=total, desc="regions", show=progress) as bar:
        for shape, requests in missing.items():
            network = kept.networks[shape] = feature_map.for_photos(loaded, shape)
            known = kept.known.setdefault(shape, set())
            size = network.windows.size
            computed = batches(requests, session_of(network).run, size=size, batch_size=_BATCH, known=known)
            with contextlib.closing(computed):
                for batch in computed:
                    kept.add(shape, batch.new, batch.vectors)
                    for photo in batch.photos:
                        known_identities[photo.row] = known_identities[photo.row] or photo.identity
                    bar.update(len(batch.photos) + len(batch.bad))
    for shape in sorted(kept.known):
        groups[shape] = kept.group(shape, known_identities)
    return [group for group in groups.values() if len(group.rows)]


class _KeptWindows:
    """The features that are available, of photos of each shape: in a store, or in memory where there is none."""

    def __init__(self, loaded: LoadedModel, store: Optional[FeatureStore]) -> None:
        self._loaded, self._store = loaded, store
        self._memory: Dict[str, np.ndarray] = {}
        self.networks: Dict[int, RegionalNetwork] = {}
        self.known: Dict[int, Set[str]] = {}  # shape → photos
        kept = {} if store is None else {network.key: network.photos for network in store.contents()}
        for shape in range(SHAPES):
            key = feature_map.key_of(loaded, shape)
            if store is not None and kept.get(key):
                self.known[shape] = store.photos(key)

    def missing(self, sources: Sequence[Source], identities: Dict[int, Optional[str]]) -> Dict[int, List[PhotoRequest]]:
        """The photos without features that can be read, by shape."""
        there = set().union(*self.known.values())
        requests: Dict[int, List[PhotoRequest]] = {}
        for row, source in enumerate(sources):
            if identities[row] not in there:
                with contextlib.suppress(PhotoError):  # the reason is reported where the photo itself is read
                    requests.setdefault(nearest_shape(*photo_size(source)), []).append(PhotoRequest(row, source))
        return requests

    def add(self, shape: int, photos: List[str], vectors: np.ndarray) -> None:
        if photos:
            kept = packed(vectors.reshape(len(photos), -1, self.networks[shape].width))
            if self._store is None:
                self._memory.update(zip(photos, kept))
            else:
                self._store.add(feature_map.key_of(self._loaded, shape), photos, kept)
            self.known[shape].update(photos)

    def group(self, shape: int, identities: Dict[int, Optional[str]]) -> ShapeGroup:
        """All photos of a shape that are in the collection."""
        network = self.networks.get(shape) or feature_map.for_photos(self._loaded, shape)
        here = self.known[shape]
        rows = [row for row, identity in identities.items() if identity in here]
        photos = [identities[row] or "" for row in rows]
        if self._store is None:
            places, kept = np.arange(len(rows)), np.array([self._memory[photo] for photo in photos], np.float32)
        else:
            places, kept = self._store.features(feature_map.key_of(self._loaded, shape), photos, finite=False)
        features = unpacked(kept, len(network.windows.boxes), network.width)
        return ShapeGroup(np.array(rows, np.int64)[places], network.windows, features)


def _in_8_bits(loaded: LoadedModel) -> bool:
    return "-int8-" in loaded.path.name
