"""From photos to features on this machine: reading and decoding on all cores, beside the network.

Each photo's file is read once: its bytes give the photo's identity and its
pixels. A photo whose feature is kept already is read at most, never decoded.
"""

import hashlib
import os
import time
from contextlib import closing
from functools import partial
from typing import (
    Any,
    Callable,
    Container,
    Dict,
    Generator,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Tuple,
    Union,
)

import numpy as np

from helpers.errors import PhotoError
from helpers.files import stamps
from helpers.files.threads import in_background, work_ahead
from helpers.frames.images import source_of
from helpers.images.decode import open_sized, read_photo

Run = Callable[[List[np.ndarray]], np.ndarray]  # decoded photos to features: a network that is ready

_LONGEST = 2.0  # seconds for which slow photos are gathered before they go through the network
_WILD = "its features are not finite numbers"


class File(NamedTuple):
    """Which photo a file was when it was last read."""

    path: str  # in full
    stamp: stamps.Stamp
    identity: str  # sha-256


class Asked(NamedTuple):
    """A photo whose feature is wanted."""

    row: int
    photo: Any  # an Image, a path, the bytes of a file; or None
    file: Optional[str] = None  # where the same photo may lie as a file, if `photo` is a copy


class Looked(NamedTuple):
    """A photo that was read."""

    row: int
    identity: str = ""  # sha-256 of its file
    source: Union[str, bytes] = ""  # a full path, or the bytes where there is no file
    pixels: Optional[np.ndarray] = None  # None where its feature is kept already
    reason: str = ""  # why it cannot be read
    file: Optional[File] = None  # to be remembered
    read: float = 0.0  # seconds
    decode: float = 0.0
    whole: Optional[Tuple[int, int]] = None  # width and height of the upright photo in its file, if it was decoded


class Batch(NamedTuple):
    """What became of some photos."""

    looked: List[Looked]  # those that can be read, in their order
    new: List[str]  # the identities of those whose features were computed now
    vectors: np.ndarray  # and the features, float32 [len(new), dimension]
    bad: List[Tuple[int, str]]  # the others: row and reason
    spent: Dict[str, float]  # seconds: read and decode, summed over threads; network


def batches(
    asked: Iterable[Asked], run: Run, *, size: Tuple[int, int], batch_size: int, known: Container[str] = ()
) -> Generator[Batch, None, None]:
    """The features of photos, some at a time, in their order; to be closed by its reader.

    At most four batches of decoded photos are in memory, and one whole photo
    for each thread. Photos whose identity is in `known` are not decoded.
    """
    looked = work_ahead(partial(look, size=size, known=known), asked, ahead=2 * batch_size)
    with closing(looked), closing(in_background(computed(looked, run, batch_size))) as ready:
        yield from ready


def look(asked: Asked, *, size: Tuple[int, int], known: Container[str] = ()) -> Looked:
    """Read one photo, and decode it to `size` unless it is known."""
    start = time.perf_counter()
    try:
        if asked.photo is None:
            raise PhotoError("there is no photo in this row")
        source = source_of(asked.photo)
        if isinstance(source, bytes):
            content, identity = source, hashlib.sha256(source).hexdigest()
            source, file = file_of_copy(asked.file, content, identity)
        else:
            source = os.path.abspath(source)  # noqa: PTH100 (asked for every photo, and Path's is slow)
            file = unchanged(source)
            if file is not None and file.identity in known:
                return Looked(asked.row, file.identity, source, file=file, read=time.perf_counter() - start)
            content, identity, file = _read(source)
        begun = time.perf_counter()
        pixels, whole = None, None
        if identity not in known:
            photo, whole = open_sized(content, size=size)
            pixels = np.asarray(photo)
        decode = time.perf_counter() - begun
        return Looked(asked.row, identity, source, pixels, file=file, read=begun - start, decode=decode, whole=whole)
    except PhotoError as error:
        return Looked(asked.row, reason=str(error), read=time.perf_counter() - start)


def unchanged(path: Optional[str]) -> Optional[File]:
    """What is known of a file that was read before and has not changed since; None of any other."""
    try:
        seen = None if path is None else stamps.remembered(path)
    except OSError:
        return None
    return None if path is None or seen is None else File(path, *seen)


def _read(path: str) -> Tuple[bytes, str, Optional[File]]:
    """A file's bytes, their sha-256, and what to remember of it, if it may be remembered; raises `PhotoError`."""
    try:
        before = stamps.stamp(path)
        content = read_photo(path)
        identity = hashlib.sha256(content).hexdigest()
        return content, identity, File(path, before, identity) if stamps.remember(path, before, identity) else None
    except OSError:
        content = read_photo(path)  # says in our words what is wrong with it
        return content, hashlib.sha256(content).hexdigest(), None


def file_of_copy(path: Optional[str], content: bytes, identity: str) -> Tuple[Union[str, bytes], Optional[File]]:
    """The file that still holds the same bytes, which then need not be kept in memory; or the bytes."""
    try:
        if path is None or stamps.stamp(path).size != len(content):
            return content, None
        path = os.path.abspath(path)  # noqa: PTH100
        file = unchanged(path) or _read(path)[2]
        return (path, file) if stamps.sha256(path) == identity else (content, None)
    except (OSError, PhotoError):
        return content, None


def computed(looked: Iterable[Looked], run: Run, batch_size: int) -> Iterator[Batch]:
    """What was read, some at a time, through the network."""
    for some in _gathered(looked, batch_size):
        begun = time.perf_counter()
        fresh = [photo for photo in some if photo.pixels is not None]
        pixels = [photo.pixels for photo in fresh if photo.pixels is not None]
        vectors = run(pixels) if pixels else np.empty((0, 0), np.float32)
        finite = np.isfinite(vectors).all(axis=1)
        wild = {photo.row for photo, fine in zip(fresh, finite) if not fine}
        yield Batch(
            looked=[photo._replace(pixels=None) for photo in some if not photo.reason and photo.row not in wild],
            new=[photo.identity for photo, fine in zip(fresh, finite) if fine],
            vectors=vectors[finite],
            bad=[(photo.row, photo.reason or _WILD) for photo in some if photo.reason or photo.row in wild],
            spent={
                "read": sum(photo.read for photo in some),
                "decode": sum(photo.decode for photo in some),
                "network": time.perf_counter() - begun,
            },
        )


def _gathered(looked: Iterable[Looked], batch_size: int) -> Iterator[List[Looked]]:
    some: List[Looked] = []
    since = time.monotonic()
    for photo in looked:
        some.append(photo)
        if len(some) == batch_size or time.monotonic() - since > _LONGEST:
            yield some
            some, since = [], time.monotonic()
    if some:
        yield some
