"""From photos to vectors: what is kept is taken from the store, the rest computed; a bad photo costs only itself.

What `embed` does with a folder of photos:

1. `load_network` has the network, and `settle` decides on its precision by a sample of the photos (`PhotoSample`).
2. `_Embedding.missing` passes over the files that have not changed and whose features are kept (`KnownFeatures`).
3. `helpers.features.pipeline` reads and decodes the others on all cores and runs the network, a batch at a time; with a
   Dask client `helpers.features.dask.cluster` does the same on a cluster.
4. `_Embedding.take` keeps each batch, in the store if there is one. What was kept when photos were read otherwise, and
   of which that is only seen when the photo has been read, comes once more.
5. `_Embedding.result` puts the features in the order of the photos.
"""

import contextlib
import os
import time
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Sized,
    Tuple,
    Union,
)

import numpy as np

from helpers.arguments import check_whole, takes
from helpers.features.known import KnownFeatures
from helpers.features.photo_sample import PhotoSample, sample_first
from helpers.features.pipeline import FeatureBatch, PhotoRequest, batches, unchanged
from helpers.features.store import FeatureStore, kept_networks
from helpers.files.cache import roomy_array
from helpers.files.progress import progress_bar
from helpers.frames.images import path_of
from helpers.images.decode import Source
from helpers.networks.load import LoadedModel, load_network
from helpers.networks.precision.settle import settle
from helpers.networks.precision.settled import Settled

if TYPE_CHECKING:
    from distributed import Client


class Embedded(NamedTuple):
    """What became of a set of photos."""

    vectors: np.ndarray  # float32 [photos that could be read, dimension], in the order they were given
    rows: np.ndarray  # int64: which of the given photos each vector belongs to, ascending
    bad: List[Tuple[int, str]]  # the others: position and reason
    identities: Sequence[Optional[str]]  # sha-256 of the file of each photo that could be read
    sources: List[Source]  # the path of each of them, or the bytes of what is not a file
    settled: Settled  # the network as it was used: precision, agreement with fp32, key in a store
    timings: Dict[str, float]  # see `embed`


@takes(photos="list")
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
    client: Optional["Client"] = None,
) -> Embedded:
    """The feature of each photo: of paths, bytes of photo files, or Images of a frame.

    A photo that cannot be read is left out and listed in `bad`. Memory grows with the number of photos by their
    features, 4 bytes a number, and about half a kilobyte each; for the rest see `helpers.features.pipeline.batches`.

    Parameters
    ----------
    model
        What `helpers.networks.load_network` takes or gives; or the `settled` of an earlier answer, for features to be
        compared with those.
    precision
        See `helpers.networks.precision.settle`.
    store
        A file in which features are kept, see `FeatureStore`. What is in it is not computed again; each batch is in it
        as soon as it is computed.
    others
        Stores of other photos, in which the features of some of these may be kept too.
    files
        Where the photos may be as files, for Images that are copies.
    client
        A Dask client, whose workers then do the work; see `helpers.features.dask.cluster`.

    Returns
    -------
    Embedded
        Its `timings` have `photos` and, of these, `kept` from the store; `seconds` in all, `prepare` of these for the
        network; `photos_per_second` without `prepare`; and where the time went, at the same time in part: `read` (disk)
        and `decode`, summed over threads; `network`; `write` (store).

    Raises
    ------
    FrameError
        For a batch size below 1.
    ModelError, WeightsUnavailable, StoreError
        As `helpers.networks.load_network` and `FeatureStore` do.

    Examples
    --------
    >>> embed(["data/robots/bolu/bolu-001.jpg"], "efficientnet-lite0").vectors.shape
    (1, 1280)
    """
    check_whole("batch_size", batch_size)
    if client is not None:
        from helpers.features.dask.cluster import batches_on, check_client  # needs the extra `cluster`

        check_client(client)
    if not isinstance(model, (LoadedModel, Settled)):
        model = load_network(model, progress=progress, kept=kept_networks(store))
    start = time.perf_counter()
    with contextlib.ExitStack() as stack:
        opened = None if store is None else stack.enter_context(FeatureStore(store))
        total = len(photos) if isinstance(photos, Sized) else None
        sample = None
        if isinstance(model, Settled):
            settled = model
        else:
            photos, requests = sample_first(photos, files)
            sample = PhotoSample(total, requests, model.size, [] if opened is None else [opened.path, *others])
            contents, scope = ([], None) if opened is None else (opened.contents(), str(opened.path))
            settled = settle(model, precision, sample, kept=contents, scope=scope, progress=progress)
        kept = KnownFeatures(opened, others, settled.key)
        embedding = _Embedding(settled, kept)
        embedding.seconds["prepare"] = time.perf_counter() - start
        if sample is not None and sample.features is not None:
            embedding.take(sample.batch(kept.places))
            embedding.seconds["prepare"] -= sample.seconds + sample.decoding
        bar = stack.enter_context(progress_bar(total=total, show=progress))
        bar.update(embedding.count)
        size, known = settled.loaded.size, kept.places
        for requests in (embedding.missing(photos, files), embedding.again()):
            if client is None:
                computed = batches(requests, embedding.run, size=size, batch_size=batch_size, known=known)
            else:
                computed = batches_on(client, settled, requests, batch_size=batch_size, known=known)
            for batch in stack.enter_context(contextlib.closing(computed)):
                embedding.take(batch)
                bar.update(embedding.count - bar.n)
        bar.update(embedding.count - bar.n)
        return embedding.result(time.perf_counter() - start)


