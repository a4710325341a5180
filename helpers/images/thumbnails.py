"""Thumbnails that are made on demand and kept in a file in the cache folder.

Deleting the file loses time, never data.
"""

import hashlib
import io
import os
from contextlib import closing
from pathlib import Path
from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple, TypeVar, Union

from PIL import Image

from helpers.arguments import check_whole, takes
from helpers.errors import PhotoError
from helpers.files.cache import cache_folder
from helpers.files.spelling import expanded
from helpers.files.stamps import Stamp, settled, stamp
from helpers.files.threads import work_ahead
from helpers.files.thumbnail_file import ThumbnailFile
from helpers.images.boxes import Box
from helpers.images.crop import enlarged
from helpers.images.decode import READING, open_photo, read_photo
from helpers.images.opening import Readable
from helpers.images.trouble import refusal

_SHAPE = 4 / 3  # of the thumbnail of a part
_AT_ONCE = 500  # photos whose thumbnails are made before they are kept

Photo = Tuple[Union[str, bytes], Optional[str]]  # its path, or the bytes of its file; and their sha-256
Item = TypeVar("Item")
Result = TypeVar("Result")


@takes(source="path or photo")
def thumbnail(source: Readable, *, side: int = 160) -> bytes:
    """The photo as a JPEG of at most `side` pixels along its longer side; raises `PhotoError`."""
    return _jpeg(source, side, 80)


@takes(source="path or photo")
def preview(source: Readable, size: int = 1600) -> bytes:
    """The photo as a JPEG to fill a screen, of at most `size` pixels along its longer side; raises `PhotoError`."""
    return _jpeg(source, size, 85)


def part_thumbnail(content: bytes, box: Box, *, side: int = 160) -> bytes:
    """A part of a photo and what is close to it, 4:3, as a JPEG of `side` pixels along its longer side.

    See `helpers.images.crop.enlarged`, which raises the same errors.
    """
    return _encoded(Image.fromarray(enlarged(content, box, side, _SHAPE).pixels), 80)


def _jpeg(source: Readable, side: int, quality: int) -> bytes:
    return _encoded(open_photo(source, within=side, to_look_at=True), quality)


