"""Photos to features: what is kept is taken from the store, the rest computed, one bad photo costing only itself."""

import contextlib
import itertools
import os
import time
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Sized, Tuple, Union

import numpy as np
from tqdm.auto import tqdm

from helpers.arguments import check_whole
from helpers.errors import StoreError
from helpers.features.pipeline import Asked, Batch, Looked, batches, look, unchanged
from helpers.features.store import FeatureStore, Kept
from helpers.files import cache, stamps
from helpers.files.threads import work_ahead
from helpers.frames import SArray
from helpers.frames.images import path_of
from helpers.networks.load import LoadedModel, load_network
from helpers.networks.precision.settle import settle
from helpers.networks.precision.settled import Settled, is_of
from helpers.networks.precision.trial import Sample

_SAMPLE = 128  # photos by which a precision is judged, at most
_FIRST = 64  # of these, where the photos can be read only once and in order


class Embedded(NamedTuple):
    """What became of a set of photos."""

    vectors: np.ndarray  # float32 [photos that could be read, dimension], in the order they were given
    rows: np.ndarray  # int: which of the given photos each vector belongs to, ascending
    bad: List[Tuple[int, str]]  # the others: position and reason
    identities: List[str]  # sha-256 of the file of each photo that could be read
    sources: List[Union[str, bytes]]  # where each of them lies, or the bytes of what is no file
    settled: Settled  # the network as it was used: precision, agreement with fp32, key in a store
    timings: Dict[str, float]  # see `embed`


def embed(
    photos: Iterable[Any],
    model: Union[str, "os.PathLike[str]", LoadedModel, Settled] = "auto",
    *,
    precision: str = "auto",
    batch_size: int = 64,
    progress: bool = True,
    store: Union[str, "os.PathLike[str]", None] = None,
    others: Iterable[Path] = (),
    files: Optional[Sequence[Optional[str]]] = None,
    client: Optional[Any] = None,
) -> Embedded:
    """The feature of each photo: paths, bytes of photo files, or Images of a frame.

    - `model`: what `helpers.networks.load_network` takes or gives; or the `settled`
      of an earlier answer, for features to be compared with those.
    - `precision`: see `helpers.networks.precision.settle`.
    - `store`: a file in which features are kept, see `helpers.features.store`. What is
      in it is not computed again; each batch is in it as soon as it is computed.
    - `others`: stores of other photos, in which some of these may be found too.
    - `files`: where the photos may lie as files, for Images that are copies.
    - `client`: a Dask client, whose workers then do the work; see `helpers.features.dask_cluster`.

    A photo that cannot be read is left out and stands in `bad`. Memory grows
    with the number of photos by their features, 4 bytes a number, and about
    half a kilobyte each; for the rest see `helpers.features.pipeline.batches`.

    `timings` has `photos` and, of these, `kept` from the store; `seconds` in
    all, `prepare` of these for the network; `photos_per_second` without `prepare`; and
    where the time went, at the same time in part: `read` (disk) and `decode`,
    summed over threads; `network`; `write` (store).

    Raises what `helpers.networks.load_network` and `helpers.features.FeatureStore`
    raise, and `FrameError` for a batch size below 1.

    >>> embed(["data/robots/bolu/bolu-001.jpg"], "efficientnet-lite0").vectors.shape
    (1, 1280)
    """
    check_whole("batch_size", batch_size)
    if client is not None:
        from helpers.features.dask_cluster import batches_on, check_client  # needs the extra `cluster`

        check_client(client)
    if not isinstance(model, (LoadedModel, Settled)):
        model = load_network(model, progress=progress)
    start = time.perf_counter()
    with contextlib.ExitStack() as stack:
        kept = None if store is None else stack.enter_context(FeatureStore(store))
        total = len(photos) if isinstance(photos, Sized) else None
        sample = None
        if isinstance(model, Settled):
            settled = model
        else:
            photos, asked = _some_first(photos, files)
            sample = PhotoSample(total, asked, model.size, [] if kept is None else [kept.path, *others])
            contents, scope = ([], None) if kept is None else (kept.contents(), str(kept.path))
            settled = settle(model, precision, sample, kept=contents, scope=scope, progress=progress)
        size = settled.loaded.size
        work = _Work(settled, kept, others)
        prepare = time.perf_counter() - start
        if sample is not None:
            prepare -= work.take_sample(sample)
        work.spent["prepare"] = prepare
        bar = stack.enter_context(tqdm(total=total, unit=" photos", delay=2, disable=not progress))
        bar.update(work.count)
        asked = work.not_at_hand(photos, files)
        if client is None:
            made = batches(asked, work.run, size=size, batch_size=batch_size, known=work.known)
        else:
            made = batches_on(client, settled, asked, batch_size=batch_size, known=work.known)
        for batch in stack.enter_context(contextlib.closing(made)):
            work.take(batch)
            bar.update(work.count - bar.n)
        bar.update(work.count - bar.n)
        return work.done(time.perf_counter() - start)


