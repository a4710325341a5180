"""Whether a file has changed: its stamp (size and times), and its sha-256, remembered while the stamp stays."""

import hashlib
import os
import time
from pathlib import Path
from typing import Dict, NamedTuple, Optional, Tuple, Union

from helpers.files.reading import open_regular

_SETTLED = 3 * 10**9  # ns: the clocks of some disks have steps of two seconds


class Stamp(NamedTuple):
    """What changes when a file changes."""

    size: int  # bytes
    modified: int  # ns, by the file system's clock
    changed: int  # ns; also moves when `modified` is set back


_hashed: Dict[str, Tuple[Stamp, str]] = {}  # path → sha-256 of the file that had this stamp


def stamp(path: Union[str, Path]) -> Stamp:
    """The file's stamp as it is now; raises `OSError`."""
    status = os.stat(path)  # noqa: PTH116 (five times as fast as Path's, and asked for every photo)
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def settled(path: Union[str, Path], before: Stamp) -> bool:
    """Whether a file still has the stamp `before`, and has had it for so long that any change would show in it.

    Raises `OSError`.
    """
    return stamp(path) == before and is_past(before.modified, before.changed)


def is_past(*times: int) -> bool:
    """Whether times of a file or folder, in ns, are so long ago that a change from now on would show in them."""
    return max(times) < time.time_ns() - _SETTLED


def sha256(path: Union[str, Path]) -> str:
    """The sha-256 of a file, in hex.

    Remembered for as long as the file's stamp stays as it was: 100 MB take
    0.3 s. Raises `OSError`.
    """
    known = remembered(path)
    if known is not None:
        return known[1]
    before = stamp(path)
    digest = sha256_now(path)
    remember(path, before, digest)
    return digest


def sha256_now(path: Union[str, Path]) -> str:
    """The sha-256 of a file's bytes, in hex, read again whatever is remembered; raises `OSError`."""
    digest = hashlib.sha256()
    with open_regular(path, most=None) as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def remembered(path: Union[str, Path]) -> Optional[Tuple[Stamp, str]]:
    """Stamp and sha-256 of a file whose bytes were seen before, if it has not changed since; raises `OSError`."""
    seen = _hashed.get(str(path))
    return seen if seen is not None and seen[0] == stamp(path) else None


def remember(path: Union[str, Path], before: Stamp, digest: str) -> bool:
    """Remember the sha-256 of bytes that were read from a file after it had the stamp `before`.

    Returns whether it is remembered: not where the file is not `settled`. Raises `OSError`.
    """
    if not settled(path, before):
        return False
    _hashed[str(path)] = before, digest
    return True


def recall(files: Dict[str, Tuple[Stamp, str]]) -> None:
    """Remember what an earlier process knew: path → stamp and sha-256."""
    _hashed.update(files)
