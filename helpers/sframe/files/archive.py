"""A frame in a folder, as `SFrame.save` writes and `load_sframe` reads it. No pickle, so reading runs no code.

    frame.json      format, version, rows; the name, type and files of each column
    <id>-0.npy      numbers, and lists of numbers that are all of one length
    <id>-0.gaps.npy where numbers are missing
    <id>-1.json     texts, dates, lists, dicts; of images their path or place in the .bin file
    <id>-1.bin      images that have no path, one encoded file after the other

Each save writes its data under a new id, and then replaces `frame.json` in one
step: if it is killed before that, the old frame is there, afterwards the new one.
"""

import datetime
import json
import uuid
from array import array
from pathlib import Path
from typing import Any, BinaryIO, Callable, Dict, List, Tuple

import numpy as np

from helpers.files.arrays import read_array
from helpers.files.json_file import read_json
from helpers.files.reading import inside, read_regular
from helpers.files.spelling import expanded
from helpers.sframe.array.sarray import SArray
from helpers.sframe.dtype import NUMBERS, Missing, Values, objects, store
from helpers.sframe.errors import BadFile, NoSuchFile
from helpers.sframe.files.replacing import replaced
from helpers.sframe.image import Image

FORMAT, VERSION = "kinframe-frame", 1
INDEX = "frame.json"
_TYPES: Dict[str, type] = {
    "int": int,
    "float": float,
    "str": str,
    "list": list,
    "dict": dict,
    "array": array,
    "ndarray": np.ndarray,
    "datetime": datetime.datetime,
    "Image": Image,
}


def save(columns: Dict[str, SArray], filename: str) -> None:
    """Write columns to a folder; one with a frame is replaced.

    Raises `BadFile` if the folder holds anything else, or cannot be written.
    """
    folder = expanded(filename)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise BadFile(f"{folder}: {error.strerror}; choose another place to save to") from error
    if before and INDEX not in before and not all(_is_data(name) for name in before):
        raise BadFile(f"{folder} holds other files, not a frame; choose an empty or new folder")
    prefix = uuid.uuid4().hex[:12]
    described = []
    for place, (name, column) in enumerate(columns.items()):
        files = {}
        for ending, write in _contents(column).items():
            files[ending] = f"{prefix}-{place}.{ending}"
            with replaced(folder / files[ending]) as file:
                write(file)
        described.append({"name": name, "type": column.dtype.__name__, "files": files})
    rows = len(next(iter(columns.values()))) if columns else 0
    index = {"format": FORMAT, "version": VERSION, "rows": rows, "columns": described}
    with replaced(folder / INDEX) as file:
        file.write(json.dumps(index, ensure_ascii=False, indent=1).encode())
    for name in before:
        if _is_data(name):
            (folder / name).unlink()


