"""The work of a job: photos, but for those that are known, go through the network and into the storage.

A photo is known where an image has its path, its size in bytes and the time of
its last change, and its feature is kept; it is counted as done, and not
opened. Everything else is read on the workers. Each batch is kept together
with the count of what is done, so that a job that is begun again does the rest.
"""

import contextlib
import math
from typing import Any, Container, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np

from helpers.database.interface import parts
from helpers.errors import NotFound, PhotoError, Refused
from helpers.features.dask.cluster import Client, batches_on
from helpers.features.pipeline import FeatureBatch, PhotoRequest, ReadPhoto
from helpers.files.stamps import stamp
from helpers.images.decode import photo_size
from helpers.networks.precision.settled import Settled
from helpers.service.jobs.lease import Lease
from helpers.service.photo_root import PhotoRoot
from helpers.service.records import BadPhoto, ImageRecord, Job, NewImage
from helpers.service.storage.storage import Storage
from helpers.service.valid_text import places_here, without_places

_AT_ONCE = 500  # photos that are looked up in the storage
_DESERTED = 120.0  # seconds without any process of this machine, after which they are started again
_BATCH = 16  # photos that a worker does at once: how far a job goes on after it was cancelled

Products = Tuple[str, ...]


class _PhotoToRead(NamedTuple):
    """A photo that has to be read."""

    path: str
    size: int  # bytes, as they were before it was read
    modified: int  # ns
    products: Products


class Indexing:
    """One attempt at a job; `progressed` counts the batches that were kept."""

    def __init__(self, storage: Storage, settled: Settled, root: PhotoRoot, job: Job, lease: Lease) -> None:
        self._storage, self._settled, self._root, self._job, self._lease = storage, settled, root, job, lease
        self._kept = _KeptFeatures(storage, lease)
        self._new: List[_PhotoToRead] = []
        self._next = 0  # the first of these that is not done
        self._done = 0  # photos that are counted as done
        self.progressed = 0

    def prepare(self) -> None:
        """List the photos, and do everything that needs no worker."""
        wanted, bad = self._listed()
        self._lease.call(self._storage.jobs.counted, self._job.id, len(wanted) + len(bad))
        for part in parts(bad, _AT_ONCE):
            self._keep([], bad=part)
        for paths in parts(list(wanted), _AT_ONCE):
            self._sort_out({path: wanted[path] for path in paths})

    @property
    def is_done(self) -> bool:
        """Whether no photo is left."""
        return self._next == len(self._new)

    def compute(self, client: Client, nearby: bool) -> None:
        """Have the workers do the rest; after an error it can be called again, and goes on where it was.

        `nearby` workers are processes of this machine. Raises what
        `helpers.features.dask.cluster.batches_on` raises, and `Ended`.
        """
        with contextlib.closing(
            batches_on(
                client,
                self._settled,
                self._photos(),
                batch_size=_BATCH,
                known=self._kept,
                deserted=_DESERTED if nearby else math.inf,
            )
        ) as batches:
            for batch in batches:
                self._lease.check()
                self._take(batch, nearby)
                self.progressed += 1

    def _listed(self) -> Tuple[Dict[str, Products], List[BadPhoto]]:
        if "folder" in self._job.request:
            return self._in_folder(self._job.request["folder"])
        return {photo["path"]: tuple(photo["products"]) for photo in self._job.request["photos"]}, []

    def _in_folder(self, folder: str) -> Tuple[Dict[str, Products], List[BadPhoto]]:
        try:
            photos, bad = self._root.listing(folder)
        except (NotFound, Refused) as error:  # the folder is gone since the job was requested
            return {}, [BadPhoto(folder or ".", str(error)), *self._gone(folder, set())]
        existing = {*photos, *(photo.path for photo in bad)}
        return dict.fromkeys(photos, ()), [*bad, *self._gone(folder, existing)]

    def _gone(self, folder: str, existing: Set[str]) -> Iterator[BadPhoto]:
        """Images whose photos are no longer in the folder; they stay until somebody removes them."""
        below, last = f"{folder}/" if folder else "", 0
        while True:
            images: List[ImageRecord] = self._lease.call(self._storage.images.page, last, _AT_ONCE)
            for image in images:
                if image.path.startswith(below) and image.path not in existing:
                    yield BadPhoto(image.path, f"the file is gone; image {image.id} is kept until it is removed")
            if len(images) < _AT_ONCE:
                return
            last = images[-1].id

    def _sort_out(self, wanted: Dict[str, Products]) -> None:
        """Find out which of some photos have to be read."""
        known = self._lease.call(self._storage.images.at, list(wanted))
        kept = self._lease.call(self._storage.vectors.kept, [image.identity for image in known.values()])
        seen, linked, bad = 0, [], []
        for path, products in wanted.items():
            try:
                status = stamp(self._root.file(path))
            except (NotFound, Refused, OSError) as error:
                bad.append(BadPhoto(path, _reason(path, error)))
                continue
            image = known.get(path)
            if image is None or (image.size, image.modified) != status[:2] or image.identity not in kept:
                self._new.append(_PhotoToRead(path, *status[:2], products))
            elif set(products) <= set(image.products):
                seen += 1
            else:
                linked.append(NewImage(path, image.identity, image.width, image.height, *status[:2], products))
        if seen or linked or bad:
            self._keep(linked, bad=bad, seen=seen)

    def _photos(self) -> Iterator[PhotoRequest]:
        for row, photo in enumerate(self._new[self._next :], self._next):
            yield PhotoRequest(row, str(self._root.path / photo.path))

    def _take(self, batch: FeatureBatch, nearby: bool) -> None:
        images, bad = [], []
        for row, reason in batch.bad:
            reason = reason.partition(" for the worker ")[0] if nearby else reason
            bad.append(BadPhoto(self._new[row].path, without_places(reason, str(self._root.path), *places_here())))
        for looked in batch.photos:
            path, size, modified, products = self._new[looked.row]
            try:
                width, height = looked.full_size or self._size(looked, path)
                images.append(NewImage(path, looked.identity, width, height, size, modified, products))
            except (PhotoError, NotFound, Refused) as error:
                bad.append(BadPhoto(path, _reason(path, error)))
        rows = {identity: row for row, identity in enumerate(batch.new)}
        self._keep(images, (list(rows), batch.vectors[list(rows.values())]), bad)
        self._kept.add(rows)
        self._next = 1 + max([looked.row for looked in batch.photos] + [row for row, _ in batch.bad])

    def _size(self, looked: ReadPhoto, path: str) -> Tuple[int, int]:
        """Width and height of a photo that was not decoded because its feature is kept."""
        for image in self._lease.call(self._storage.images.with_identity, looked.identity)[:1]:
            return image.width, image.height
        return photo_size(self._root.file(path))

    def _keep(
        self,
        images: Sequence[NewImage],
        features: Optional[Tuple[List[str], np.ndarray]] = None,
        bad: Sequence[BadPhoto] = (),
        seen: int = 0,
    ) -> None:
        """Keep it in one transaction, and once, even if the database goes away before it confirms."""
        computed = features or ([], np.empty((0, self._settled.loaded.dimension), np.float32))
        done = self._done + len(images) + len(bad) + seen
        self._lease.once(
            lambda: self._storage.add(images, computed, job=self._job.id, owner=self._lease.owner, bad=bad, seen=seen),
            lambda: self._storage.jobs.get(self._job.id).done >= done,
        )
        self._done = done


