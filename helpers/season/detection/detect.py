"""MegaDetector, run on this machine: where animals, people and vehicles are in a season's photos."""

import contextlib
import os
from pathlib import Path
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple, Union

import numpy as np

from helpers.arguments import check_whole, takes
from helpers.errors import FrameError, KinframeError, StoreError, WeightsUnavailable
from helpers.features.pipeline import FeatureBatch, PhotoRequest, batches, unchanged
from helpers.features.store import FeatureStore
from helpers.features.store_path import path_for
from helpers.files import stamps
from helpers.files.cache import cache_folder
from helpers.files.download import NotFetched
from helpers.files.progress import progress_bar
from helpers.files.spelling import expanded
from helpers.files.stamps import sha256
from helpers.frames import SFrame
from helpers.frames.images import path_of, source_of
from helpers.frames.photo_columns import image_column
from helpers.frames.photo_paths import row_paths
from helpers.images.decode import photo_size
from helpers.networks.own import check_outside
from helpers.networks.pins import fetch_pinned, is_right
from helpers.networks.yolo import BOXES, NUMBERS, STRIDE, Detector, fitted_size
from helpers.season.detection.detections import Detections
from helpers.season.detection.megadetector import KINDS, DetectedPhoto, Detection

Size = Tuple[int, int]  # width and height in pixels

_BATCH = 4  # photos: what a process that is killed loses


class DetectorFile(NamedTuple):
    """Where the network of a detector comes from."""

    file: str
    url: str
    megabytes: int
    sha256: str = ""  # as far as it is known


DETECTORS = {
    "megadetector": DetectorFile(
        "md_v1000.0.0-redwood-dynamic.onnx",
        "https://github.com/bencevans/megadetector-onnx/releases/download/v0.3.0/md_v1000.0.0-redwood-dynamic.onnx",
        560,
    ),
}


@takes(cards="frame")
def detect(
    cards: SFrame,
    *,
    model: Union[str, "os.PathLike[str]"] = "megadetector",
    size: int = 1280,
    threshold: float = 0.2,
    store: Union[str, "os.PathLike[str]", bool, None] = None,
    progress: bool = True,
) -> Detections:
    """Find animals, people and vehicles with MegaDetector.

    Parameters
    ----------
    cards
        The frame of `load_photos`.
    model
        `"megadetector"`: version 1000, *redwood*, which is downloaded once (560
        MB); or the path of an ONNX file of the family YOLOv5 with the classes
        animal, person and vehicle.
    size
        The longer side of a photo as the network gets it, in pixels, a multiple
        of 64. With 640 it takes a quarter of the time, and overlooks small
        animals: a preview.
    threshold
        The score from which a detection counts, 0 to 1; `Detections.above`
        takes another one later. Kept are scores from 0.005 on, and of a photo
        the best 100.
    store
        The file in which detections are kept: by default that of the photos'
        folder, as of features; False for none. A photo that was looked at is
        not looked at again, and a process that was killed goes on where it was.
    progress
        Whether to show a progress bar.

    Returns
    -------
    Detections
        As `read_detections` returns them; `Detections.save` writes the JSON of
        MegaDetector. Photos that cannot be read are in its `bad`.

    Raises
    ------
    FrameError
        For a frame without photos or paths, and for another size or threshold.
    WeightsUnavailable
        Where the network cannot be downloaded; the message names the ways out.
    ModelError
        Where the network cannot be run.
    StoreError
        Where the store cannot be read or written.

    Notes
    -----
    A photo is said to take one to four seconds on two cores; we have not run the
    real network. Scores and boxes are meant to be those of MegaDetector's own
    program but for the way in which photos are made smaller. Its authors put no
    restrictions on the weights; none of its code is used here. MegaDetector:
    Beery, Morris and Yang 2019, "Efficient pipeline for camera trap image
    review", arXiv:1907.06772.
    """
    check_whole("size", size)
    if size % STRIDE:
        raise FrameError(f"size={size}: the longer side is a multiple of {STRIDE} pixels, such as 1280 or 640")
    column = image_column(cards, None) if isinstance(cards, SFrame) else ""
    if not column or "path" not in cards.column_names():
        raise FrameError("cards is the frame of load_photos, with the columns path and image")
    paths, files = row_paths(cards)
    place = path_for(store, paths, files)
    names = ["" if path is None else str(path) for path in paths]
    Detections(names, {}, [], threshold).above(threshold)  # raises FrameError for another threshold
    file = _file(model, progress)
    with contextlib.ExitStack() as stack:
        kept = None if place is None else stack.enter_context(FeatureStore(place))
        looked = _Looked(f"detections {sha256(file)} {size}", kept)
        missing = looked.missing(cards, cards[column], files)
        if missing:
            detector = Detector(file, len(KINDS))
            bar = stack.enter_context(progress_bar(total=len(missing), desc="detector", show=progress))
            for fitted, requests in _by_size(missing, size).items():
                computed = batches(requests, detector.run, size=fitted, batch_size=_BATCH, known=looked.known)
                with contextlib.closing(computed):
                    for batch in computed:
                        looked.add(batch)
                        bar.update(len(batch.photos) + len(batch.bad))
        photos = looked.photos(names)
    return Detections(names, photos, [(names[row], why) for row, why in sorted(looked.bad)], threshold)


