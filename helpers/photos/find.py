"""Finding files that may be photos: all but hidden ones and sidecars."""

import contextlib
import os
from pathlib import Path
from typing import Iterator, List, Optional, Set, Tuple

_SIDECAR = ".xmp"  # what a catalogue program writes beside a photo


def find_photos(
    root: Path, folder: str = "", *, recursive: bool = True, links_out: bool = True
) -> Tuple[List[str], List[Tuple[str, str]]]:
    """The files below a folder that may be photos, sorted, and those that are not looked at, with the reason.

    `folder` and the files are relative to the root, with `/`. Without
    `links_out`, links that lead out of the root are not followed.
    """
    photos: List[str] = []
    refused: List[Tuple[str, str]] = []
    walk = _FolderWalk(root, recursive, None if links_out else os.path.realpath(root))
    for name, reason in walk.below(folder, walk.above(folder)):
        try:
            name.encode()
        except UnicodeEncodeError:
            # No frame and no notebook can hold such a name.
            name, reason = name.encode("utf-8", "replace").decode(), "its name is not valid text; rename it"
        if reason:
            refused.append((name, reason))
        elif not name.lower().endswith(_SIDECAR):
            photos.append(name)
    return sorted(photos), refused


class _FolderWalk:
    """The files below a folder, with links; where `inside` is a folder, only those that stay in it.

    Folders and files are text, relative to the root, with `/`: Path is slow for 10,000 files.
    """

    def __init__(self, root: Path, recursive: bool, inside: Optional[str]) -> None:
        self._root, self._recursive, self._inside = root, recursive, inside

    def above(self, folder: str) -> Set[Tuple[int, int]]:
        """The device and number of each folder from the root to this one, without it."""
        parts, above = folder.split("/") if folder else [], set()
        for count in range(len(parts)):
            with contextlib.suppress(OSError):
                status = self._root.joinpath(*parts[:count]).stat()
                above.add((status.st_dev, status.st_ino))
        return above

    def below(self, folder: str, above: Set[Tuple[int, int]]) -> Iterator[Tuple[str, str]]:
        """Files, each with the reason why it is not looked at, or an empty text."""
        try:
            place = self._root / folder
            status = place.stat()
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            denied = isinstance(error, PermissionError)
            yield folder or ".", "no permission to open this folder" if denied else error.strerror or str(error)
            return
        here = (status.st_dev, status.st_ino)
        if here in above:
            yield folder, "a link back to a folder above it"
            return
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            try:
                is_folder, is_file = entry.is_dir(), entry.is_file()
            except OSError as error:
                yield name, error.strerror or str(error)
                continue
            if entry.name.startswith("."):
                yield name, "hidden folder, not entered" if is_folder else "hidden file, not looked at"
            elif (is_folder or is_file) and entry.is_symlink() and self._leads_out(entry.path):
                yield name, "a link that leads out of the folder of photos, not followed"
            elif is_folder:
                if self._recursive:
                    yield from self.below(name, above | {here})
            elif is_file:
                yield name, ""
            else:
                yield name, "a broken link" if entry.is_symlink() else "not a regular file"

    def _leads_out(self, link: str) -> bool:
        return self._inside is not None and not is_inside(self._inside, os.path.realpath(link))


def is_inside(folder: str, path: str) -> bool:
    """Whether a path is in a folder; both are real paths, without links."""
    return path == folder or path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)
