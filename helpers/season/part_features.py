"""The features of parts of photos: read from the store, or computed while the next photos are decoded."""

import contextlib
import hashlib
import itertools
import time
from collections import Counter
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
from helpers.images.opening import opened
from helpers.networks.precision.settled import Settled
from helpers.photos.metadata.infrared import is_infrared

if TYPE_CHECKING:
    from helpers.similarity.model import SimilarityModel

_EDITION = "parts, edition 2"  # of how parts are cut out, which changes their features
_BATCH = 32  # cuts: what is lost with a process that is killed
_AHEAD = 16  # photos whose parts may wait for the network
_TOGETHER = 32  # parts of a photo that are cut out at once: for more, it is read again
_AROUND = 1.0  # the margin of the second cut
_CHANGED = "the file is not the photo that the model was made of; build the model again"


class PhotoBox(NamedTuple):
    """A box in a photo."""

    row: int  # of the model's photos
    box: Box
    kind: str
    score: float


class PartCuts(NamedTuple):
    """How the feature of a part is made of what is cut out of its photo.

    The first cut is the box and its `margin`, a share of its sides. Where
    `surroundings` is more than 0, a second one has a margin of 1, and its
    feature, times that number, stands behind the first.
    """

    margin: float = 0.0
    surroundings: float = 0.0

    @property
    def margins(self) -> Tuple[float, ...]:
        """The margin of each cut."""
        return (self.margin, _AROUND) if self.surroundings else (self.margin,)

    def joined(self, vectors: np.ndarray) -> np.ndarray:
        """The features of parts, float32 [parts, cuts * dimension], from those of cuts, [parts * cuts, dimension]."""
        if self.surroundings:
            vectors = vectors.copy()
            vectors[1::2] *= np.float32(self.surroundings)
        return vectors.reshape(-1, len(self.margins) * vectors.shape[1])

    def mean(self, vectors: np.ndarray) -> np.ndarray:
        """What `joined` gave as the mean of each part's cuts, as the network gives it: float32 [parts, dimension]."""
        if not self.surroundings:
            return vectors
        dimension = vectors.shape[1] // 2
        return (vectors[:, :dimension] + vectors[:, dimension:] / np.float32(self.surroundings)) / 2


BOX_ALONE = PartCuts()


class PartFeatures(NamedTuple):
    """The features of those parts whose photos can be read."""

    places: List[int]  # which of the wanted parts, ascending
    vectors: np.ndarray  # float32 [n, cuts * dimension]
    bad: List[Tuple[int, str]]  # row and reason of the other photos, ascending


class _CutsOfPhoto(NamedTuple):
    """Some cuts of one photo, to be made together."""

    source: Source
    identity: str
    places: List[int]
    names: List[str]
    boxes: List[Box]
    margins: List[float]


def features_of(
    model: "SimilarityModel",
    wanted: Sequence[PhotoBox],
    cuts: PartCuts,
    store: Optional[FeatureStore],
    progress: bool,
) -> PartFeatures:
    """The features of parts of a model's photos.

    The store, if there is one, keeps each batch as soon as it is computed.
    """
    collected = _CollectedFeatures(model, wanted, cuts, store)
    missing = collected.missing()
    if missing:
        settled = model.opened(progress)
        cut_out = partial(_cut_out, size=settled.loaded.size)
        with contextlib.ExitStack() as stack:
            bar = stack.enter_context(progress_bar(total=len(missing), desc="parts", unit="cuts", show=progress))
            looked = stack.enter_context(
                contextlib.closing(work_ahead(cut_out, collected.photos(missing), ahead=_AHEAD))
            )
            parts = (part for photo in looked for part in photo)
            made = in_background(computed(parts, settled.session.run, _BATCH))
            for batch in stack.enter_context(contextlib.closing(made)):
                collected.add(batch)
                bar.update(len(batch.photos) + len(batch.bad))
    return collected.result()


def feature_of(source: Source, box: Box, cuts: PartCuts, settled: Settled) -> np.ndarray:
    """The feature of a part of any photo, float32 [cuts * dimension]; raises `PhotoError`."""
    content = source if isinstance(source, bytes) else read_photo(source)
    margins = cuts.margins
    pixels = cut(content, [box] * len(margins), settled.loaded.size, margins, infrared=_in_infrared(content))
    return cuts.joined(settled.session.run(pixels))[0]


