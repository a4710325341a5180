"""Moving one file so that at no moment it is lost: never over another, to another disk too."""

import contextlib
import hashlib
import itertools
import os
import shutil
import stat
from pathlib import Path
from typing import Iterator, List, Union

from helpers.files.stamps import sha256_now


def move_file(source: Path, target: Path, identity: str) -> None:
    """Move a file to where nothing is; else, and at any trouble, it stays. Raises `OSError`."""
    try:
        os.link(source, target)  # unlike a renaming, this never writes over anything
    except FileExistsError:
        raise
    except OSError:  # another disk, or one without such links
        _copy(source, target, identity)
    try:
        source.unlink()
    except BaseException:
        if source.exists():
            target.unlink()
        raise


def _copy(source: Path, target: Path, identity: str) -> None:
    """A copy that is known to be whole, or none."""
    with target.open("xb") as written:
        try:
            with source.open("rb") as read:
                shutil.copyfileobj(read, written, 1 << 20)
            written.flush()
            os.fsync(written.fileno())
            with contextlib.suppress(OSError):  # some disks take no dates
                shutil.copystat(str(source), str(target))
            if sha256(str(target)) != identity:
                raise OSError("the copy is not what the file was")
        except BaseException:
            written.close()
            target.unlink()
            raise


def two_names(one: Path, other: Path) -> bool:
    """Whether these are two names of one file (hard links), so that it outlives the loss of one. Raises `OSError`."""
    ours, theirs = os.lstat(one), os.lstat(other)
    same = stat.S_ISREG(ours.st_mode) and os.path.samestat(ours, theirs) and ours.st_nlink > 1
    return same and os.path.realpath(one) != os.path.realpath(other)  # else one name by two ways


def names(name: str) -> Iterator[str]:
    """A name for a place below a folder, and then others, should it be taken: `a.jpg`, `a (2).jpg`."""
    *above, last = parts(name)
    stem, dot, ending = last.rpartition(".")
    stem, ending = (stem, dot + ending) if stem else (last, "")
    yield "/".join([*above, last])
    for number in itertools.count(2):
        yield "/".join([*above, f"{stem} ({number}){ending}"])


def parts(name: str) -> List[str]:
    """The parts of a name with `/`, none of which leads out of a folder."""
    found = name.replace("\0", "_").split("/")
    if os.name == "nt":
        found = [part.replace("\\", "_").replace(":", "_") for part in found]
    return [part for part in found if part not in ("", ".", "..")] or ["photo"]


def sha256(source: Union[str, bytes]) -> str:
    """Of the bytes as they are now: what was remembered of a file does not do here. Raises `OSError`."""
    return hashlib.sha256(source).hexdigest() if isinstance(source, bytes) else sha256_now(source)
