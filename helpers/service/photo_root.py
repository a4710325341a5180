"""The folder whose photos a service serves: paths that callers send lead to files in it, and nowhere else.

A photo is known by its path below the root, its parts divided by `/`. There is
one such path for each file and each link: no `.`, no `..`, nothing hidden,
nothing that another system would take for a drive or for a folder.
"""

import os
import re
import stat
import unicodedata
from pathlib import Path
from typing import List, NamedTuple, Tuple, Union

from helpers.errors import NotFound, Refused
from helpers.photos.find import find_photos, is_inside
from helpers.photos.folder import check_folder
from helpers.service.records import BadPhoto

_LONGEST, _LONGEST_PART = 1000, 255  # bytes: limits of databases for a path, and of file systems for a part
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = ("Cc", "Zl", "Zp")  # Unicode categories of characters that end a line or control a terminal


class Listing(NamedTuple):
    """The files in a folder."""

    photos: List[str]  # paths of files that may be photos, sorted
    bad: List[BadPhoto]  # what was left out, and why


class PhotoRoot:
    """A folder of photos and all below it; raises `FolderError` where it does not exist.

    Links are followed as long as they lead to somewhere in it. Whoever can
    write to the folder can change a link just after it was checked: callers of
    the service cannot.
    """

    def __init__(self, path: Union[str, "os.PathLike[str]"]) -> None:
        self.path = Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 (a link is another folder)
        check_folder(self.path)
        self._real = os.path.realpath(self.path)

    def file(self, relative: str) -> Path:
        """The file of a photo.

        Raises `Refused` (422) for an invalid path, one that leads out of the
        root, and what is not a regular file; `NotFound` where nothing exists.
        """
        path, status = self._located(relative)
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder, not a photo" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise Refused(f"{_shown(relative)}: {kind}", 422)
        return path

    def folder(self, relative: str) -> str:
        """The one path of a folder, empty for the root itself; raises what `file` raises."""
        if relative in ("", ".", "/"):
            return ""
        relative = relative[:-1] if relative.endswith("/") else relative
        _, status = self._located(relative)
        if not stat.S_ISDIR(status.st_mode):
            raise Refused(f"{_shown(relative)}: a file, not a folder", 422)
        return relative

    def photos(self, folder: str = "") -> List[str]:
        """The paths of all files below a folder that may be photos, sorted; raises what `folder` raises."""
        return self.listing(folder).photos

    def listing(self, folder: str = "") -> Listing:
        """The photos that `helpers.photos.load_photos` would find and `file` allows; and what is left out."""
        names, refused = find_photos(self.path, self.folder(folder), links_out=False)
        photos, bad = [], [BadPhoto(_printable(name), reason) for name, reason in refused]
        for name in names:
            reason = why_not(name)
            if reason:
                bad.append(BadPhoto(_printable(name), f"its name {reason}; rename it"))
            else:
                photos.append(name)
        return Listing(photos, sorted(bad))

    def _located(self, relative: str) -> Tuple[Path, os.stat_result]:
        reason = why_not(relative)
        if reason:
            raise Refused(f"{_shown(relative)}: the path {reason}; give one below the folder of photos", 422)
        path = self.path.joinpath(*relative.split("/"))
        if not is_inside(self._real, os.path.realpath(path)):
            raise Refused(f"{_shown(relative)}: leads out of the folder of photos", 422)
        try:
            return path, path.stat()
        except OSError as error:
            reason = "no permission to read it" if isinstance(error, PermissionError) else "no such file or folder"
            raise NotFound(f"{_shown(relative)}: {reason}") from error


def why_not(relative: str) -> str:
    """What is wrong with a path below the root, as the end of a sentence; empty for a valid path."""
    try:
        encoded = relative.encode()
    except UnicodeEncodeError:
        return "is not valid text"
    parts = relative.split("/")
    if "\\" in relative:
        return "contains \\, which Windows takes for the end of a folder's name"
    if any(unicodedata.category(character) in _CONTROL for character in relative):
        return "contains a line end or another control character"
    if not relative or not parts[0]:
        return "is empty or begins with /"
    if _DRIVE.match(relative):
        return f"begins with {relative[:2]}, which Windows takes for a drive"
    if not all(parts):
        return "contains // or ends with /"
    if any(part.startswith(".") for part in parts):
        return "has a part that begins with a dot"
    if len(encoded) > _LONGEST or max(len(part.encode()) for part in parts) > _LONGEST_PART:
        return f"is longer than {_LONGEST} bytes, or one of its parts than {_LONGEST_PART}"
    return ""


def _printable(name: str) -> str:
    """The name without control characters, for logs and databases."""
    return "".join("�" if unicodedata.category(character) in _CONTROL else character for character in name)


def _shown(relative: str) -> str:
    text = _printable(relative.encode("utf-8", "replace").decode())
    return text if len(text) <= 200 else f"{text[:200]}…"
