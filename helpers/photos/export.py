"""Exporting photos: their paths to a CSV, or copies to a ZIP or a folder.

Whole or not at all: `to` exists when everything is in it. Nothing is ever
overwritten.
"""

import contextlib
import difflib
import os
import shutil
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Callable, Iterable, Iterator, List, Optional, Set, Tuple, Union

from helpers.errors import ExportError, FrameError, PhotoError
from helpers.files.progress import progress_bar
from helpers.files.replacing import replacing
from helpers.files.spelling import composed, expanded, portable
from helpers.files.spreadsheet import write_rows
from helpers.images.decode import read_photo
from helpers.photos.find import FAULT, kind_of

Photo = Tuple[str, Union[str, "os.PathLike[str]", bytes]]  # name, and the path or the bytes of its file
Bad = List[Tuple[str, str]]  # name and reason
_Copy = Tuple[str, bytes, float]  # name, content and the time of its last change

_WRITTEN = (".csv", ".zip")
_PHOTOS = (".jpg", ".jpeg", ".png", ".gif", ".tif", ".tiff", ".bmp", ".webp", ".heic", ".avif")
_ZIP_DATES = 315_619_200, 4_354_732_800  # 1980-01-02 and 2107-12-30: ZIP has no dates beyond


def export(
    photos: Iterable[Photo],
    to: Union[str, "os.PathLike[str]"],
    *,
    change: Optional[Callable[[bytes], bytes]] = None,
    progress: bool = True,
) -> Tuple[Path, Bad]:
    """Write photos, given as name and source, to `to`; returns where that is, and the photos left out with the reason.

    - `to` ends with `.csv`: the columns `path` (the name; one that begins like
      a formula is marked, see `helpers.files.spreadsheet`) and `file` (the path
      on this machine, empty for a photo that is not a file).
    - with `.zip`: copies in a ZIP, not compressed again.
    - otherwise: copies in a folder, which is new or empty. A name such as `out.txt` is one of a file; `out.txt/` is
      a folder.

    Names are paths with `/`. Copies keep them, always below `to`: `../` and the
    roots of disks are left out, and `_` is where Windows would refuse a name,
    since copies travel: `a_.jpg` for `a?.jpg`, `aux_.jpg` for `aux.jpg`. Where two names are equal, or would be on
    Windows or a Mac, the later one gets a number: `a (2).jpg`. Copies keep the
    dates of their files. `change` is called with the bytes of each photo, and
    returns those of its copy.

    Photos that are missing or cannot be read are left out. Raises `FrameError`
    where `to` exists or no photo is given, and `ExportError` where none can be
    read or the disk is full.
    """
    chosen = list(photos)
    if not chosen:
        raise FrameError("there is no photo to export; choose some first")
    if not os.fspath(to):
        raise FrameError("name a place for the photos: a file that ends with .csv or .zip, or a folder")
    place = expanded(to).absolute()
    ending = place.suffix.lower()
    if _is_file(place) and not os.fspath(to).endswith(("/", os.sep)) and not os.path.lexists(place):
        stem = place.stem
        raise FrameError(
            f"{place}: photos are not written as {ending}; {stem}.csv gets their paths, {stem}.zip or the folder "
            f"{stem} gets copies ({place.name}/ means a folder of that name)"
        )
    if not place.is_dir() or ending in (".csv", ".zip") or any(place.iterdir()):
        check_free(place)
    bad: Bad = []
    try:
        if ending == ".csv":
            _write_list(place, chosen, bad, progress)
        elif ending == ".zip":
            _write_zip(place, _copies(chosen, change, bad, progress))
        else:
            _write_folder(place, _copies(chosen, change, bad, progress))
    except OSError as error:
        raise ExportError(
            f"{place}: the photos could not be written ({error.strerror or error}), and nothing was left there; "
            "make room, or choose another place"
        ) from error
    return place, bad


def _is_file(place: Path) -> bool:
    """Whether a name is one of a file of another kind than is written, or a misspelt one."""
    ending = place.suffix.lower()
    if not ending or ending in _WRITTEN:
        return False
    known = kind_of(place.name, "") != FAULT or ending in _PHOTOS
    return known or bool(difflib.get_close_matches(ending, _WRITTEN, n=1))


