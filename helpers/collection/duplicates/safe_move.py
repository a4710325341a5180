"""Moving files so that at no moment one is lost: never over another, to another disk too, and noted in a journal.

The journal is in the folder to which files are moved, and has the old place of each before it is moved. Its lines are
signed with the key of this machine: another's could name any place.
"""

import contextlib
import hashlib
import hmac
import itertools
import json
import os
import shutil
import stat
from pathlib import Path
from typing import Dict, Iterator, List, Union

from helpers.errors import ExportError
from helpers.files.cache import machine_key
from helpers.files.json_file import parse_json
from helpers.files.reading import read_regular
from helpers.files.spelling import portable
from helpers.files.stamps import sha256_now

JOURNAL = "kinframe-moved.jsonl"


def move_file(source: Path, target: Path, identity: str) -> None:
    """Move a file to a free place. Raises `OSError` where that fails, and the file stays where it was."""
    try:
        os.link(source, target)  # unlike a renaming, this never writes over anything
    except FileExistsError:
        raise
    except OSError:  # another disk, or one without such links
        _copy_whole(source, target, identity)
    try:
        source.unlink()
    except BaseException:
        if source.exists():
            target.unlink()
        raise


def _copy_whole(source: Path, target: Path, identity: str) -> None:
    """Copy a file and compare the copy; where anything fails no copy is left."""
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
    """The parts of a name with `/`, none of which leads out of a folder; on Windows as it takes them."""
    pieces = [part for part in name.replace("\0", "_").split("/") if part not in ("", ".", "..")]
    return (list(map(portable, pieces)) if os.name == "nt" else pieces) or ["photo"]


def sha256(source: Union[str, bytes]) -> str:
    """Of the bytes as they are now: what was remembered of a file does not do here. Raises `OSError`."""
    return hashlib.sha256(source).hexdigest() if isinstance(source, bytes) else sha256_now(source)


class Journal:
    """A file of moves, a line of JSON each; a line is on disk before its file is moved."""

    def __init__(self, path: Path) -> None:
        if path.is_symlink():  # in a folder from somebody else it could lead to a file that is run, or is another's
            raise OSError(f"{path.name} is a link")
        self._path = path
        self._file = path.open("a+b")
        if self._file.seek(0, os.SEEK_END):
            self._file.seek(-1, os.SEEK_END)
            if self._file.read(1) != b"\n":  # a crash while it was written
                self._file.write(b"\n")

    def write(self, entry: Dict[str, str]) -> None:
        with contextlib.suppress(OSError):  # no key: it is asked about before it is undone
            entry = {**entry, "signature": _signature(entry)}
        self._file.write(json.dumps(entry).encode("ascii") + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def open_moves(self) -> Dict[str, Dict[str, str]]:
        """The moves that were not undone, by the place in the folder, in the order of moving."""
        moves: Dict[str, Dict[str, str]] = {}
        for line in read_regular(self._path).splitlines():
            try:
                entry = parse_json(line)
            except ValueError:  # half a line: it stands for nothing that was done
                continue
            if isinstance(entry, dict) and "back" in entry:
                moves.pop(str(entry["back"]), None)
            elif isinstance(entry, dict) and {"from", "to", "sha256"} <= set(entry):
                moves.pop(str(entry["to"]), None)
                moves[str(entry["to"])] = {name: str(value) for name, value in entry.items()}
        return moves

    def close(self) -> None:
        self._file.close()


def is_ours(entry: Dict[str, str]) -> bool:
    """Whether an entry of a journal was written by this person on this machine."""
    try:
        return hmac.compare_digest(str(entry.get("signature")), _signature(entry))
    except OSError:
        return False


def _signature(entry: Dict[str, str]) -> str:
    content = json.dumps(sorted(item for item in entry.items() if item[0] != "signature"))
    return hmac.new(machine_key(), content.encode("ascii"), hashlib.sha256).hexdigest()


@contextlib.contextmanager
def writing(place: Path) -> Iterator[Journal]:
    """The journal of a folder. Raises `ExportError` where it cannot be written, and no more is moved then."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        journal = Journal(place / JOURNAL)
    except OSError as error:
        raise ExportError(f"{place}: cannot be written ({error.strerror or error}); choose another folder") from error
    try:
        yield journal
    except OSError as error:
        raise ExportError(
            f"{place / JOURNAL}: cannot be written any more ({error.strerror or error}); what was moved until then is "
            f"noted there, and undo_move puts it back"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            journal.close()
