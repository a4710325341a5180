"""In which file the features of a folder's photos are kept: one of the person's choice, or one in the cache folder."""

import hashlib
import os
import re
from pathlib import Path
from typing import List, Optional, Union

from helpers.errors import ArgumentError
from helpers.files.cache import cache_folder
from helpers.files.spelling import expanded
from helpers.frames.photo_paths import folder_of

_OTHERS = 64  # stores of other folders that are worth a look


def path_for(
    wanted: Union[str, "os.PathLike[str]", bool, None], paths: List[Optional[str]], files: List[Optional[str]]
) -> Optional[Path]:
    """The file in which features of photos are kept: the one `wanted`, by default that of their folder; None for none.

    `paths` and `files` are as `helpers.frames.photo_paths.row_paths` returns
    them. Raises `ArgumentError` for anything but a path, None or False.
    """
    if wanted is None:
        folder = folder_of(paths, files)
        return None if folder is None else default_path(folder)
    if wanted is False:
        return None
    if isinstance(wanted, (str, os.PathLike)):
        return expanded(wanted).absolute()
    raise ArgumentError(f"store is the path of a file, False for none, or None for the usual one, not {wanted!r}")


def default_path(folder: Union[str, "os.PathLike[str]"]) -> Path:
    """Where the features of a folder's photos are kept: a file in the cache folder, or that of a folder above it.

    A folder whose features are kept already goes before the folders above it.
    """
    absolute = _absolute(folder)
    files = [_file_of(place) for place in (absolute, *absolute.parents)]
    return next((file for file in files if file.exists()), files[0])


def own_path(folder: Union[str, "os.PathLike[str]"]) -> Path:
    """The file in the cache folder that is of this folder alone, whether or not there is one of a folder above it."""
    return _file_of(_absolute(folder))


def other_stores(path: Union[str, "os.PathLike[str]"]) -> List[Path]:
    """The files in the cache folder in which features of other folders are kept: the newest ones, newest first.

    Photos come from cards and go to archives; their features need not be computed again.
    """
    stores = [file for file in (cache_folder() / "features").glob("*.kinframe") if file != Path(path)]
    return sorted(stores, key=lambda file: file.stat().st_mtime, reverse=True)[:_OTHERS]


def _absolute(folder: Union[str, "os.PathLike[str]"]) -> Path:
    return Path(os.path.abspath(folder))  # noqa: PTH100 (a link is another folder, `..` is not)


def _file_of(folder: Path) -> Path:
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", folder.name)[:40] or "root"
    number = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return cache_folder() / "features" / f"{name}-{number}.kinframe"