def check_free(place: Path) -> None:
    """Raise `FrameError` where there is a file or a folder already."""
    if os.path.lexists(place):
        raise FrameError(f"{place} exists already, and is not overwritten; choose another name")


def _write_list(place: Path, photos: List[Photo], bad: Bad, progress: bool) -> None:
    rows = []
    for name, source in progress_bar(photos, show=progress):
        if isinstance(source, bytes):
            rows.append((name, ""))
        elif Path(source).is_file():
            rows.append((name, str(Path(source).absolute())))
        else:
            bad.append((name, "no such file"))
    _check_some(photos, bad)
    with _new(place) as half:
        write_rows(half, ("path", "file"), rows)


def _write_zip(place: Path, copies: Iterable[_Copy]) -> None:
    with _new(place) as half, zipfile.ZipFile(half, "w", zipfile.ZIP_STORED) as archive:
        for name, content, modified in copies:
            entry = zipfile.ZipInfo(name, time.localtime(min(max(modified, _ZIP_DATES[0]), _ZIP_DATES[1]))[:6])
            entry.external_attr = 0o644 << 16  # otherwise nobody may read it
            archive.writestr(entry, content)


def _write_folder(place: Path, copies: Iterable[_Copy]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
    try:
        for name, content, modified in copies:
            copy = half.joinpath(*name.split("/"))
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
            os.utime(copy, (modified, modified))
        half.chmod(0o755)
        if place.is_dir():
            place.rmdir()  # fails where something has come into it meanwhile
        half.rename(place)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _copies(
    photos: List[Photo], change: Optional[Callable[[bytes], bytes]], bad: Bad, progress: bool
) -> Iterator[_Copy]:
    """Each photo under another name; those that cannot be read are added to `bad`."""
    names = _CopyNames()
    for name, source in progress_bar(photos, show=progress):
        try:
            content = source if isinstance(source, bytes) else read_photo(source)
            modified = time.time() if isinstance(source, bytes) else Path(source).stat().st_mtime
            content = content if change is None else change(content)
        except PhotoError as error:
            bad.append((name, str(error)))
        except OSError as error:
            bad.append((name, error.strerror or str(error)))
        else:
            yield names.take(name), content, modified
    _check_some(photos, bad)


def _check_some(photos: List[Photo], bad: Bad) -> None:
    if len(bad) == len(photos):
        raise ExportError(f"none of the {len(photos)} photos can be copied; the first, {bad[0][0]}: {bad[0][1]}")


@contextlib.contextmanager
def _new(place: Path) -> Iterator[Path]:
    """A file that is moved to its place when it is whole, if nothing is there."""
    with replacing(place) as half:
        yield half
        check_free(place)  # something may have come there meanwhile


class _CopyNames:
    """Names of copies that stay below their folder, and differ on every system."""

    def __init__(self) -> None:
        self._files: Set[str] = set()
        self._folders: Set[str] = set()

    def take(self, name: str) -> str:
        """A name that no other photo gets."""
        parts = _safe(name)
        if any(_same("/".join(parts[:end])) in self._files for end in range(1, len(parts))):
            parts = ["_".join(parts)]  # a photo has the name of the folder
        stem, dot, ending = parts[-1].rpartition(".")
        stem, ending = (stem, dot + ending) if stem else (parts[-1], "")
        number = 1
        while self._is_taken("/".join(parts)):
            number += 1
            parts[-1] = f"{stem} ({number}){ending}"
        self._files.add(_same("/".join(parts)))
        self._folders.update(_same("/".join(parts[:end])) for end in range(1, len(parts)))
        return "/".join(parts)

    def _is_taken(self, name: str) -> bool:
        return _same(name) in self._files or _same(name) in self._folders


def _safe(name: str) -> List[str]:
    """The parts of a name that stay in the folder, without `../`, each as all systems take it."""
    return [portable(part) for part in name.split("/") if part not in ("", ".", "..")] or ["photo"]


def _same(name: str) -> str:
    """A key that is equal for names that are the same file on some systems, such as A and a."""
    return composed(name).casefold()
