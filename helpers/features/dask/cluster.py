"""From photos to features on a Dask cluster: its workers read, decode and run the network.

This process keeps the order, the store, and what is known of the files. The scheduler and the workers need Kinframe
and its packages. The workers have to find the photos: on a disk that all of them see under the same path, or at an
address that fsspec knows (`s3://bucket/a.jpg`). Photos that are not files travel themselves. The network's file
travels to each worker once, into its cache folder; the scheduler keeps it for workers that join later.

Dask's processes speak pickle with each other, which runs code: use only a cluster, and a net between its machines,
that you trust.
"""

import contextlib
import hashlib
import math
import os
import warnings
from typing import Any, Container, Generator, Iterable, List, NamedTuple, Optional, Tuple, Union

import numpy as np

from helpers.errors import ModelError, PhotoError
from helpers.features.pipeline import FeatureBatch, PhotoRequest, ReadPhoto, file_of_copy
from helpers.files import stamps
from helpers.frames.images import source_of
from helpers.networks.precision.settled import Settled

try:
    from distributed import Client, Future
except ImportError as missing:
    raise ModelError("client= needs one more package: pip install distributed") from missing

from helpers.features.dask.futures import in_order
from helpers.features.dask.worker import features_of, hand_out, identities_of, is_address

_RETRIES = 2  # of a batch that failed on its worker; one whose worker died is Dask's to repeat
_COPIES = 8 << 20  # bytes of photos that travel in one batch: they pass through the scheduler, which warns of 10 MB
_WORTHWHILE = 0.25  # the share of known photos from which on it saves time to find out first which they are


def batches_on(
    client: Client,
    settled: Settled,
    requests: Iterable[PhotoRequest],
    *,
    batch_size: int,
    known: Container[str] = (),
    deserted: float = math.inf,
) -> Generator[FeatureBatch, None, None]:
    """The features of photos, some at a time, in their order; to be closed by its reader.

    The same features as of `helpers.features.pipeline.batches`, to the last bit where the workers' processors are of
    the kind of this one. A few batches for each thread that the cluster has at the time are in flight; closing takes
    back what has not begun. Where there are no workers, a line is printed, and they are waited for, no
    longer than `deserted` seconds. Of a worker that dies, another repeats the work.

    Raises `ModelError` for what is not such a client; `ClusterError`, which names the photos, where they cost one
    worker after the other its life, or where the cluster or all of its workers have gone; and what a network raises
    on a worker.
    """
    check_client(client)
    return _ClusterWork(client, settled, known, deserted).batches(requests, batch_size)


def check_client(client: Any) -> None:
    """Raise `ModelError` for what is not a `distributed.Client`, and for one whose answers have to be awaited."""
    if not isinstance(client, Client):
        raise ModelError(f"client= takes a distributed.Client, not {type(client).__name__}")
    if client.asynchronous:
        raise ModelError("client= takes a distributed.Client made without asynchronous=True")


class _SentPhoto(NamedTuple):
    """A photo on its way to a worker."""

    row: int
    source: Union[str, bytes]  # a full path, an address, or the bytes of a file
    stamp: Optional[stamps.Stamp] = None  # of the path, where this machine sees it too
    file: Optional[str] = None  # where the same photo may be as a file, if it is bytes


class _PhotoGroup(NamedTuple):
    """Photos that travel together."""

    sent: List[_SentPhoto]  # those whose features are to be computed
    kept: List[ReadPhoto]  # those whose features are kept
    bad: List[Tuple[int, str]]  # row and reason
    read: float = 0.0  # seconds

    @property
    def total(self) -> int:
        """How many photos these are."""
        return len(self.sent) + len(self.kept) + len(self.bad)


