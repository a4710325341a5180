"""The folder for everything that can be made or fetched again, and safe ways to put files there.

Deleting the folder loses time, never data.
"""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Dict, Iterator, Tuple

_hashed: Dict[Tuple[str, int, int], str] = {}  # (path, bytes, mtime in ns) → sha-256, for this process only


def cache_folder() -> Path:
    """Photokin's cache folder, which need not exist yet.

    The environment variable `PHOTOKIN_CACHE` names it; without that it is
    where the operating system wants caches (`~/.cache/photokin` on Linux).
    """
    chosen = os.environ.get("PHOTOKIN_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    import pooch

    return Path(pooch.os_cache("photokin"))


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


def sha256(path: Path) -> str:
    """The sha-256 of a file, in hex.

    Remembered in this process for as long as the file's size and time of
    change stay as they were: 100 MB take 0.3 s. Raises `OSError`.
    """
    status = path.stat()
    key = (str(path), status.st_size, status.st_mtime_ns)
    if key not in _hashed:
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
        _hashed[key] = digest.hexdigest()
    return _hashed[key]
