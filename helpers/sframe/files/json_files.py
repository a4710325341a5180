"""JSON files: a list of objects, one for each row, or one object in each line."""

import datetime
import json
import math
import os
from array import array
from pathlib import Path
from typing import Any, Dict, List, Union

import numpy as np

from helpers.sframe.array.sarray import SArray
from helpers.sframe.dtype import infer
from helpers.sframe.errors import BadFile, NoSuchFile
from helpers.sframe.files.replacing import replaced
from helpers.sframe.image import Image
from helpers.sframe.text import written

PathLike = Union[str, "os.PathLike[str]"]


def read(url: PathLike, orient: str = "records") -> Dict[str, SArray]:
    """The columns of a JSON file, sorted by name; a value that a row lacks is missing.

    Raises `BadFile` for anything but objects, `NoSuchFile` where there is no file.
    """
    _check(orient)
    try:
        text = Path(url).read_text("utf-8-sig")
    except OSError as error:
        raise NoSuchFile(f"{url}: {error.strerror}") from error
    try:
        rows = json.loads(text) if orient == "records" else [json.loads(line) for line in text.splitlines() if line]
    except ValueError as error:
        raise BadFile(f"{url}: not JSON ({error}); orient='lines' reads one object in each line") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadFile(f"{url}: not a list of objects, one for each row")
    return {name: _column([row.get(name) for row in rows], orient) for name in sorted({n for row in rows for n in row})}


def write(columns: Dict[str, SArray], filename: PathLike, orient: str = "records") -> None:
    """Write one object for each row, without missing values; NaN, which JSON lacks, becomes null."""
    _check(orient)
    names = list(columns)
    lines = [
        json.dumps(
            {name: _plain(value) for name, value in zip(names, row) if value is not None},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for row in zip(*columns.values())
    ]
    text = "[\n" + "\n,".join(lines) + "\n]\n" if orient == "records" else "".join(line + "\n" for line in lines)
    with replaced(Path(filename)) as file:
        file.write(text.encode("utf-8"))


def _check(orient: str) -> None:
    if orient not in ("records", "lines"):
        raise ValueError(f"orient is 'records' or 'lines', not {orient!r}")


def _column(values: List[Any], orient: str) -> SArray:
    dtype = infer(values)
    # A list of numbers stays a list when it comes from `records`, as in Turi Create.
    return SArray(values, list if dtype is array and orient == "records" else dtype)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, array, np.ndarray)):
        return [_plain(item) for item in (value.tolist() if isinstance(value, np.ndarray) else value)]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (datetime.datetime, Image)):
        return written(value)
    return value