class _Work:
    """What has become of the photos until now."""

    def __init__(self, settled: Settled, store: Optional[FeatureStore], others: Iterable[Path]) -> None:
        self.settled, self.store, self.others = settled, store, others
        self.found: Dict[int, Tuple[str, Union[str, bytes]]] = {}  # row → identity, source
        self.bad: List[Tuple[int, str]] = []
        self.vectors: List[Tuple[List[int], np.ndarray]] = []  # rows and features, where no store has them
        self.computed = 0
        self.spent = {"prepare": 0.0, "read": 0.0, "decode": 0.0, "network": 0.0, "write": 0.0}
        # Identities whose features are kept → in which other store, None for the store itself.
        self.known: Dict[str, Optional[Path]] = dict.fromkeys(set() if store is None else store.photos(settled.key))
        self.files = {} if store is None else store.files()
        stamps.recall(self.files)

    @property
    def count(self) -> int:
        """The photos that are done with."""
        return len(self.found) + len(self.bad)

    def not_at_hand(self, photos: Iterable[Any], files: Optional[Sequence[Optional[str]]]) -> Iterator[Asked]:
        """The photos that have to be looked at: all but the unchanged files whose features are kept."""
        looked_elsewhere = self.store is None or not self.store.writable
        for row, photo in enumerate(photos):
            if row in self.found:
                continue  # its feature was computed when the precision was settled on
            file = unchanged(path_of(photo)) if self.known else None
            if file is not None and self.known.get(file.identity, file) is None:
                self.found[row] = file.identity, file.path
                continue
            if not looked_elsewhere:
                self._look_elsewhere()
                looked_elsewhere = True
            yield Asked(row, photo, None if files is None else files[row])

    def _look_elsewhere(self) -> None:
        for path in self.others:
            with contextlib.suppress(StoreError), FeatureStore(path) as other:  # whose own folder will be told
                for photo in other.photos(self.settled.key):
                    self.known.setdefault(photo, path)

    def run(self, pixels: List[np.ndarray]) -> np.ndarray:
        return self.settled.session.run(pixels)

    def take(self, batch: Batch) -> None:
        """Keep what was computed, on disk first."""
        start = time.perf_counter()
        files = [photo.file for photo in batch.looked if photo.file is not None]
        new = [file for file in files if self.files.get(file.path) != file[1:]]
        if self.store is None:
            self.vectors += [([photo.row for photo in batch.looked], batch.vectors)] if batch.new else []
        else:
            self._borrow(self.store, [photo.identity for photo in batch.looked])
            if batch.new or (new and self.store.writable):
                self.store.add(self.settled.key, batch.new, batch.vectors, new)
                self.known.update(dict.fromkeys(batch.new))
        self.found.update((photo.row, (photo.identity, photo.source)) for photo in batch.looked)
        self.bad += batch.bad
        self.computed += len(batch.new)
        for name, seconds in {**batch.spent, "write": time.perf_counter() - start}.items():
            self.spent[name] += seconds

    def _borrow(self, store: FeatureStore, photos: List[str]) -> None:
        """Take into the store what others have of these photos."""
        for path in {place for place in map(self.known.get, photos) if place is not None}:
            there = [photo for photo in photos if self.known.get(photo) == path]
            with FeatureStore(path) as other:
                rows, vectors = other.features(self.settled.key, there)
            taken = [there[row] for row in rows]
            store.add(self.settled.key, taken, vectors)
            self.known.update(dict.fromkeys(taken))

    def take_sample(self, sample: "PhotoSample") -> float:
        """Keep the features that were computed when the precision was settled on; returns the seconds that they took.

        Those that are no numbers are computed once more, and then reported.
        """
        features = sample.features
        if features is None or not len(features):
            return 0.0
        new = [
            row
            for row, photo in enumerate(sample.looked)
            if photo.identity not in self.known and np.isfinite(features[row]).all()
        ]
        looked = [sample.looked[row] for row in new]
        spent = {"read": sum(photo.read for photo in looked), "decode": sum(photo.decode for photo in looked)}
        spent["network"] = sample.seconds
        self.take(Batch(looked, [photo.identity for photo in looked], features[new], [], spent))
        return sample.seconds + sample.decoding

    def done(self, seconds: float) -> Embedded:
        """Everything, in the order of the photos."""
        rows = sorted(self.found)
        identities = [self.found[row][0] for row in rows]
        vectors = self._together(rows) if self.store is None else self._from_store(self.store, identities)
        worked = seconds - self.spent["prepare"]
        figures = {
            "photos": float(len(rows)),
            "kept": float(len(rows) - self.computed),
            "seconds": seconds,
            "photos_per_second": len(rows) / worked if rows else 0.0,
        }
        return Embedded(
            vectors=vectors,
            rows=np.array(rows, dtype=np.int64),
            bad=sorted(self.bad),
            identities=identities,
            sources=[self.found[row][1] for row in rows],
            settled=self.settled,
            timings={**figures, **self.spent},
        )

    def _from_store(self, store: FeatureStore, identities: List[str]) -> np.ndarray:
        positions, vectors = store.features(self.settled.key, identities)
        if len(positions) < len(identities):
            raise StoreError(f"{store.path}: features have gone from it while it was being read; run this again")
        return vectors if len(vectors) else self._together([])

    def _together(self, rows: List[int]) -> np.ndarray:
        """One array of the batches, each of which goes as soon as it is copied: there is no room for both."""
        vectors = cache.roomy_array((len(rows), self.settled.loaded.dimension))
        while self.vectors:
            some, batch = self.vectors.pop()
            vectors[np.searchsorted(rows, some)] = batch
        return vectors


