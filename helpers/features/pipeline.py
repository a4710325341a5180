"""From photos to features on this machine: reading and decoding on all cores, beside the network.

Each photo's file is read once: its bytes give the photo's identity and its pixels. A photo whose feature is kept
already is read at most, never decoded.
"""

import hashlib
import os
import time
from contextlib import closing
from functools import partial
from typing import Any, Callable, Container, Dict, Generator, Iterable, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from helpers.errors import PhotoError
from helpers.files import stamps
from helpers.files.threads import in_background, work_ahead
from helpers.frames.images import source_of
from helpers.images.decode import Source, open_sized, read_photo

RunNetwork = Callable[[List[np.ndarray]], np.ndarray]  # decoded photos to features

_LONGEST = 2.0  # seconds for which slow photos are gathered before they go through the network
_NOT_FINITE = "its features are not finite numbers"


class PhotoRequest(NamedTuple):
    """A photo whose feature is wanted."""

    row: int
    photo: Any  # an Image, a path, the bytes of a file; or None
    file: Optional[str] = None  # where the same photo may be as a file, if `photo` is a copy


class KnownFile(NamedTuple):
    """Which photo a file was when it was last read."""

    path: str  # in full
    stamp: stamps.Stamp
    identity: str  # sha-256


class ReadPhoto(NamedTuple):
    """A photo that was read, or the reason why it could not be."""

    row: int
    identity: str = ""  # sha-256 of its file
    source: Source = ""  # a full path, or the bytes where there is no file
    pixels: Optional[np.ndarray] = None  # None where its feature is kept already
    reason: str = ""  # why it cannot be read
    file: Optional[KnownFile] = None  # to be remembered
    read: float = 0.0  # seconds
    decode: float = 0.0
    full_size: Optional[Tuple[int, int]] = None  # of the upright photo in its file: width, height, if it was decoded


class FeatureBatch(NamedTuple):
    """What became of some photos."""

    photos: List[ReadPhoto]  # those that can be read, in their order
    new: List[str]  # the identities of those whose features were computed now
    vectors: np.ndarray  # and the features, float32 [len(new), dimension]
    bad: List[Tuple[int, str]]  # the others: row and reason
    seconds: Dict[str, float]  # read and decode, summed over threads; network


def batches(
    requests: Iterable[PhotoRequest],
    run: RunNetwork,
    *,
    size: Tuple[int, int],
    batch_size: int,
    known: Container[str] = (),
) -> Generator[FeatureBatch, None, None]:
    """The features of photos, some at a time, in their order; to be closed by its reader.

    At most four batches of decoded photos are in memory, and one whole photo for each thread. Photos whose identity is
    in `known` are not decoded.
    """
    photos = work_ahead(partial(read_and_decode, size=size, known=known), requests, ahead=2 * batch_size)
    with closing(photos), closing(in_background(computed(photos, run, batch_size))) as ready:
        yield from ready


def read_and_decode(request: PhotoRequest, *, size: Tuple[int, int], known: Container[str] = ()) -> ReadPhoto:
    """Read one photo, and decode it to `size` unless it is known."""
    start = time.perf_counter()
    row, photo = request.row, request.photo
    try:
        if photo is None:
            raise PhotoError("there is no photo in this row")
        source = source_of(photo)
        if isinstance(source, bytes):
            content, identity = source, hashlib.sha256(source).hexdigest()
            source, file = file_of_copy(request.file, content, identity)
        else:
            source = os.path.abspath(source)  # noqa: PTH100 (needed for every photo, and Path's is slow)
            file = unchanged(source)
            if file is not None and file.identity in known:
                return ReadPhoto(row, file.identity, source, file=file, read=time.perf_counter() - start)
            content, identity, file = _read(source)
        begun = time.perf_counter()
        pixels, full_size = None, None
        if identity not in known:
            decoded, full_size = open_sized(content, size=size)
            pixels = np.asarray(decoded)
        read, decode = begun - start, time.perf_counter() - begun
        return ReadPhoto(row, identity, source, pixels, file=file, read=read, decode=decode, full_size=full_size)
    except PhotoError as error:
        return ReadPhoto(row, reason=str(error), read=time.perf_counter() - start)


def unchanged(path: Optional[str]) -> Optional[KnownFile]:
    """The file, if it was read before and has not changed since."""
    try:
        remembered = None if path is None else stamps.remembered(path)
    except OSError:
        return None
    return None if path is None or remembered is None else KnownFile(path, *remembered)


def _read(path: str) -> Tuple[bytes, str, Optional[KnownFile]]:
    """A file's bytes, their sha-256, and what to remember of it, if it may be remembered; raises `PhotoError`."""
    try:
        before = stamps.stamp(path)
        content = read_photo(path)
        identity = hashlib.sha256(content).hexdigest()
        return content, identity, KnownFile(path, before, identity) if stamps.remember(path, before, identity) else None
    except OSError:
        content = read_photo(path)  # whose error has our words for what is wrong with the file
        return content, hashlib.sha256(content).hexdigest(), None


def file_of_copy(path: Optional[str], content: bytes, identity: str) -> Tuple[Source, Optional[KnownFile]]:
    """The file that still holds the same bytes, which then need not be kept in memory; or the bytes."""
    try:
        if path is None or stamps.stamp(path).size != len(content):
            return content, None
        path = os.path.abspath(path)  # noqa: PTH100
        file = unchanged(path) or _read(path)[2]
        return (path, file) if stamps.sha256(path) == identity else (content, None)
    except (OSError, PhotoError):
        return content, None


def computed(photos: Iterable[ReadPhoto], run: RunNetwork, batch_size: int) -> Iterator[FeatureBatch]:
    """Photos that were read, some at a time, through the network."""
    for some in _gathered(photos, batch_size):
        begun = time.perf_counter()
        decoded = [photo for photo in some if photo.pixels is not None]
        pixels = [photo.pixels for photo in decoded if photo.pixels is not None]
        vectors = run(pixels) if pixels else np.empty((0, 0), np.float32)
        finite = np.isfinite(vectors).all(axis=1)
        wild = {photo.row for photo, fine in zip(decoded, finite) if not fine}
        yield FeatureBatch(
            photos=[photo._replace(pixels=None) for photo in some if not photo.reason and photo.row not in wild],
            new=[photo.identity for photo, fine in zip(decoded, finite) if fine],
            vectors=vectors[finite],
            bad=[(photo.row, photo.reason or _NOT_FINITE) for photo in some if photo.reason or photo.row in wild],
            seconds={
                "read": sum(photo.read for photo in some),
                "decode": sum(photo.decode for photo in some),
                "network": time.perf_counter() - begun,
            },
        )


def _gathered(photos: Iterable[ReadPhoto], batch_size: int) -> Iterator[List[ReadPhoto]]:
    some: List[ReadPhoto] = []
    since = time.monotonic()
    for photo in photos:
        some.append(photo)
        if len(some) == batch_size or time.monotonic() - since > _LONGEST:
            yield some
            some, since = [], time.monotonic()
    if some:
        yield some