def load(filename: str) -> Dict[str, SArray]:
    """The columns that `save` wrote to a folder.

    Raises `NoSuchFile` where there is nothing, `BadFile` for anything but a
    whole frame.
    """
    folder = expanded(filename)
    if not folder.exists():
        raise NoSuchFile(f"{folder}: no such file or folder")
    if (folder / "dir_archive.ini").exists():
        raise BadFile(
            f"{folder} is a frame of Turi Create's own format; in the Turi Create environment "
            "(environment.yml) load it and call export_csv(), then read the CSV file here"
        )
    try:
        index = read_json(inside(folder, INDEX), most=None)
        if index["format"] != FORMAT or index["version"] > VERSION:
            raise BadFile(f"{folder} was saved by a newer Kinframe; update this one")
        columns = {described["name"]: _column(folder, described) for described in index["columns"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        if isinstance(error, BadFile):
            raise
        raise BadFile(f"{folder} is not a saved frame, or an incomplete one ({error})") from error
    if any(len(column) != index["rows"] for column in columns.values()):
        raise BadFile(f"{folder} is damaged: its columns differ in length; save it again from its source")
    return columns


def _is_data(name: str) -> bool:
    """Whether a file was written by a save, also by one that was cut off."""
    if name.startswith(f".{INDEX}."):
        return True
    head, dash, rest = name.lstrip(".").partition("-")
    return bool(dash) and len(head) == 12 and rest[:1].isdigit() and set(head) <= set("0123456789abcdef")


def _contents(column: SArray) -> Dict[str, Callable[[BinaryIO], Any]]:
    """The files that hold a column, by their ending, and what writes each."""
    if column.dtype in NUMBERS:
        contents = {"npy": lambda file: np.save(file, column._values, allow_pickle=False)}
        if column._missing is not None:
            contents["gaps.npy"] = lambda file: np.save(file, column._missing, allow_pickle=False)
        return contents
    if column.dtype is array and column._missing is None and len(set(map(len, column._values))) == 1:
        return {"npy": lambda file: np.save(file, np.array(list(column._values)), allow_pickle=False)}
    blobs: List[bytes] = []
    cells = [_described(cell, blobs) for cell in column._values]
    contents = {"json": lambda file: file.write(json.dumps(cells, ensure_ascii=False).encode())}
    return {**contents, "bin": lambda file: file.writelines(blobs)} if blobs else contents


def _column(folder: Path, described: Dict[str, Any]) -> SArray:
    dtype, files = _TYPES[described["type"]], described["files"]
    if "npy" in files:
        values, missing = _numbers(folder, files)
        return SArray._of(dtype, values, missing) if dtype in NUMBERS else SArray(values)
    blobs = read_regular(_part(folder, files["bin"]), most=None) if "bin" in files else b""
    cells = [_restored(cell, blobs) for cell in read_json(_part(folder, files["json"]), most=None)]
    if dtype is list:  # unchanged: `store` would turn inner lists of whole numbers into arrays
        return SArray._of(list, objects(cells, len(cells)), np.array([cell is None for cell in cells], bool))
    return SArray._of(dtype, *store(cells, dtype))


def _numbers(folder: Path, files: Dict[str, str]) -> Tuple[Values, Missing]:
    values = read_array(_part(folder, files["npy"]))
    return values, read_array(_part(folder, files["gaps.npy"])) if "gaps.npy" in files else None


def _part(folder: Path, name: str) -> Path:
    """A file of the frame; raises `ValueError` or `OSError` for any other, which a stranger's frame might name."""
    if not _is_data(name) or set(name) & set("/\\:"):
        raise ValueError(f"{name!r} is no file of a frame")
    return inside(folder, name)


def _described(value: Any, blobs: List[bytes]) -> Any:
    """A value as JSON; one that JSON does not have, as an object with its type."""
    if isinstance(value, list):
        return [_described(item, blobs) for item in value]
    if isinstance(value, dict):
        return {"dict": [[_described(key, blobs), _described(item, blobs)] for key, item in value.items()]}
    if isinstance(value, array):
        return {"array": value.tolist()}
    if isinstance(value, np.ndarray):
        return {"ndarray": value.tolist(), "dtype": value.dtype.str}
    if isinstance(value, datetime.datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, Image):
        return _described_image(value, blobs)
    return value


def _described_image(image: Image, blobs: List[bytes]) -> Dict[str, Any]:
    size = [image.width, image.height]
    if not any(size):
        return {"empty": True}
    source = image.source
    if isinstance(source, str):
        return {"path": str(Path(source).absolute()), "size": size}
    start = sum(map(len, blobs))
    blobs.append(source)
    return {"bytes": [start, len(source)], "size": size}


def _restored(value: Any, blobs: bytes) -> Any:
    if isinstance(value, list):
        return [_restored(item, blobs) for item in value]
    if not isinstance(value, dict):
        return value
    if "dict" in value:
        return {_restored(key, blobs): _restored(item, blobs) for key, item in value["dict"]}
    if "array" in value:
        return array("d", value["array"])
    if "ndarray" in value:
        dtype = np.dtype(value["dtype"])
        if dtype.kind not in "biuf":
            raise ValueError(f"an array of {dtype}")  # whose length the file may choose
        table = np.array(value["ndarray"], dtype=dtype)
        if not table.ndim:
            raise ValueError("an array that is one number")
        return table
    if "datetime" in value:
        return datetime.datetime.fromisoformat(value["datetime"])
    if "path" in value:
        return _image(value["path"], value["size"])
    if "bytes" in value:
        start, length = value["bytes"]
        return _image(blobs[start : start + length], value["size"])
    return Image()


def _image(source: Any, size: Any) -> Image:
    """An image as `_described_image` describes it: its size is shown, and calculated with, as it is."""
    if not isinstance(source, (str, bytes)) or [type(side) for side in size] != [int, int] or min(size) < 1:
        raise ValueError("an image of no size, or that is nowhere")
    return Image.of_known_size(source, tuple(size))
