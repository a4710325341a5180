"""Finding files that may be photos: all but hidden ones, sidecars, and what a bin or a NAS keeps for itself."""

import os
import re
import sys
from collections import deque
from pathlib import Path
from typing import Any, Deque, Iterator, List, Optional, Set, Tuple

_SIDECAR = ".xmp"  # what a catalogue program writes beside a photo
_NOT_ENTERED = (  # folders that systems make, by their names in small letters, and what is in them
    (re.compile(r"@eadir|\.?@__thumb|@thumb"), "thumbnails of a NAS"),
    (re.compile(r"#recycle|@recycle|network trash folder|\$recycle\.bin|recycler|recycled"), "deleted files"),
    (re.compile(r"#snapshot|@recently-snapshot|~snapshot|@snapshots?"), "older versions of the same files"),
    (re.compile(r"lost\+found|found\.[0-9]{3}"), "pieces of files from a repair of the disk"),
    (re.compile(r"system volume information|@tmp|@sharebin|@syno.*|__macosx"), "files of the system"),
)
_BACK = "a link back to a folder above it"
_AGAIN = "a link to a folder that is read already"
_JUNCTION = 0xA0000003  # of Windows: a link between folders

FAULT, VIDEO, OTHER = ("fault", "video", "other")  # kinds of what is left out
_VIDEOS = re.compile(r"\.(avi|mp4|mov|m4v|mpe?g|m2?ts|mkv|wmv|asf|3gp)$", re.IGNORECASE)
_OTHERS = re.compile(  # beside photos: tables, notes, programs, and what systems leave
    r"\.(csv|tsv|txt|json|xml|db|ini|log|md|pdf|docx?|xlsx?|od[st]|html?|km[lz]|gpx|shp|shx|dbf|prj|py|ipynb|rm?d?|zip"
    r"|rar|7z|gz|tar|exe|lnk|url|bak|tmp|sqlite|kinframe|onnx)$",
    re.IGNORECASE,
)

Identity = Tuple[int, int]  # of a folder: its device, and its number there
_NO_TEXT = "its name is not valid text; rename it"
if sys.getfilesystemencoding().lower() not in ("utf-8", "utf8"):
    _NO_TEXT = f"Python reads names as {sys.getfilesystemencoding()} here; start it with the environment PYTHONUTF8=1"


def find_photos(
    root: Path, folder: str = "", *, recursive: bool = True, links_out: bool = True
) -> Tuple[List[str], List[Tuple[str, str]]]:
    """The files below a folder that may be photos, sorted, and those that are not looked at, with the reason.

    `folder` and the files are relative to the root, with `/`. Links to folders
    are followed after all else, and only to folders that were not read by then;
    without `links_out`, only those that stay in the root.
    """
    photos: List[str] = []
    refused: List[Tuple[str, str]] = []
    for name, reason in walk_photos(root, folder, recursive=recursive, links_out=links_out):
        if reason:
            refused.append((name, reason))
        else:
            photos.append(name)
    return sorted(photos), refused


def walk_photos(
    root: Path, folder: str = "", *, recursive: bool = True, links_out: bool = True
) -> Iterator[Tuple[str, str]]:
    """What `find_photos` finds, as it comes: files, each with the reason why it is not looked at, or an empty text."""
    walk = _FolderWalk(root, recursive, None if links_out else os.path.realpath(root))
    for name, reason in walk.below(folder):
        try:
            name.encode()
        except UnicodeEncodeError:
            # No frame and no notebook can hold such a name.
            name, reason = name.encode("utf-8", "replace").decode(), _NO_TEXT
        if reason or not name.lower().endswith(_SIDECAR):
            yield name, reason


def kind_of(path: str, reason: str) -> str:
    """Whether something that was left out matters to somebody who looks for photos."""
    name = path.rpartition("/")[2]
    if _VIDEOS.search(name):
        return VIDEO
    known = reason.endswith("not entered") or reason.startswith(("a link back", "a link to a folder"))
    return OTHER if name.startswith(".") or _OTHERS.search(name) or known else FAULT


