"""Writes a file of a frame, whole or not at all."""

import contextlib
import errno
import os
from pathlib import Path
from typing import BinaryIO, Iterator

from helpers.files.cache import replacing
from helpers.sframe.errors import BadFile


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """An open file that replaces `path` at the end, or is removed if anything fails."""
    with contextlib.ExitStack() as stack:
        try:
            if not path.parent.is_dir():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            file = stack.enter_context(stack.enter_context(replacing(path)).open("wb"))
        except OSError as error:
            raise BadFile(f"{path}: {error.strerror}; choose another place to write to") from error
        yield file
        file.flush()
        os.fsync(file.fileno())