class _KeptFeatures(Container[str]):
    """The photos whose features are kept, looked up one by one: there may be millions."""

    def __init__(self, storage: Storage, lease: Lease) -> None:
        self._storage, self._lease = storage, lease
        self._is_kept: Dict[str, bool] = {}

    def __contains__(self, identity: object) -> bool:
        kept = self._is_kept.get(str(identity))
        if kept is None:
            kept = self._is_kept[str(identity)] = bool(self._lease.call(self._storage.vectors.kept, [str(identity)]))
        return kept

    def add(self, identities: Any) -> None:
        self._is_kept.update(dict.fromkeys(identities, True))


def normalized(root: PhotoRoot, request: Dict[str, Any]) -> Dict[str, Any]:
    """A request for a job, as it is kept; the same request always has the same text.

    `{"folder": "…"}`, or `{"photos": [{"path": "…", "products": ["…"]}, …]}`; a
    photo that is listed twice is one, of the products of both. Raises `Refused`
    (422) for paths that lead out of the root, `NotFound` for a folder that does
    not exist. A photo that does not exist is left to the job.
    """
    if "folder" in request:
        return {"folder": root.folder(request["folder"])}
    photos: Dict[str, List[str]] = {}
    for photo in request["photos"]:
        path = photo["path"]
        with contextlib.suppress(NotFound):
            root.file(path)
        photos[path] = list(dict.fromkeys([*photos.get(path, []), *photo["products"]]))
    return {"photos": [{"path": path, "products": products} for path, products in photos.items()]}


def _reason(path: str, error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    said = without_places(str(error), *places_here())
    return said[len(path) + 2 :] if said.startswith(f"{path}: ") else said
