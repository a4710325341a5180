"""The features of parts of photos: read from the store, or computed while the next photos are decoded."""

import contextlib
import hashlib
import itertools
import time
from functools import partial
from typing import TYPE_CHECKING, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np

from helpers.errors import PhotoError, StoreError
from helpers.features.pipeline import FeatureBatch, ReadPhoto, computed
from helpers.features.store import FeatureStore
from helpers.files.progress import progress_bar
from helpers.files.threads import in_background, work_ahead
from helpers.frames.images import identity_of
from helpers.images.boxes import Box
from helpers.images.crop import cut
from helpers.images.decode import Source, read_photo

if TYPE_CHECKING:
    from helpers.similarity.model import SimilarityModel

_EDITION = "parts, edition 1"  # of how parts are cut out, which changes their features
_BATCH = 32  # parts: what is lost with a process that is killed
_AHEAD = 16  # photos whose parts may wait for the network
_TOGETHER = 32  # parts of a photo that are cut out at once: for more, it is read again
_CHANGED = "the file is not the photo that the model was made of; build the model again"


class PhotoBox(NamedTuple):
    """A box in a photo."""

    row: int  # of the model's photos
    box: Box
    kind: str
    score: float


class PartFeatures(NamedTuple):
    """The features of those parts whose photos can be read."""

    places: List[int]  # which of the wanted parts, ascending
    vectors: np.ndarray  # float32 [n, dimension]
    bad: List[Tuple[int, str]]  # row and reason of the other photos, ascending


class _PartsOfPhoto(NamedTuple):
    """Some parts of one photo, to be cut out together."""

    source: Source
    identity: str
    places: List[int]
    names: List[str]
    boxes: List[Box]


def features_of(
    model: "SimilarityModel",
    wanted: Sequence[PhotoBox],
    margin: float,
    store: Optional[FeatureStore],
    progress: bool,
) -> PartFeatures:
    """The features of parts of a model's photos; `margin` is that of `helpers.images.crop.cut`.

    The store, if there is one, keeps each batch as soon as it is computed.
    """
    collected = _CollectedFeatures(model, wanted, margin, store)
    missing = collected.missing()
    if missing:
        settled = model.opened(progress)
        cut_out = partial(_cut_out, size=settled.loaded.size, margin=margin)
        with contextlib.ExitStack() as stack:
            bar = stack.enter_context(progress_bar(total=len(missing), desc="parts", unit="boxes", show=progress))
            looked = stack.enter_context(
                contextlib.closing(work_ahead(cut_out, collected.photos(missing), ahead=_AHEAD))
            )
            parts = (part for photo in looked for part in photo)
            made = in_background(computed(parts, settled.session.run, _BATCH))
            for batch in stack.enter_context(contextlib.closing(made)):
                collected.add(batch)
                bar.update(len(batch.photos) + len(batch.bad))
    return collected.result()


class _CollectedFeatures:
    """The features that are known so far."""

    def __init__(
        self,
        model: "SimilarityModel",
        wanted: Sequence[PhotoBox],
        margin: float,
        store: Optional[FeatureStore],
    ) -> None:
        self._model, self._wanted, self._store = model, wanted, store
        self._key = f"{model.key} {_EDITION}"
        self._bad: Dict[int, str] = {}
        self._vectors: Dict[int, np.ndarray] = {}  # by place; without a store only
        self._identities = self._identified({part.row for part in wanted})
        self._names = {
            place: _name(self._identities[part.row], part.box, margin)
            for place, part in enumerate(wanted)
            if part.row in self._identities
        }
        self._known: Set[int] = set()

    def missing(self) -> List[int]:
        """The places of the parts whose features must be computed."""
        places = list(self._names)
        if self._store is not None:
            kept = self._store.features(self._key, list(self._names.values()))[0]
            self._known.update(places[number] for number in kept)
        return [place for place in places if place not in self._known]

    def photos(self, places: List[int]) -> Iterator[_PartsOfPhoto]:
        """The parts at these places, photo by photo."""
        for row, group in itertools.groupby(places, lambda place: self._wanted[place].row):
            of_photo = list(group)
            for start in range(0, len(of_photo), _TOGETHER):
                some = of_photo[start : start + _TOGETHER]
                yield _PartsOfPhoto(
                    self._model.collection.sources[row],
                    self._identities[row],
                    some,
                    [self._names[place] for place in some],
                    [self._wanted[place].box for place in some],
                )

    def add(self, batch: FeatureBatch) -> None:
        """Add a batch that was computed."""
        if self._store is None:
            self._vectors.update(zip((part.row for part in batch.photos), batch.vectors))
        elif batch.new:
            self._store.add(self._key, batch.new, batch.vectors)
        self._known.update(part.row for part in batch.photos)
        for place, reason in batch.bad:
            self._bad.setdefault(self._wanted[place].row, reason)

    def result(self) -> PartFeatures:
        """All features, in the order of the parts."""
        places = sorted(self._known)
        vectors = np.empty((0, self._model.vectors.shape[1]), np.float32)
        if places and self._store is None:
            vectors = np.stack([self._vectors[place] for place in places])
        elif places and self._store is not None:
            kept, vectors = self._store.features(self._key, [self._names[place] for place in places])
            if len(kept) < len(places):
                raise StoreError(f"{self._store.path}: features were removed from it while it was read; run this again")
        return PartFeatures(places, vectors, sorted(self._bad.items()))

    def _identified(self, rows: Set[int]) -> Dict[int, str]:
        """The identities of the model's photos; photos that were missing when it was saved are read now."""
        identities = {}
        for row in sorted(rows):
            identity = self._model.collection.identities[row]
            try:
                identities[row] = identity or identity_of(self._model.collection.sources[row])
            except OSError as error:
                self._bad[row] = error.strerror or str(error)
        return identities


def _name(identity: str, box: Box, margin: float) -> str:
    """The identity of a part in the store: a hash of its photo, box and margin."""
    return hashlib.sha256(f"{identity} {box} {margin}".encode()).hexdigest()


def _cut_out(photo: _PartsOfPhoto, *, size: Tuple[int, int], margin: float) -> List[ReadPhoto]:
    """Parts of a photo, ready for the network."""
    start = time.perf_counter()
    try:
        content = photo.source if isinstance(photo.source, bytes) else read_photo(photo.source)
        if hashlib.sha256(content).hexdigest() != photo.identity:
            raise PhotoError(_CHANGED)
        begun = time.perf_counter()
        pixels = cut(content, photo.boxes, size, margin)
    except PhotoError as error:
        return [ReadPhoto(place, reason=str(error)) for place in photo.places]
    read, decode = (begun - start) / len(pixels), (time.perf_counter() - begun) / len(pixels)
    return [
        ReadPhoto(place, name, "", part, read=read, decode=decode)
        for place, name, part in zip(photo.places, photo.names, pixels)
    ]
