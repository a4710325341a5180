"""Some photos of a collection, by which the precision of a network is settled on before the others are embedded."""

import contextlib
import itertools
import time
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Callable, Container, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Union

import numpy as np

from helpers.errors import StoreError
from helpers.features.pipeline import FeatureBatch, PhotoRequest, ReadPhoto, read_and_decode
from helpers.features.store import FeatureStore, StoredNetwork
from helpers.files.threads import work_ahead
from helpers.frames import SArray
from helpers.networks.load import LoadedModel
from helpers.networks.precision.settle import settle
from helpers.networks.precision.settled import Settled, is_of
from helpers.networks.precision.trial import Sample

_MOST = 128  # photos by which a precision is judged
_FIRST = 64  # of these, where the photos can be read only once and in order


class PhotoSample(Sample):
    """Photos that are decoded while a precision is settled on, so that they need not be decoded again.

    - `count`: as of any `Sample`.
    - `requests`: the photos to take, those that are wanted first at the front.
    - `stores`: where features of them may be kept.
    """

    def __init__(
        self,
        count: Union[int, Callable[[], int], None],
        requests: Iterable[PhotoRequest],
        size: Tuple[int, int],
        stores: Iterable[Path] = (),
    ) -> None:
        stores = list(stores)
        super().__init__(count, self._take, self._kept if stores else None)
        self.decoding = 0.0  # seconds
        self._photos: List[ReadPhoto] = []  # those that could be read; their pixels are in what was taken
        self._requests, self._size, self._stores = iter(requests), size, stores

    def batch(self, known: Container[str]) -> FeatureBatch:
        """The features that were computed in the chosen precision, but for those of `known` photos.

        Photos whose features are not finite are left out: they are computed once more, and then reported.
        """
        features = np.empty((0, 0), np.float32) if self.features is None else self.features
        rows = [
            row
            for row, (photo, vector) in enumerate(zip(self._photos, features))
            if photo.identity not in known and np.isfinite(vector).all()
        ]
        photos = [self._photos[row] for row in rows]
        seconds = {"read": sum(photo.read for photo in photos), "decode": sum(photo.decode for photo in photos)}
        seconds["network"] = self.seconds
        return FeatureBatch(photos, [photo.identity for photo in photos], features[rows], [], seconds)

    def _take(self, number: int) -> np.ndarray:
        start = time.perf_counter()
        pixels: List[np.ndarray] = []
        while len(pixels) < number:
            requests = list(itertools.islice(self._requests, number - len(pixels)))
            if not requests:
                break
            work = partial(read_and_decode, size=self._size)
            with contextlib.closing(work_ahead(work, requests, ahead=number)) as photos:
                good = [photo for photo in photos if photo.pixels is not None]  # the others are read once more
            pixels += [photo.pixels for photo in good if photo.pixels is not None]
            self._photos += [photo._replace(pixels=None) for photo in good]
        self.decoding += time.perf_counter() - start
        return np.stack(pixels) if pixels else np.empty((0, *self._size[::-1], 3), np.uint8)

    def _kept(self, key: str) -> Tuple[np.ndarray, np.ndarray]:
        identities = [photo.identity for photo in self._photos]
        vector_of: Dict[int, np.ndarray] = {}
        for path in self._stores if identities else ():
            with contextlib.suppress(StoreError), FeatureStore(path) as store:  # it is reported in its own folder
                rows, vectors = store.features(key, identities)
                vector_of.update((row, vector) for row, vector in zip(rows.tolist(), vectors) if row not in vector_of)
        places = sorted(vector_of)
        return np.array(places, np.int64), np.array([vector_of[row] for row in places], np.float32)


def sample_first(
    photos: Iterable[Any], files: Optional[Sequence[Optional[str]]]
) -> Tuple[Iterable[Any], Iterator[PhotoRequest]]:
    """The photos, and those of them to sample: spread evenly, or the first, where they can be read only once."""
    if isinstance(photos, (Sequence, np.ndarray, SArray)):  # whose items are known by their place; a Series' are not
        rows = _spread(len(photos))
        return photos, (PhotoRequest(row, photos[row], None if files is None else files[row]) for row in rows)
    once = iter(photos)
    first = list(itertools.islice(once, _FIRST))
    requests = (PhotoRequest(row, photo, None if files is None else files[row]) for row, photo in enumerate(first))
    return itertools.chain(first, once), requests


def settle_for_files(
    loaded: LoadedModel,
    precision: str,
    photos: Callable[[], Sequence[Path]],
    stores: Sequence[Path],
    *,
    kept: Sequence[StoredNetwork] = (),
) -> Settled:
    """The network in the precision that `embed` would take for these files, kept in the first of the `stores`.

    For those who compute the features elsewhere, such as the service. `photos` lists the files, when they have to be
    known. `auto` goes on as most of what is `kept`, or else as the first of the stores that has features of the
    network. Features that are computed here go into the first store, which is made for them.
    """
    listed = lru_cache(maxsize=None)(photos)

    def requests() -> Iterator[PhotoRequest]:
        for row in _spread(len(listed())):
            yield PhotoRequest(row, listed()[row])

    def has_features(networks: Iterable[StoredNetwork]) -> bool:
        return any(network.photos and is_of(network.key, loaded) for network in networks)

    holding: List[Path] = []  # the stores that have features of the network
    for path in [path for path in stores if path.is_file()]:
        contents: List[StoredNetwork] = []
        with contextlib.suppress(StoreError), FeatureStore(path) as store:
            contents = store.contents()
        if has_features(contents):
            holding.append(path)
            kept = kept if has_features(kept) else contents
    sample = PhotoSample(lambda: len(listed()), requests(), loaded.size, holding)
    scope = str(stores[0]) if stores else None
    settled = settle(loaded, precision, sample, kept=kept, scope=scope, progress=False)
    if stores and sample.features is not None:
        with contextlib.suppress(StoreError), FeatureStore(stores[0]) as store:
            batch = sample.batch(store.photos(settled.key))
            store.add(settled.key, batch.new, batch.vectors, [photo.file for photo in batch.photos if photo.file])
    return settled


def _spread(count: int) -> List[int]:
    """The places of some of `count` photos, spread evenly; the first half of them is spread evenly too."""
    places = np.unique(np.linspace(0, max(0, count - 1), min(count, _MOST)).astype(int)).tolist()
    return places[::2] + places[1::2]
