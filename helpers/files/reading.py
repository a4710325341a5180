"""Reading files that anybody may have put into a folder: regular ones only, and none without end.

A pipe would never be read to its end, a device has none, and a file with holes
of many gigabytes has a few kilobytes on the disk.
"""

import errno
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO, Optional, Union

_MUCH = 2**20  # bytes
LARGEST = 2**30  # bytes: twice a photo of 178 megapixels that is not packed

_FLAGS = os.O_RDONLY
for _name in ("O_BINARY", "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK"):  # the last: a pipe is opened without waiting
    _FLAGS |= getattr(os, _name, 0)


class _RegularFile(io.BufferedReader):
    """A file of which more bytes can be asked for than there are: `read` would take memory for all of them first."""

    def read(self, size: Optional[int] = -1) -> bytes:
        """At most `size` bytes."""
        if size is not None and size > _MUCH:
            size = min(size, max(0, os.fstat(self.fileno()).st_size - self.tell()))
        return super().read(size)


class NotRead(OSError):
    """A file that is not read on purpose; the message is the reason, without the file's name."""


def open_regular(path: Union[str, "os.PathLike[str]"], *, most: Optional[int] = LARGEST) -> BinaryIO:
    """Open a regular file of at most `most` bytes (None: of any size) to be read.

    Raises `NotRead` for anything else (a pipe, a device, a larger file), and
    `OSError` as `open` does. Nothing is waited for.
    """
    _check(os.stat(path), most)  # noqa: PTH116 (a device may do something when it is opened)
    handle = os.open(path, _FLAGS)
    try:
        _check(os.fstat(handle), most)  # it may be another file by now
        return _RegularFile(io.FileIO(handle))
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: Union[str, "os.PathLike[str]"], *, most: Optional[int] = LARGEST) -> bytes:
    """The bytes of a regular file of at most `most` bytes (None: of any size); raises as `open_regular` does."""
    with open_regular(Path(path), most=most) as file:
        content = file.read(-1 if most is None else most + 1)
    if most is not None and len(content) > most:  # it grew
        raise NotRead(_too_large(len(content), most))
    return content


def inside(folder: Path, name: str) -> Path:
    """The place of a file in a folder that anybody may have made; raises `NotRead` where a link leads out of it.

    What such a file leads to is the reader's own, and must not become a part of what somebody else gave.
    """
    place = folder / name
    if Path(os.path.realpath(folder)) not in Path(os.path.realpath(place)).parents:
        raise NotRead(f"{name} is a link to outside of the folder")
    return place


def _check(status: os.stat_result, most: Optional[int]) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise NotRead("not a regular file")
    if most is not None and status.st_size > most:
        raise NotRead(_too_large(status.st_size, most))


def _too_large(size: int, most: int) -> str:
    return f"{size / 1e9:,.1f} GB, and files of at most {most / 1e9:,.1f} GB are read"