class _ClusterWork:
    def __init__(self, client: Client, settled: Settled, known: Container[str], deserted: float) -> None:
        self.client, self.settled, self.known, self.deserted = client, settled, known, deserted
        self.identify_first: Optional[bool] = None  # `known` may fill when the first photo is asked for
        self.network = ""  # its name, as soon as the workers have it

    def batches(self, requests: Iterable[PhotoRequest], batch_size: int) -> Generator[FeatureBatch, None, None]:
        groups = in_order(self.client, self.groups(requests, batch_size), self.identify, _work_of, self.deserted)
        with contextlib.closing(groups):
            unknown = (self.without_known(group, identified) for group, identified in groups)
            with contextlib.closing(in_order(self.client, unknown, self.compute, _work_of, self.deserted)) as computed:
                for group, made in computed:
                    yield self.batch(group, made or [])

    def groups(self, requests: Iterable[PhotoRequest], batch_size: int) -> Generator[_PhotoGroup, None, None]:
        group, copies = _PhotoGroup([], [], []), 0
        for request in requests:
            try:
                copies += self.add(request, group)
            except PhotoError as error:
                group.bad.append((request.row, str(error)))
            if group.total == batch_size or copies > _COPIES:
                yield group
                group, copies = _PhotoGroup([], [], []), 0
        if group.total:
            yield group

    def add(self, request: PhotoRequest, group: _PhotoGroup) -> int:
        """Put a photo into its group; returns how many bytes of it will travel."""
        if request.photo is None:
            raise PhotoError("there is no photo in this row")
        source = source_of(request.photo)
        if isinstance(source, str):
            group.sent.append(_SentPhoto(request.row, *_place(source)))
            return 0
        photo = _SentPhoto(request.row, source, file=request.file)
        identity = hashlib.sha256(source).hexdigest()
        if identity in self.known:
            group.kept.append(_received(photo, ReadPhoto(request.row, identity)))
            return 0
        group.sent.append(photo)
        return len(source)

    def identify(self, group: _PhotoGroup) -> Optional[Future]:
        """Have the files read, to know those whose features are kept: these are not computed again."""
        files = [PhotoRequest(photo.row, photo.source) for photo in group.sent if isinstance(photo.source, str)]
        if self.identify_first is None:
            self.identify_first = bool(self.known)
        if not files or not self.identify_first:
            return None
        self.hand_out()
        return self.client.submit(identities_of, files, pure=False, retries=_RETRIES, priority=1)

    def without_known(self, group: _PhotoGroup, identified: Optional[List[ReadPhoto]]) -> _PhotoGroup:
        if identified is None:
            return group
        kept = {photo.row: photo for photo in identified if not photo.reason and photo.identity in self.known}
        bad = {photo.row: photo.reason for photo in identified if photo.reason}
        return _PhotoGroup(
            sent=[photo for photo in group.sent if photo.row not in kept and photo.row not in bad],
            kept=group.kept + [_received(photo, kept[photo.row]) for photo in group.sent if photo.row in kept],
            bad=group.bad + _seen_from_here(bad.items(), group.sent),
            read=sum(photo.read for photo in identified),
        )

    def compute(self, group: _PhotoGroup) -> Optional[Future]:
        if not group.sent:
            return None
        self.hand_out()
        requests = [PhotoRequest(photo.row, photo.source) for photo in group.sent]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")  # one photo may be larger than Dask likes
            return self.client.submit(features_of, requests, self.network, pure=False, retries=_RETRIES)

    def hand_out(self) -> None:
        """Before anything else: where the workers lack Kinframe, this raises the error for it."""
        self.network = self.network or hand_out(self.client, self.settled)

    def batch(self, group: _PhotoGroup, made: List[FeatureBatch]) -> FeatureBatch:
        sent = {photo.row: photo for photo in group.sent}
        computed = [_received(sent[photo.row], photo) for batch in made for photo in batch.photos]
        photos = sorted(group.kept + computed, key=lambda photo: photo.row)
        known = sum(photo.identity in self.known for photo in photos)
        self.identify_first = known > 0 and known >= _WORTHWHILE * len(photos)
        none = np.empty((0, self.settled.loaded.dimension), np.float32)
        bad = [row_and_reason for batch in made for row_and_reason in batch.bad]
        seconds = {name: sum(batch.seconds[name] for batch in made) for name in ("read", "decode", "network")}
        return FeatureBatch(
            photos=photos,
            new=[identity for batch in made for identity in batch.new],
            vectors=np.concatenate([none, *(batch.vectors for batch in made if batch.new)]),
            bad=sorted(group.bad + _seen_from_here(bad, group.sent)),
            seconds={**seconds, "read": seconds["read"] + group.read},
        )


def _place(source: str) -> Tuple[str, Optional[stamps.Stamp]]:
    if is_address(source):
        return source, None
    path = os.path.abspath(source)  # noqa: PTH100 (needed for every photo, and Path's is slow)
    try:
        return path, stamps.stamp(path)
    except OSError:
        return path, None  # the workers may still see it


def _received(sent: _SentPhoto, photo: ReadPhoto) -> ReadPhoto:
    """A photo from a worker, with where it is as seen from here, and whether that may be remembered.

    It may be remembered where the file had the same stamp there, and here before and after.
    """
    if isinstance(sent.source, bytes):
        source, file = file_of_copy(sent.file, sent.source, photo.identity)
        return photo._replace(source=source, file=file)
    file = photo.file if photo.file is not None and photo.file.stamp == sent.stamp else None
    try:
        same = file is not None and stamps.remember(*file)
    except OSError:
        same = False
    return photo._replace(source=sent.source, file=file if same else None)


def _seen_from_here(bad: Iterable[Tuple[int, str]], sent: List[_SentPhoto]) -> List[Tuple[int, str]]:
    """The same, where a worker cannot see a photo and this machine can with a hint to it."""
    here = {photo.row for photo in sent if photo.stamp is not None}
    hint = ", though this machine has it: all need the photos under the same path, or at an address such as s3://…"
    return [(row, reason + hint if row in here and " for the worker " in reason else reason) for row, reason in bad]


def _work_of(group: _PhotoGroup) -> str:
    """The photos that a worker has of a group, in a few words."""
    photos = group.sent
    names = [photo.source if isinstance(photo.source, str) else f"{len(photo.source)} bytes" for photo in photos]
    if len(names) < 2:
        return f"{names[0]} (row {photos[0].row})" if names else "no photo"
    some = ", ".join([*names[:3], *(["…"] if len(names) > 3 else [])])
    return f"{len(names)} photos ({some}; rows {photos[0].row} to {photos[-1].row})"