class _Embedding:
    """What has become of the photos until now."""

    def __init__(self, settled: Settled, kept: KnownFeatures) -> None:
        self.settled, self.kept = settled, kept
        self.photos: Dict[int, Tuple[str, Source]] = {}  # row → identity, source
        self.bad: List[Tuple[int, str]] = []
        self.vectors: List[Tuple[List[int], np.ndarray]] = []  # rows and features, where no store has them
        self.computed = 0
        self.seconds = {"prepare": 0.0, "read": 0.0, "decode": 0.0, "network": 0.0, "write": 0.0}
        self._again: List[PhotoRequest] = []

    @property
    def count(self) -> int:
        """The photos that are done with."""
        return len(self.photos) + len(self.bad)

    def missing(self, photos: Iterable[Any], files: Optional[Sequence[Optional[str]]]) -> Iterator[PhotoRequest]:
        """The photos that have to be read: all but the unchanged files whose features are kept."""
        for row, photo in enumerate(photos):
            if row in self.photos:
                continue  # its feature was computed when the precision was settled on
            file = unchanged(path_of(photo)) if self.kept.places else None
            if file is not None and self.kept.has(file):
                self.photos[row] = file.identity, file.path
                continue
            self.kept.look_into_others()
            yield PhotoRequest(row, photo, None if files is None else files[row])

    def again(self) -> Iterator[PhotoRequest]:
        """The photos that were read, and whose kept features turned out to be of other pixels."""
        yield from self._again

    def run(self, pixels: List[np.ndarray]) -> np.ndarray:
        """Decoded photos through the network, which is opened for the first of them."""
        return self.settled.session.run(pixels)

    def take(self, batch: FeatureBatch) -> None:
        """Keep what was computed, on disk first."""
        start = time.perf_counter()
        new = set(batch.new)
        again = {
            photo.row: PhotoRequest(photo.row, photo.source)
            for photo in batch.photos
            if photo.identity not in new and self.kept.is_stale(photo.identity, photo.source)
        }
        self._again += again.values()
        batch = batch._replace(photos=[photo for photo in batch.photos if photo.row not in again])
        if self.kept.store is not None:
            self.kept.add(self.kept.store, batch)
        elif batch.new:
            self.vectors.append(([photo.row for photo in batch.photos], batch.vectors))
        self.photos.update((photo.row, (photo.identity, photo.source)) for photo in batch.photos)
        self.bad += batch.bad
        self.computed += len(batch.new)
        for name, seconds in {**batch.seconds, "write": time.perf_counter() - start}.items():
            self.seconds[name] += seconds

    def result(self, seconds: float) -> Embedded:
        """Everything, in the order of the photos."""
        rows = sorted(self.photos)
        identities = [self.photos[row][0] for row in rows]
        store, dimension = self.kept.store, self.settled.loaded.dimension
        vectors = self._together(rows) if store is None else self.kept.features(store, identities, dimension)
        worked = seconds - self.seconds["prepare"]
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
            sources=[self.photos[row][1] for row in rows],
            settled=self.settled,
            timings={**figures, **self.seconds},
        )

    def _together(self, rows: List[int]) -> np.ndarray:
        """One array of the batches, each of which goes as soon as it is copied: there is no room for both."""
        vectors = roomy_array((len(rows), self.settled.loaded.dimension))
        while self.vectors:
            some, batch = self.vectors.pop()
            vectors[np.searchsorted(rows, some)] = batch
        return vectors