class _FolderWalk:
    """The files below a folder, with links; where `inside` is a folder, only those that stay in it.

    Folders and files are text, relative to the root, with `/`: Path is slow for
    10,000 files. A tree without links ends, however deep it is; of what links
    lead to, each folder is entered once.
    """

    def __init__(self, root: Path, recursive: bool, inside: Optional[str]) -> None:
        self._root, self._recursive, self._inside = str(root), recursive, inside
        self._entered: Set[Identity] = set()

    def below(self, folder: str) -> Iterator[Tuple[str, str]]:
        """Files, each with the reason why it is not looked at, or an empty text."""
        parts = folder.split("/") if folder else []
        for count in range(len(parts)):
            self._is_new("/".join(parts[:count]))
        links: Deque[str] = deque()
        yield from self._tree(folder, links, linked=False)
        while links:
            link = links.popleft()
            if self._leads_back(link):
                yield link, _BACK
            else:
                yield from self._tree(link, links, linked=True)

    def _tree(self, folder: str, links: Deque[str], linked: bool) -> Iterator[Tuple[str, str]]:
        """The files in and below a folder; links to folders are added to `links`."""
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            try:
                if not self._is_new(here) and linked:
                    yield here, _AGAIN
                    continue
                entries = sorted(os.scandir(self._path(here)), key=lambda entry: entry.name)
            except OSError as error:
                denied = isinstance(error, PermissionError)
                yield here or ".", "no permission to open this folder" if denied else error.strerror or str(error)
                continue
            folders: List[str] = []
            for entry in entries:
                yield from self._entry(entry, f"{here}/{entry.name}" if here else entry.name, folders, links)
            waiting += reversed(folders)

    def _entry(self, entry: Any, name: str, folders: List[str], links: Deque[str]) -> Iterator[Tuple[str, str]]:
        try:
            is_folder, is_file, is_link = entry.is_dir(), entry.is_file(), _is_link(entry)
        except OSError as error:
            yield name, error.strerror or str(error)
            return
        if entry.name.startswith("."):
            yield name, "hidden folder, not entered" if is_folder else "hidden file, not looked at"
        elif is_folder and _kept_for_itself(entry.name):
            yield name, f"{_kept_for_itself(entry.name)}, not entered"
        elif (is_folder or is_file) and is_link and self._leads_out(entry.path):
            yield name, "a link that leads out of the folder of photos, not followed"
        elif is_folder:
            if self._recursive:
                (links if is_link else folders).append(name)
        elif is_file:
            yield name, ""
        else:
            broken = is_link and not os.path.exists(entry.path)  # noqa: PTH110 (a name may be no Path)
            yield name, "a broken link" if broken else "not a regular file"

    def _path(self, folder: str) -> str:
        return os.path.join(self._root, folder)  # noqa: PTH118 (as above)

    def _is_new(self, folder: str) -> bool:
        """Whether a folder was not entered before; from now on it was. Raises `OSError`."""
        status = os.stat(self._path(folder))  # noqa: PTH116 (as above)
        if not status.st_ino:  # some network disks do not number their folders
            return True
        before = len(self._entered)
        self._entered.add((status.st_dev, status.st_ino))
        return len(self._entered) > before

    def _leads_back(self, link: str) -> bool:
        path = self._path(link)
        return is_inside(os.path.realpath(path), os.path.realpath(os.path.dirname(path)))  # noqa: PTH120 (as above)

    def _leads_out(self, link: str) -> bool:
        return self._inside is not None and not is_inside(self._inside, os.path.realpath(link))


def _is_link(entry: Any) -> bool:
    if entry.is_symlink():
        return True
    return os.name == "nt" and getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) == _JUNCTION


def _kept_for_itself(name: str) -> str:
    """What a folder of that name holds instead of a person's photos; empty for all other names."""
    return next((what for names, what in _NOT_ENTERED if names.fullmatch(name.lower())), "")


def is_inside(folder: str, path: str) -> bool:
    """Whether a path is in a folder; both are real paths, without links."""
    return path == folder or path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)
