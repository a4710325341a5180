"""JSON files: a list of objects, one for each row, or one object in each line."""

import datetime
import json
import math
from array import array
from typing import Any, Dict, List

import numpy as np

from helpers.files.spelling import expanded
from helpers.sframe.array.sarray import SArray
from helpers.sframe.dtype import infer, unchanged
from helpers.sframe.errors import BadFile, OutOfRange, WrongValue
from helpers.sframe.files.replacing import replaced
from helpers.sframe.image import Image
from helpers.sframe.paths import PathLike, text_of
from helpers.sframe.text import exact, written


def read(url: PathLike, orient: str = "records") -> Dict[str, SArray]:
    """The columns of a JSON file, sorted by name; a value that a row lacks is missing.

    Raises `BadFile` for anything but objects, `NoSuchFile` where there is no file.
    """
    _check(orient)
    text = text_of(expanded(url))
    try:
        rows = json.loads(text) if orient == "records" else [json.loads(line) for line in text.splitlines() if line]
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{url}: not JSON ({error}); orient='lines' reads one object in each line") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadFile(f"{url}: not a list of objects, one for each row")
    return {name: _column([row.get(name) for row in rows]) for name in sorted({n for row in rows for n in row})}


def write(columns: Dict[str, SArray], filename: PathLike, orient: str = "records") -> None:
    """Write one object for each row, without missing values; NaN, which JSON lacks, becomes null.

    Whole numbers in lists have no point behind them, so that they are whole when they come back.
    """
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
    text = (
        "[\n" + "\n,".join(lines) + "\n" * bool(lines) + "]\n"
        if orient == "records"
        else "".join(line + "\n" for line in lines)
    )
    with replaced(expanded(filename)) as file:
        file.write(text.encode("utf-8"))


def _check(orient: str) -> None:
    if orient not in ("records", "lines"):
        raise WrongValue(f"orient is 'records' or 'lines', not {orient!r}")


def _column(values: List[Any]) -> SArray:
    """The values as they are in the file, lists as lists; as texts where they are of several types, or too large."""
    try:
        dtype = infer(values)
        if dtype in (array, list, dict):
            return SArray._of(dict if dtype is dict else list, *unchanged(list(map(_whole_truths, values))))
        return SArray(values, dtype)
    except (TypeError, OutOfRange):
        return SArray([None if value is None else written(value, exact, strict=True) for value in values], str)


def _whole_truths(value: Any) -> Any:
    """A value with 1 and 0 for true and false."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list):
        return [_whole_truths(item) for item in value]
    return {key: _whole_truths(item) for key, item in value.items()} if isinstance(value, dict) else value


def _plain(value: Any, within: bool = False) -> Any:
    if isinstance(value, float):
        if within and value.is_integer() and abs(value) < 2**53:
            return int(value)
        return value if math.isfinite(value) else None
    if isinstance(value, (list, array, np.ndarray)):
        return [_plain(item, within=True) for item in (value.tolist() if isinstance(value, np.ndarray) else value)]
    if isinstance(value, dict):
        return {str(key): _plain(item, within=True) for key, item in value.items()}
    if isinstance(value, (datetime.datetime, Image)):
        return written(value)
    return value
