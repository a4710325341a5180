"""The features of parts of photos: kept ones from the store, the others computed, decoding beside the network."""

import contextlib
import hashlib
import itertools
import time
from functools import partial
from typing import TYPE_CHECKING, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np
from tqdm.auto import tqdm

from helpers.errors import PhotoError, StoreError
from helpers.features.pipeline import FeatureBatch, ReadPhoto, computed
from helpers.features.store import FeatureStore
from helpers.files.threads import in_background, work_ahead
from helpers.frames.images import identity_of
from helpers.images.boxes import Box
from helpers.images.crop import cut
from helpers.images.decode import Source, read_photo

if TYPE_CHECKING:
    from helpers.similarity.model import SimilarityModel

_EDITION = "parts, edition 1"  # of how parts are cut out: another one has other features
_BATCH = 32  # parts: what a process that is killed loses
_AHEAD = 16  # photos whose parts may be waiting for the network
_TOGETHER = 32  # parts of a photo that are cut out at once: more take another look at it
_CHANGED = "the file is not the photo that the model was made of; build the model again"


class Wanted(NamedTuple):
    """A part of a photo."""

    row: int  # of the model's photos
    box: Box


class Features(NamedTuple):
    """What became of parts."""

    places: np.ndarray  # int64 [n] ascending: which of the wanted parts were to be had
    vectors: np.ndarray  # float32 [n, dimension]
    bad: List[Tuple[int, str]]  # photos that could not be read: row and reason, ascending


class _Task(NamedTuple):
    """Some parts of one photo."""

    source: Source
    identity: str
    places: List[int]
    names: List[str]
    boxes: List[Box]


def features_of(
    model: "SimilarityModel",
    wanted: Sequence[Wanted],
    margin: float,
    store: Optional[FeatureStore],
    progress: bool,
) -> Features:
    """The features of parts of a model's photos; `margin` is that of `helpers.images.crop.cut`.

    Those in `store` are taken from it, and each batch is in it as soon as it is computed.
    """
    work = _Work(model, wanted, margin, store)
    missing = work.missing()
    if missing:
        settled = model.opened(progress)
        cut_out = partial(_cut_out, size=settled.loaded.size, margin=margin)
        with contextlib.ExitStack() as stack:
            bar = stack.enter_context(
                tqdm(total=len(missing), desc="parts", unit=" boxes", delay=2, disable=not progress)
            )
            looked = stack.enter_context(contextlib.closing(work_ahead(cut_out, work.tasks(missing), ahead=_AHEAD)))
            parts = (part for photo in looked for part in photo)
            made = in_background(computed(parts, settled.session.run, _BATCH))
            for batch in stack.enter_context(contextlib.closing(made)):
                work.take(batch)
                bar.update(len(batch.photos) + len(batch.bad))
    return work.done()


class _Work:
    """What has become of the parts until now."""

    def __init__(
        self,
        model: "SimilarityModel",
        wanted: Sequence[Wanted],
        margin: float,
        store: Optional[FeatureStore],
    ) -> None:
        self._model, self._wanted, self._store = model, wanted, store
        self._key = f"{model.key} {_EDITION}"
        self._bad: Dict[int, str] = {}
        self._vectors: Dict[int, np.ndarray] = {}  # by place, where there is no store to read them from
        self._identities = self._identified({each.row for each in wanted})
        self._names = {
            place: _name(self._identities[each.row], each.box, margin)
            for place, each in enumerate(wanted)
            if each.row in self._identities
        }
        self._there: Set[int] = set()

    def missing(self) -> List[int]:
        """The places of the parts that are to be computed."""
        places = list(self._names)
        if self._store is not None:
            found = self._store.features(self._key, list(self._names.values()))[0]
            self._there.update(places[one] for one in found)
        return [place for place in places if place not in self._there]

    def tasks(self, places: List[int]) -> Iterator[_Task]:
        """Parts of one photo after the other."""
        for row, group in itertools.groupby(places, lambda place: self._wanted[place].row):
            of_photo = list(group)
            for start in range(0, len(of_photo), _TOGETHER):
                some = of_photo[start : start + _TOGETHER]
                yield _Task(
                    self._model.collection.sources[row],
                    self._identities[row],
                    some,
                    [self._names[place] for place in some],
                    [self._wanted[place].box for place in some],
                )

    def take(self, batch: FeatureBatch) -> None:
        """Keep what was computed."""
        if self._store is None:
            self._vectors.update(zip((part.row for part in batch.photos), batch.vectors))
        elif batch.new:
            self._store.add(self._key, batch.new, batch.vectors)
        self._there.update(part.row for part in batch.photos)
        for place, reason in batch.bad:
            self._bad.setdefault(self._wanted[place].row, reason)

    def done(self) -> Features:
        """Everything, in the order of the parts."""
        places = sorted(self._there)
        vectors = np.empty((0, self._model.vectors.shape[1]), np.float32)
        if places and self._store is None:
            vectors = np.stack([self._vectors[place] for place in places])
        elif places and self._store is not None:
            found, vectors = self._store.features(self._key, [self._names[place] for place in places])
            if len(found) < len(places):
                raise StoreError(
                    f"{self._store.path}: features have gone from it while it was being read; run this again"
                )
        return Features(np.array(places, np.int64), vectors, sorted(self._bad.items()))

    def _identified(self, rows: Set[int]) -> Dict[int, str]:
        """What the model knows its photos by; those that had gone when it was saved are read now."""
        found = {}
        for row in sorted(rows):
            identity = self._model.collection.identities[row]
            try:
                found[row] = identity or identity_of(self._model.collection.sources[row])
            except OSError as error:
                self._bad[row] = error.strerror or str(error)
        return found


def _name(identity: str, box: Box, margin: float) -> str:
    """What a part is known by: the same photo, box and margin, the same name, in hex as that of a photo."""
    return hashlib.sha256(f"{identity} {box} {margin}".encode()).hexdigest()


def _cut_out(task: _Task, *, size: Tuple[int, int], margin: float) -> List[ReadPhoto]:
    """Parts of a photo, ready for the network."""
    start = time.perf_counter()
    try:
        content = task.source if isinstance(task.source, bytes) else read_photo(task.source)
        if hashlib.sha256(content).hexdigest() != task.identity:
            raise PhotoError(_CHANGED)
        begun = time.perf_counter()
        pixels = cut(content, task.boxes, size, margin)
    except PhotoError as error:
        return [ReadPhoto(place, reason=str(error)) for place in task.places]
    read, decode = (begun - start) / len(pixels), (time.perf_counter() - begun) / len(pixels)
    return [
        ReadPhoto(place, name, "", part, read=read, decode=decode)
        for place, name, part in zip(task.places, task.names, pixels)
    ]
