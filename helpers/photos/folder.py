"""The folder of photos that a person names, checked before any work; the same words wherever it is named."""

import difflib
import os
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any, List, Tuple

from helpers.errors import ArgumentError, FolderError, PhotoError
from helpers.files.progress import progress_bar
from helpers.files.spelling import composed, expanded
from helpers.images.decode import check_photo
from helpers.photos.find import FAULT, VIDEO, kind_of, walk_photos

WAY_OUT = "give the folder that holds the photos"

_SHOWN = 5  # kinds of files in a message


def named_folder(named: Any) -> Path:
    """The full path of a folder as a person types it, with `~` for their home; it need not exist: see `check_folder`.

    Raises `ArgumentError`, or `FolderError`, for anything but a path.
    """
    if not isinstance(named, (str, os.PathLike)):
        raise ArgumentError(f"a folder is given by its path, as 'path/to/photos', not as {type(named).__name__}")
    text = os.fspath(named)
    if not isinstance(text, str) or not text.strip():
        raise FolderError(f"{text!r} is not a path; {WAY_OUT}, '.' for the one you are in")
    if text.startswith(("http://", "https://", "s3://", "ftp://")):
        raise FolderError(f"{text}: an address, and photos are read from a folder of this machine; download them first")
    return expanded(text).absolute()


def check_folder(folder: Path, way_out: str = WAY_OUT) -> None:
    """Raise `FolderError` unless it is a folder that can be opened."""
    try:
        os.scandir(folder).close()
    except (OSError, ValueError) as error:  # the second for characters that no name has
        raise FolderError(f"{folder}: {_reason(folder, error)}; {way_out}") from error


def check_has_photos(folder: Path, way_out: str = WAY_OUT) -> None:
    """Raise `FolderError` unless there is a photo in the folder or below it that can be read.

    The search ends with the first. The error names what else is there.
    """
    check_folder(folder, way_out)
    refused = []
    for name, reason in progress_bar(walk_photos(folder), unit="files"):
        try:
            if not reason:
                check_photo(folder / name)
                return
        except (PhotoError, OSError) as error:
            reason = str(error)
        refused.append((name, reason))
    raise FolderError(f"{no_photo(folder, refused)}; {way_out}")


def no_photo(folder: Path, refused: List[Tuple[str, str]]) -> str:
    """What a folder without a photo has instead, from the names and reasons of all that was left out."""
    if not refused:
        return f"{folder}: this folder is empty"
    kinds = Counter(_sort_of(name, reason) for name, reason in refused).most_common()
    shown = [f"{count:,} {kind}" for kind, count in kinds[:_SHOWN]]
    rest = sum(count for _, count in kinds[_SHOWN:])
    there = ", ".join(shown) + (f" and {rest:,} others" if rest else "")
    videos = " (videos are not read)" if any(kind_of(name, reason) == VIDEO for name, reason in refused) else ""
    fault = next((f". The first: {name}: {reason}" for name, reason in refused if kind_of(name, reason) == FAULT), "")
    return f"{folder}: no photo in it that can be read, but {there}{videos}{fault}"


def _sort_of(name: str, reason: str) -> str:
    last = PurePosixPath(name)
    if reason.endswith("not entered") or "this folder" in reason:
        return "not entered"
    if last.name.startswith("."):
        return "hidden"
    return last.suffix.lower() or "without an ending"


def _reason(folder: Path, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "no permission to open this folder"
    if isinstance(error, NotADirectoryError) and os.path.lexists(folder):
        return f"is a file, not a folder; its folder is {folder.parent}"
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        if folder.is_symlink():
            return "a broken link"
        return f"no such folder{_nearest(folder)}"
    return getattr(error, "strerror", None) or str(error)


def _nearest(folder: Path) -> str:
    """The folder that may have been meant, as the end of a sentence; empty where none has nearly that name."""
    missing = folder
    while missing.parent != missing and not missing.parent.is_dir():
        missing = missing.parent
    try:
        there = {composed(entry.name).casefold(): entry.name for entry in os.scandir(missing.parent) if entry.is_dir()}
    except OSError:
        return ""
    near = difflib.get_close_matches(composed(missing.name).casefold(), there, n=1)
    if not near:
        return ""
    meant = missing.parent / there[near[0]]
    whole = meant / folder.relative_to(missing)
    return f"; did you mean {whole if whole.is_dir() else meant}?"