def _encoded(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


class Thumbnails:
    """JPEG thumbnails of at most `size` pixels along the longer side, kept in the file `path`.

    Without `path` that is a file in the cache folder, which is replaced where
    it is damaged; a file that was named stays as it is. A file that cannot be used
    is never an error: thumbnails are then made each time. Several threads may
    use one `Thumbnails`, and nothing needs to be closed.

    A photo's key is the sha-256 of its file, in hex, where that is given, and it
    may then be moved or renamed; else its path, size and times. A photo that
    is gone has no thumbnail.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     jpeg = Thumbnails(folder + "/kept").get("data/robots/bolu/bolu-001.jpg")
    >>> jpeg.startswith(bytes.fromhex("ffd8"))
    True
    """

    def __init__(self, path: Union[str, "os.PathLike[str]", None] = None, size: int = 160) -> None:
        check_whole("size", size)
        self.size = size
        place = cache_folder() / "thumbnails.kinframe" if path is None else expanded(path).absolute()
        self._file = ThumbnailFile(place, replaceable=path is None)

    @property
    def path(self) -> Path:
        """Where thumbnails are kept."""
        return self._file.path

    def get(self, source: Union[str, bytes], identity: Optional[str] = None) -> bytes:
        """The thumbnail of a photo, kept or made now.

        `source` is a path or the bytes of a photo file, `identity` the sha-256
        of the file where it is known. Raises `PhotoError` where the photo is
        gone, or is neither kept nor readable.
        """
        photo = _keyed(_Wanted(source, identity))
        kept = self._file.read(self.size, [photo.key])
        if photo.key in kept:
            return kept[photo.key]
        made = self._make(photo)
        if made.lasting:
            self._file.write(self.size, {photo.key: made.jpeg})
        return made.jpeg

    def get_many(
        self, photos: Sequence[Photo], boxes: Optional[Sequence[Optional[Box]]] = None
    ) -> List[Optional[bytes]]:
        """The thumbnail of each photo, given as `get` takes it; None where `get` raises.

        With `boxes`, one for each photo, they are of the parts in these, see `part_thumbnail`; None is the whole photo.
        Thumbnails that are kept are read together; the others are made by several threads.
        """
        wanted = [_Wanted(*photo, box) for photo, box in zip(photos, boxes or [None] * len(photos))]
        jpegs: List[Optional[bytes]] = []
        for start in range(0, len(wanted), _AT_ONCE):
            jpegs += self._some(wanted[start : start + _AT_ONCE])
        return jpegs

    def _some(self, photos: Sequence["_Wanted"]) -> List[Optional[bytes]]:
        keyed = _in_threads(_keyed, photos, quick=True)
        jpegs = self._file.read(self.size, [photo.key for photo in keyed if photo])
        missing = {photo.key: photo for photo in keyed if photo and photo.key not in jpegs}
        made = {key: one for key, one in zip(missing, _in_threads(self._make, list(missing.values()))) if one}
        self._file.write(self.size, {key: one.jpeg for key, one in made.items() if one.lasting})
        jpegs.update((key, one.jpeg) for key, one in made.items())
        return [jpegs.get(photo.key) if photo else None for photo in keyed]

    def _make(self, photo: "_KeyedPhoto") -> "_MadeThumbnail":
        """Raises `PhotoError`."""
        if isinstance(photo.source, bytes):
            return _MadeThumbnail(self._jpeg_of(photo.source, photo.box), True)
        content = read_photo(photo.source)
        return _MadeThumbnail(self._jpeg_of(content, photo.box), _is_still(photo, photo.source, content))

    def _jpeg_of(self, content: bytes, box: Optional[Box]) -> bytes:
        return thumbnail(content, side=self.size) if box is None else part_thumbnail(content, box, side=self.size)


class _Wanted(NamedTuple):
    """A photo, or a part of one, whose thumbnail is wanted."""

    source: Union[str, bytes]
    identity: Optional[str]
    box: Optional[Box] = None


class _KeyedPhoto(NamedTuple):
    """A photo that exists, and the key of its thumbnail."""

    key: bytes
    box: Optional[Box]
    source: Union[str, bytes]
    identity: str  # empty where the key is made of path and stamp
    stamp: Optional[Stamp]


class _MadeThumbnail(NamedTuple):
    """A thumbnail, and whether it may be kept."""

    jpeg: bytes
    lasting: bool


def _keyed(photo: _Wanted) -> _KeyedPhoto:
    """Raises `PhotoError` where the photo is gone."""
    source, identity, box = photo
    part = b"" if box is None else f" part {tuple(map(float, box))}".encode()
    if isinstance(source, bytes):
        identity = identity or hashlib.sha256(source).hexdigest()
        return _KeyedPhoto(_key(identity.encode() + part), box, source, identity, None)
    try:
        now = stamp(source)
    except OSError as error:
        raise refusal(source, error) from error
    if identity:
        return _KeyedPhoto(_key(identity.encode() + part), box, source, identity, now)
    path = os.path.abspath(source)  # noqa: PTH100 (Path's is slow, and this is every photo's)
    return _KeyedPhoto(_key(os.fsencode(path) + repr(tuple(now)).encode() + part), box, source, "", now)


def _is_still(photo: _KeyedPhoto, path: str, content: bytes) -> bool:
    """Whether what was read from its file is the photo that its key stands for; it may have changed since."""
    if photo.identity:
        return hashlib.sha256(content).hexdigest() == photo.identity
    try:
        return photo.stamp is not None and settled(path, photo.stamp)
    except OSError:
        return False


def _key(content: bytes) -> bytes:
    return hashlib.sha256(b"reading %d " % READING + content).digest()


def _in_threads(
    work: Callable[[Item], Result], items: Sequence[Item], *, quick: bool = False
) -> List[Optional[Result]]:
    """`work(item)` of each, None where it raises `PhotoError`; for `quick` see `work_ahead`."""
    if not items:
        return []

    def attempt(item: Item) -> Optional[Result]:
        try:
            return work(item)
        except PhotoError:
            return None

    with closing(work_ahead(attempt, items, ahead=len(items), quick=quick)) as done:
        return list(done)
