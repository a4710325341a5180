"""The text of a file, or of all files of a folder, or of a pattern such as `cards/*.csv`."""

import glob
import gzip
import io
import os
import zlib
from pathlib import Path
from typing import List, Union

from helpers.files.reading import LARGEST, read_regular
from helpers.files.spelling import expanded
from helpers.sframe.errors import BadFile, NoSuchFile

PathLike = Union[str, "os.PathLike[str]"]


def found(url: PathLike) -> List[Path]:
    """The file, or the files that a folder or a pattern stands for, in order of their names; hidden ones are left out.

    Raises `NoSuchFile` where there is none, and `BadFile` for the folder of a saved frame.
    """
    path = expanded(url)
    if path.is_dir():
        paths = sorted(child for child in path.iterdir() if child.is_file() and not child.name.startswith("."))
        if any(child.name in ("frame.json", "dir_archive.ini") for child in paths):
            raise BadFile(f"{path} is a saved frame; load_sframe() opens it")
    elif not os.path.lexists(path) and any(mark in str(path) for mark in "*?["):
        paths = [Path(name) for name in sorted(glob.glob(str(path))) if Path(name).is_file()]  # noqa: PTH207 (a whole path)
    else:
        return [path]
    if not paths:
        raise NoSuchFile(f"{path}: no file there")
    return paths


def text_of(path: Path) -> str:
    """The text of one file, in UTF-8; `.gz` is unpacked. Raises `NoSuchFile` or `BadFile`."""
    try:
        data = read_regular(path, most=None)
    except OSError as error:
        raise NoSuchFile(f"{path}: {error.strerror or error}") from error
    if path.suffix == ".gz":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
                data = packed.read(LARGEST + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise BadFile(f"{path} is not a whole gzip file ({error})") from error
        if len(data) > LARGEST:  # a few MB of a stranger can hold as much as they like
            raise BadFile(f"{path} holds more than {LARGEST / 2**30:.0f} GB; unpack it, and read that")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(
            f"{path} is not text in UTF-8 (byte {error.start + 1}); save it as UTF-8, or read it with pandas and its "
            f"encoding, and make an SFrame of that"
        ) from error
