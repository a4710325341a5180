"""The folder whose photos a service serves: from a name that somebody sent to a file in it, and to nothing else.

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

from helpers.errors import NotFound, Refused, ServiceError
from helpers.photos.find import find_photos, is_inside
from helpers.service.records import BadPhoto

_LONGEST, _LONGEST_PART = 1000, 255  # bytes: what file systems take of a part, and indexes of databases of a path
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = ("Cc", "Zl", "Zp")  # characters that end a line, and worse, in Unicode's categories


class Listing(NamedTuple):
    """What lies in a folder."""

    photos: List[str]  # paths of files that may be photos, sorted
    bad: List[BadPhoto]  # what was not looked at, and why


class PhotoRoot:
    """A folder of photos and all below it; raises `ServiceError` where there is none.

    Links are followed as long as they lead to somewhere in it. Whoever can
    write to the folder can change a link just after it was looked at: that is
    for those who run the service, not for those who ask it.
    """

    def __init__(self, path: Union[str, "os.PathLike[str]"]) -> None:
        self.path = Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 (a link is another folder)
        if not self.path.is_dir():
            kind = "is a file, not a folder" if self.path.exists() else "no such folder"
            raise ServiceError(f"{self.path}: {kind}; give the folder that holds the photos")
        self._real = os.path.realpath(self.path)

    def file(self, relative: str) -> Path:
        """The file of a photo.

        Raises `Refused` (422) for what is no path below the root, for what
        leads out of it, and for what is no regular file; `NotFound` where there
        is nothing.
        """
        path, status = self._found(relative)
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder, not a photo" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise Refused(f"{_shown(relative)}: {kind}", 422)
        return path

    def folder(self, relative: str) -> str:
        """A folder by the one name that it has here; empty for the root itself. Raises what `file` does."""
        if relative in ("", ".", "/"):
            return ""
        relative = relative[:-1] if relative.endswith("/") else relative
        _, status = self._found(relative)
        if not stat.S_ISDIR(status.st_mode):
            raise Refused(f"{_shown(relative)}: a file, not a folder", 422)
        return relative

    def photos(self, folder: str = "") -> List[str]:
        """The paths of all files below a folder that may be photos, sorted; raises what `folder` does."""
        return self.listing(folder).photos

    def listing(self, folder: str = "") -> Listing:
        """What `helpers.photos.load_photos` would take, as far as `file` gives it; and what is left out."""
        found, refused = find_photos(self.path, self.folder(folder), links_out=False)
        photos, bad = [], [BadPhoto(_printable(name), reason) for name, reason in refused]
        for name in found:
            reason = why_not(name)
            if reason:
                bad.append(BadPhoto(_printable(name), f"its name {reason}; rename it"))
            else:
                photos.append(name)
        return Listing(photos, sorted(bad))

    def _found(self, relative: str) -> Tuple[Path, os.stat_result]:
        reason = why_not(relative)
        if reason:
            raise Refused(f"{_shown(relative)}: a path below the folder of photos {reason}", 422)
        path = self.path.joinpath(*relative.split("/"))
        if not is_inside(self._real, os.path.realpath(path)):
            raise Refused(f"{_shown(relative)}: leads out of the folder of photos", 422)
        try:
            return path, path.stat()
        except OSError as error:
            reason = "no permission to read it" if isinstance(error, PermissionError) else "no such file or folder"
            raise NotFound(f"{_shown(relative)}: {reason}") from error


def why_not(relative: str) -> str:
    """Why this cannot be the path of a photo below a root; empty where it can."""
    try:
        encoded = relative.encode()
    except UnicodeEncodeError:
        return "is valid text"
    parts = relative.split("/")
    if "\\" in relative:
        return "has no backslash in it"
    if any(unicodedata.category(character) in _CONTROL for character in relative):
        return "has no control characters in it"
    if not relative or not parts[0]:
        return "does not begin with /, and is not empty"
    if _DRIVE.match(relative):
        return "names no drive"
    if not all(parts):
        return "has one / between its parts, and none at its end"
    if any(part.startswith(".") for part in parts):
        return "has no part that begins with a dot"
    if len(encoded) > _LONGEST or max(len(part.encode()) for part in parts) > _LONGEST_PART:
        return f"is not longer than {_LONGEST} bytes, and none of its parts than {_LONGEST_PART}"
    return ""


def _printable(name: str) -> str:
    """The name without what would end a line in a log, or a text in a database."""
    return "".join("�" if unicodedata.category(each) in _CONTROL else each for each in name)


def _shown(relative: str) -> str:
    text = _printable(relative.encode("utf-8", "replace").decode())
    return text if len(text) <= 200 else f"{text[:200]}…"