def settle_for_files(
    loaded: LoadedModel,
    precision: str,
    photos: Callable[[], Sequence[Path]],
    stores: Sequence[Path],
    *,
    kept: Sequence[Kept] = (),
) -> Settled:
    """The network in the precision that `embed` would take for these files, kept in the first of the `stores`.

    For who computes their features elsewhere. `photos` lists the files, where
    they have to be known. `auto` goes on as most of what is `kept`, or else in
    the first of the stores that has features of the network. What is computed
    here goes into the first store, which is made for it.
    """
    listed = lru_cache(maxsize=None)(photos)

    def asked() -> Iterator[Asked]:
        for row in spread(len(listed())):
            yield Asked(row, listed()[row])

    holding: List[Path] = []  # those that have features of the network
    for path in [path for path in stores if path.is_file()]:
        contents: List[Kept] = []
        with contextlib.suppress(StoreError), FeatureStore(path) as store:
            contents = store.contents()
        if any(entry.photos and is_of(entry.key, loaded) for entry in contents):
            holding.append(path)
            kept = kept if any(entry.photos and is_of(entry.key, loaded) for entry in kept) else contents
    sample = PhotoSample(lambda: len(listed()), asked(), loaded.size, holding)
    scope = str(stores[0]) if stores else None
    settled = settle(loaded, precision, sample, kept=kept, scope=scope, progress=False)
    if stores and sample.features is not None:
        with contextlib.suppress(StoreError), FeatureStore(stores[0]) as store:
            _Work(settled, store, ()).take_sample(sample)
    return settled


class PhotoSample(Sample):
    """Some of a collection's photos, decoded as a precision is settled on, and then not again.

    - `count`: as of any `Sample`.
    - `asked`: the photos to take, those that are wanted first at the front.
    - `stores`: where features of them may be kept.
    """

    def __init__(
        self,
        count: Union[int, Callable[[], int], None],
        asked: Iterable[Asked],
        size: Tuple[int, int],
        stores: Iterable[Path] = (),
    ) -> None:
        stores = list(stores)
        super().__init__(count, self._take, self._kept if stores else None)
        self.looked: List[Looked] = []  # those that could be read; their pixels are in what was taken
        self.decoding = 0.0  # seconds
        self._asked, self._size, self._stores = iter(asked), size, stores

    def _take(self, number: int) -> np.ndarray:
        start = time.perf_counter()
        pixels: List[np.ndarray] = []
        while len(pixels) < number:
            asked = list(itertools.islice(self._asked, number - len(pixels)))
            if not asked:
                break
            with contextlib.closing(work_ahead(partial(look, size=self._size), asked, ahead=number)) as looked:
                good = [photo for photo in looked if photo.pixels is not None]  # the others are looked at once more
            pixels += [photo.pixels for photo in good if photo.pixels is not None]
            self.looked += [photo._replace(pixels=None) for photo in good]
        self.decoding += time.perf_counter() - start
        return np.stack(pixels) if pixels else np.empty((0, *self._size[::-1], 3), np.uint8)

    def _kept(self, key: str) -> Tuple[np.ndarray, np.ndarray]:
        identities = [photo.identity for photo in self.looked]
        found: Dict[int, np.ndarray] = {}
        for path in self._stores if identities else ():
            with contextlib.suppress(StoreError), FeatureStore(path) as store:  # its own folder will say what is wrong
                rows, vectors = store.features(key, identities)
                found.update((row, vector) for row, vector in zip(rows.tolist(), vectors) if row not in found)
        positions = sorted(found)
        return np.array(positions, np.int64), np.array([found[row] for row in positions], np.float32)


def _some_first(
    photos: Iterable[Any], files: Optional[Sequence[Optional[str]]]
) -> Tuple[Iterable[Any], Iterator[Asked]]:
    """The photos, and those of them to try first: spread evenly, or the first, where they can be read only once."""
    if isinstance(photos, (Sequence, np.ndarray, SArray)):  # whose items are known by their place; a Series' are not
        return photos, (Asked(row, photos[row], None if files is None else files[row]) for row in spread(len(photos)))
    once = iter(photos)
    first = list(itertools.islice(once, _FIRST))
    asked = (Asked(row, photo, None if files is None else files[row]) for row, photo in enumerate(first))
    return itertools.chain(first, once), asked


def spread(count: int) -> List[int]:
    """The places of at most `_SAMPLE` photos of so many, spread evenly; the first half of them is spread evenly too."""
    places = np.unique(np.linspace(0, max(0, count - 1), min(count, _SAMPLE)).astype(int)).tolist()
    return places[::2] + places[1::2]