def _by_size(missing: List[Tuple[PhotoRequest, Size]], side: int) -> Dict[Size, List[PhotoRequest]]:
    """Photos by the size that they are given to the network in, the commonest size first."""
    by_size: Dict[Size, List[PhotoRequest]] = {}
    for request, size in missing:
        by_size.setdefault(fitted_size(size, side), []).append(request)
    return dict(sorted(by_size.items(), key=lambda pair: -len(pair[1])))


class _Looked:
    """What the detector has returned for photos until now: in a store, or in memory where there is none."""

    def __init__(self, key: str, store: Optional[FeatureStore]) -> None:
        self._key, self._store = key, store
        self._memory: Dict[str, np.ndarray] = {}
        self._identities: Dict[int, str] = {}  # by row
        self._files = {} if store is None else store.files()
        self.known: Set[str] = set() if store is None else store.photos(key)
        self.bad: List[Tuple[int, str]] = []  # row and reason
        stamps.recall(self._files)

    def missing(
        self, cards: SFrame, images: Iterable[Any], files: Sequence[Optional[str]]
    ) -> List[Tuple[PhotoRequest, Size]]:
        """The photos to look at, with the width and height of each."""
        names = cards.column_names()
        sides = zip(*(cards[name] if name in names else [None] * len(cards) for name in ("width", "height")))
        missing = []
        for row, (photo, (width, height)) in enumerate(zip(images, sides)):
            file = unchanged(path_of(photo)) if self.known else None
            if file is not None and file.identity in self.known:
                self._identities[row] = file.identity
                continue
            try:
                size = (width, height) if width and height else photo_size(source_of(photo))
            except KinframeError as error:
                self.bad.append((row, str(error)))
            else:
                missing.append((PhotoRequest(row, photo, files[row]), size))
        return missing

    def add(self, batch: FeatureBatch) -> None:
        """Add a batch that was computed."""
        if self._store is None or not self._store.writable:
            self._memory.update(zip(batch.new, batch.vectors))
        else:
            read = [photo.file for photo in batch.photos if photo.file is not None]
            files = [file for file in read if self._files.get(file.path) != file[1:]]
            if batch.new or files:
                self._store.add(self._key, batch.new, batch.vectors, files)
        self.known.update(batch.new)
        self._identities.update((photo.row, photo.identity) for photo in batch.photos)
        self.bad += batch.bad

    def photos(self, names: Sequence[str]) -> Dict[int, DetectedPhoto]:
        """Every photo that was looked at, by its row; `names` are those of all rows."""
        rows = sorted(self._identities)
        found = dict(self._memory)
        if self._store is not None:
            wanted = [identity for identity in dict.fromkeys(self._identities.values()) if identity not in found]
            kept, vectors = self._store.features(self._key, wanted, finite=False)
            if not _are_detections(vectors):
                raise StoreError(f"{self._store.path}: the detections in it are damaged; name another file with store=")
            found.update((wanted[place], vector) for place, vector in zip(kept, vectors))
        lost = next((row for row in rows if self._identities[row] not in found), None)
        if lost is not None:
            raise StoreError(f"what was found in {names[lost]} has gone from the store meanwhile; run this again")
        return {row: DetectedPhoto(names[row], _detections(found[self._identities[row]]), True) for row in rows}


def _are_detections(vectors: np.ndarray) -> bool:
    """Whether all that a store has are boxes of photos, as `Detector.run` returns them: it may be anybody's."""
    if not len(vectors):
        return True
    if vectors.shape[1] != BOXES * NUMBERS:
        return False
    boxes = vectors.reshape(-1, NUMBERS)
    return bool(((boxes[:, :5] >= 0) & (boxes[:, :5] <= 1)).all() and np.isin(boxes[:, 5], range(len(KINDS))).all())


def _detections(numbers: np.ndarray) -> List[Detection]:
    boxes = numbers.reshape(-1, NUMBERS).astype(float)
    return [
        Detection(KINDS[int(kind)], round(score, 3), (left, top, right, bottom))
        for left, top, right, bottom, score, kind in boxes[boxes[:, 4] > 0].round(4).tolist()
    ]


def _file(model: Union[str, "os.PathLike[str]"], progress: bool) -> Path:
    """The file of the network, downloaded where it is one of `DETECTORS`."""
    wanted = DETECTORS.get(model) if isinstance(model, str) else None
    if wanted is None:
        return _own_file(model)
    path = cache_folder() / "weights" / wanted.file
    try:
        if not is_right(path, wanted.sha256):
            print(f"{wanted.file} is downloaded once: {wanted.megabytes} MB")
        fetch_pinned(path, wanted.file, [wanted.url], known=wanted.sha256, progress=progress)
        return path
    except NotFetched as error:
        reason = str(error)
    except OSError as error:
        reason = f"{error.filename or path.parent}: {error.strerror or error}"
    raise WeightsUnavailable(
        f"The detector {model} is not available: {reason}.\n"
        f"Ways out:\n"
        f"- set KINFRAME_MIRROR to an address or a folder with {wanted.file}\n"
        f"- put {wanted.file} by hand into {path.parent}\n"
        f"- read_detections() takes the results of MegaDetector from another machine"
    )


def _own_file(model: Union[str, "os.PathLike[str]"]) -> Path:
    path = expanded(model) if isinstance(model, (str, os.PathLike)) else None
    if path is None or not path.is_file():
        known = ", ".join(map(repr, DETECTORS))
        raise FrameError(f"model={model!r} is no detector; there are {known}, and the path of an ONNX file")
    check_outside(path)
    return path
