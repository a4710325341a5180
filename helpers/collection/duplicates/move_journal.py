"""A journal of files that were moved to a folder: of each it says where it was, before it is moved."""

import contextlib
import json
import os
from pathlib import Path
from typing import Dict, Iterator

from helpers.errors import ExportError

JOURNAL = "kinframe-moved.jsonl"


class Journal:
    """What was moved, a line of JSON each; on disk before anything is done."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("a+b")
        if self._file.seek(0, os.SEEK_END):
            self._file.seek(-1, os.SEEK_END)
            if self._file.read(1) != b"\n":  # a crash while it was written
                self._file.write(b"\n")

    def write(self, entry: Dict[str, str]) -> None:
        self._file.write(json.dumps(entry).encode("ascii") + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def open_moves(self) -> Dict[str, Dict[str, str]]:
        """What was moved and is not back, by its place in the folder, in the order of moving."""
        found: Dict[str, Dict[str, str]] = {}
        for line in self._path.read_bytes().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:  # half a line: it stands for nothing that was done
                continue
            if isinstance(entry, dict) and "back" in entry:
                found.pop(str(entry["back"]), None)
            elif isinstance(entry, dict) and {"from", "to", "sha256"} <= set(entry):
                found.pop(str(entry["to"]), None)
                found[str(entry["to"])] = {name: str(value) for name, value in entry.items()}
        return found

    def close(self) -> None:
        self._file.close()


@contextlib.contextmanager
def writing(place: Path) -> Iterator[Journal]:
    """The journal of a folder; raises `ExportError` where it cannot be kept, and nothing is moved any more then."""
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
