"""The folder for everything that can be made or fetched again, and safe ways to put files there.

Deleting the folder loses time, never data.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Dict, Iterator, NamedTuple, Optional, Tuple, Union

import numpy as np

_LARGE = 2**28  # bytes
_SETTLED = 3 * 10**9  # ns: the clocks of some disks have steps of two seconds


class Stamp(NamedTuple):
    """What changes when a file changes."""

    size: int  # bytes
    modified: int  # ns, as the file system says it
    changed: int  # ns; also moves when the other one is set back


_hashed: Dict[str, Tuple[Stamp, str]] = {}  # path → sha-256 of the file that had this stamp


def cache_folder() -> Path:
    """Kinframe's cache folder, which need not exist yet.

    The environment variable `KINFRAME_CACHE` names it; without that it is
    where the operating system wants caches (`~/.cache/kinframe` on Linux).
    """
    chosen = os.environ.get("KINFRAME_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    import pooch

    return Path(pooch.os_cache("kinframe"))


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write a file whole or not at all: `with replacing(path) as half: ...` fill the file `half`.

    `half` lies beside `path` under a name that no other process has. Left
    without an error, it takes the place of `path` in one step; otherwise it is
    removed and `path` stays as it was. Raises `OSError` where the folder
    cannot be made or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    half = Path(name)
    try:
        yield half
        half.chmod(0o644)  # mkstemp's 0600 would lock the others out of a cache that a class shares
        half.replace(path)
    finally:
        if half.exists():
            half.unlink()


@contextlib.contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """The same for a folder: `half` is a new one, empty; what it takes the place of goes when it is complete."""
    path = Path(os.path.realpath(path))  # where a link leads to: the link stays
    path.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    old = half.with_name(half.name + ".old")
    try:
        yield half
        half.chmod(0o755)
        if path.exists():
            path.rename(old)
        half.rename(path)
    finally:
        if old.exists() and not path.exists():  # an interrupt too must not leave the old one under another name
            old.rename(path)
        for folder in (half, old):
            shutil.rmtree(folder, ignore_errors=True)


def roomy_array(shape: Tuple[int, int]) -> np.ndarray:
    """An empty float32 array; a large one lies in a file that nobody else sees, and goes when the array goes.

    Memory is then taken by what is in use, and given up when others need it. Raises `OSError`.
    """
    if 4 * shape[0] * shape[1] < _LARGE:
        return np.empty(shape, dtype=np.float32)
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=str(cache_folder())) as file:
        return np.memmap(file, dtype=np.float32, mode="w+", shape=shape)


def stamp(path: Union[str, Path]) -> Stamp:
    """The file's stamp as it is now; raises `OSError`."""
    status = os.stat(path)  # noqa: PTH116 (five times as fast as Path's, and asked for every photo)
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def sha256(path: Union[str, Path]) -> str:
    """The sha-256 of a file, in hex.

    Remembered for as long as the file's stamp stays as it was: 100 MB take
    0.3 s. Raises `OSError`.
    """
    known = remembered(path)
    if known is not None:
        return known[1]
    before = stamp(path)
    digest = hashlib.sha256()
    with Path(path).open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    remember(path, before, digest.hexdigest())
    return digest.hexdigest()


def remembered(path: Union[str, Path]) -> Optional[Tuple[Stamp, str]]:
    """Stamp and sha-256 of a file whose bytes were seen before, if it has not changed since; raises `OSError`."""
    seen = _hashed.get(str(path))
    return seen if seen is not None and seen[0] == stamp(path) else None


def remember(path: Union[str, Path], before: Stamp, digest: str) -> bool:
    """Remember the sha-256 of bytes that were read from a file after it had the stamp `before`.

    Does nothing, and says so, where the file is not `settled`. Raises `OSError`.
    """
    if not settled(path, before):
        return False
    _hashed[str(path)] = before, digest
    return True


def settled(path: Union[str, Path], before: Stamp) -> bool:
    """Whether a file still has the stamp `before`, and has had it for so long that any change would show in it.

    Raises `OSError`.
    """
    return stamp(path) == before and max(before.modified, before.changed) < time.time_ns() - _SETTLED


def recall(files: Dict[str, Tuple[Stamp, str]]) -> None:
    """Remember what an earlier process knew: path → stamp and sha-256."""
    _hashed.update(files)
