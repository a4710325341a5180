"""A file written beside its place and put there in one step, so that no reader sees half of it."""

import contextlib
import os
import uuid
from pathlib import Path
from typing import BinaryIO, Iterator

from helpers.sframe.errors import NotAFrame


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """An open file that takes the place of `path` at the end, or leaves nothing if anything fails."""
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        file = beside.open("xb")
    except OSError as error:
        raise NotAFrame(f"{path}: {error.strerror}; choose another place to write to") from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink()
        raise
