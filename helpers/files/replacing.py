"""Writing a file or a folder whole or not at all."""

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Iterator


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write a file whole or not at all: `with replacing(path) as half: ...` fill the file `half`.

    `half` is a new file beside `path`, with a name that no other process uses.
    When the block ends without an error, it takes the place of `path` in one
    step, and has its permissions; otherwise it is removed and `path` stays as it
    was. A file that is new can be read by all. Raises `OSError` where the folder
    cannot be made or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    half = Path(name)
    try:
        yield half
        half.chmod(_mode(path, 0o644))  # mkstemp's 0600 would lock the others out of a cache that a class shares
        half.replace(path)
    finally:
        if half.exists():
            half.unlink()


@contextlib.contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """The same for a folder: `half` is a new, empty one; the folder that it replaces goes once it is complete."""
    path = Path(os.path.realpath(path))  # where a link leads to: the link stays
    path.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    old = half.with_name(half.name + ".old")
    try:
        yield half
        half.chmod(_mode(path, 0o755))
        if path.exists():
            path.rename(old)
        half.rename(path)
    finally:
        if old.exists() and not path.exists():  # an interrupt too must not leave the old one under another name
            old.rename(path)
        for folder in (half, old):
            shutil.rmtree(folder, ignore_errors=True)


def _mode(path: Path, new: int) -> int:
    """Who may do what with a file or folder: what was private stays private."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return new
