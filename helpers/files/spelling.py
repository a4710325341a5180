"""Names of files that systems write differently.

é is one character, or (Macs) an e and an accent: the same name to a person
(Unicode, UAX 15), and two names to Linux and Windows. Each function prefers the
very name that it is given. Folders are parted by `/`, or by `\\` on Windows, which
also refuses names that others take. And names as a terminal can show them.
"""

import os
import re
import sys
import unicodedata
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Union

# What Windows has in no name, and the names of its devices, whatever their ending: learn.microsoft.com,
# "Naming Files, Paths, and Namespaces".
_FORBIDDEN = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])( *(?:\..*)?)", re.IGNORECASE
)
_LONGEST = 4096  # characters of a path on any disk, or of a name that a person writes


def composed(name: str) -> str:
    """The name with each accent in the character that it belongs to (Unicode's form NFC).

    A text that is too long for a name stays as it is: of one letter with very many accents, Unicode's order takes
    quadratic time.
    """
    return name if name.isascii() or len(name) > _LONGEST else unicodedata.normalize("NFC", name)


def portable(name: str) -> str:
    """The name of a file or folder as all systems take it: itself, or with `_` in the place of what Windows refuses."""
    name = _FORBIDDEN.sub("_", name)
    kept = name.rstrip(". ")  # Windows leaves out those at the end, so that another file is meant
    device = _DEVICE.fullmatch(kept)
    return (f"{device[1]}_{device[2]}" if device else kept) + "_" * (len(name) - len(kept))


def expanded(path: Union[str, "os.PathLike[str]"]) -> Path:
    """A path as a person types it, whose `~` is their home folder; `~$book.csv` is a file."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 (Path's raises for the second)


def full_path(folder: str, name: str, separator: str = os.sep) -> str:
    """The path of a file by the full path of a folder and its name below it, with `/`; one path for one file.

    As `str(Path(folder) / name)`, and much faster. On Windows `os.path.join` leaves the `/` in the name, and what was
    remembered of the file is not found again.
    """
    return f"{folder if folder.endswith(separator) else folder + separator}{name.replace('/', separator)}"


def full_paths(folder: str, names: Iterable[str], separator: str = os.sep) -> List[str]:
    """The `full_path` of each of many names."""
    if separator != "/":
        return [full_path(folder, name, separator) for name in names]
    start = full_path(folder, "", separator)
    return [start + name for name in names]


# Characters that a terminal obeys, or that turn the order of what follows; and bytes that are no text.
_UNSHOWN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""The text as it may be printed: what a terminal would obey is escaped; tabs and line ends stay.

    >>> printable("a\x1b[2Jb.jpg"), printable("é\udcff.jpg")
    ('a\\x1b[2Jb.jpg', 'é\\udcff.jpg')
    """
    return _UNSHOWN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def print_anywhere() -> None:
    """Let `print` escape what this terminal or file cannot hold (é in ASCII), which would else be an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a notebook's own has none
            stream.reconfigure(errors="backslashreplace")


class SpelledNames:
    """Names, found however their accents are written."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = set(names)
        self._composed: Optional[Dict[str, List[str]]] = None

    def find(self, name: str) -> str:
        """The one of the names that is meant; `name` itself where it is one of them, or none or several may be."""
        if name in self._names or not isinstance(name, str) or name.isascii():
            return name
        if self._composed is None:
            self._composed = {}
            for each in self._names:
                self._composed.setdefault(composed(each), []).append(each)
        meant = self._composed.get(composed(name), [])
        return meant[0] if len(meant) == 1 else name


class SpelledPaths:
    """Paths of files below a folder, however their accents are written; each folder is read once, where it matters."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._folders: Dict[str, SpelledNames] = {}

    def find(self, path: str) -> str:
        """The full path of a file by its path below the folder, with `/`; as given where there is no such file."""
        place = full_path(self._root, path)
        if path.isascii() or os.path.exists(place):  # noqa: PTH110 (Path is slow, and these may be millions)
            return place
        place = self._root
        for name in path.split("/"):
            if place not in self._folders:
                try:
                    self._folders[place] = SpelledNames(os.listdir(place))  # noqa: PTH208 (as above)
                except OSError:
                    self._folders[place] = SpelledNames(())
            place = full_path(place, self._folders[place].find(name))
        return place