class _CollectedFeatures:
    """The features of cuts that are known so far; those of a part follow each other."""

    def __init__(
        self,
        model: "SimilarityModel",
        wanted: Sequence[PhotoBox],
        cuts: PartCuts,
        store: Optional[FeatureStore],
    ) -> None:
        self._model, self._cuts, self._store = model, cuts, store
        self._wanted = [(part.row, part.box, margin) for part in wanted for margin in cuts.margins]
        self._key = f"{model.key} {_EDITION}"
        self._bad: Dict[int, str] = {}
        self._vectors: Dict[int, np.ndarray] = {}  # by place; without a store only
        self._identities = self._identified({part.row for part in wanted})
        self._names = {
            place: _name(self._identities[row], box, margin)
            for place, (row, box, margin) in enumerate(self._wanted)
            if row in self._identities
        }
        self._known: Set[int] = set()

    def missing(self) -> List[int]:
        """The places of the cuts whose features must be computed."""
        places = list(self._names)
        if self._store is not None:
            kept = self._store.features(self._key, list(self._names.values()))[0]
            self._known.update(places[number] for number in kept)
        return [place for place in places if place not in self._known]

    def photos(self, places: List[int]) -> Iterator[_CutsOfPhoto]:
        """The cuts at these places, photo by photo."""
        for row, group in itertools.groupby(places, lambda place: self._wanted[place][0]):
            of_photo = list(group)
            for start in range(0, len(of_photo), _TOGETHER):
                some = of_photo[start : start + _TOGETHER]
                yield _CutsOfPhoto(
                    self._model.collection.sources[row],
                    self._identities[row],
                    some,
                    [self._names[place] for place in some],
                    [self._wanted[place][1] for place in some],
                    [self._wanted[place][2] for place in some],
                )

    def add(self, batch: FeatureBatch) -> None:
        """Add a batch that was computed."""
        if self._store is None:
            self._vectors.update(zip((part.row for part in batch.photos), batch.vectors))
        elif batch.new:
            self._store.add(self._key, batch.new, batch.vectors)
        self._known.update(part.row for part in batch.photos)
        for place, reason in batch.bad:
            self._bad.setdefault(self._wanted[place][0], reason)

    def result(self) -> PartFeatures:
        """All features, in the order of the parts."""
        each = len(self._cuts.margins)
        parts = [part for part, known in Counter(place // each for place in self._known).items() if known == each]
        parts.sort()
        places = [part * each + number for part in parts for number in range(each)]
        vectors = np.empty((0, self._model.vectors.shape[1]), np.float32)
        if places and self._store is None:
            vectors = np.stack([self._vectors[place] for place in places])
        elif places and self._store is not None:
            kept, vectors = self._store.features(self._key, [self._names[place] for place in places])
            if len(kept) < len(places):
                raise StoreError(f"{self._store.path}: features were removed from it while it was read; run this again")
        return PartFeatures(parts, self._cuts.joined(vectors), sorted(self._bad.items()))

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
    """The identity of a cut in the store: a hash of its photo, box and margin."""
    return hashlib.sha256(f"{identity} {box} {margin}".encode()).hexdigest()


def _cut_out(photo: _CutsOfPhoto, *, size: Tuple[int, int]) -> List[ReadPhoto]:
    """Cuts of a photo, ready for the network."""
    start = time.perf_counter()
    try:
        content = photo.source if isinstance(photo.source, bytes) else read_photo(photo.source)
        if hashlib.sha256(content).hexdigest() != photo.identity:
            raise PhotoError(_CHANGED)
        begun = time.perf_counter()
        pixels = cut(content, photo.boxes, size, photo.margins, infrared=_in_infrared(content))
    except PhotoError as error:
        return [ReadPhoto(place, reason=str(error)) for place in photo.places]
    read, decode = (begun - start) / len(pixels), (time.perf_counter() - begun) / len(pixels)
    return [
        ReadPhoto(place, name, "", part, read=read, decode=decode)
        for place, name, part in zip(photo.places, photo.names, pixels)
    ]


def _in_infrared(content: bytes) -> bool:
    with contextlib.suppress(Exception), opened(content) as image:  # damaged: `cut` raises for it
        return bool(is_infrared(image))
    return False
