"""Reading arrays that `numpy.save` and `numpy.savez` wrote, from files that anybody may have changed.

NumPy itself evaluates the text at the beginning of such a file, takes as much memory as that text asks for, and unpacks
what is packed. Here the text has to be as NumPy writes it, nothing is packed, and the file is as long as it announces.
"""

import math
import re
import zipfile
from pathlib import Path
from typing import Any, Dict, Literal, NamedTuple, Sequence, Tuple

import numpy as np

from helpers.files.reading import open_regular

_MAGIC = b"\x93NUMPY\x01\x00"  # version 1.0; the others are for texts of more than 65,535 bytes
_BEGIN = len(_MAGIC) + 2
_LONGEST = _BEGIN + 65535
_TEXT = re.compile(
    rb"\{'descr': '([<>|=][biufU][1-9][0-9]{0,8})', 'fortran_order': (True|False), "
    rb"'shape': \(((?:[0-9]{1,18}, ?)*(?:[0-9]{1,18})?)\), \} *\n"
)
_MOST_AXES = 32


class _Header(NamedTuple):
    dtype: Any  # np.dtype, of numbers, truths or text
    order: Literal["C", "F"]  # F: the first axis runs fastest
    shape: Tuple[int, ...]
    begin: int  # the byte at which the numbers begin
    numbers: int


def read_array(path: Path, *, mapped: bool = False) -> np.ndarray:
    """The array in a `.npy` file, of numbers or of text; with `mapped` it is read from the disk as it is needed.

    Raises `ValueError` for anything but a whole file of one array, and `OSError`.
    """
    with open_regular(path, most=None) as file:
        header = _header(file.read(_LONGEST), file.seek(0, 2))
        if mapped:
            return np.memmap(file, header.dtype, "r", header.begin, header.shape, header.order)
        file.seek(header.begin)
        return np.fromfile(file, header.dtype, header.numbers).reshape(header.shape, order=header.order)


def read_arrays(path: Path, names: Sequence[str]) -> Dict[str, np.ndarray]:
    """Arrays by their names in a `.npz` file; those that are not asked for are not read.

    Raises `ValueError` for anything but a whole file with all of them, and `OSError`.
    """
    try:
        with open_regular(path, most=None) as file, zipfile.ZipFile(file) as archive:
            return {name: _member(archive, f"{name}.npy") for name in names}
    except (zipfile.BadZipFile, EOFError, KeyError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"not the arrays that NumPy writes: {error}") from error


def _member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise ValueError(f"{name} is packed")
    content = archive.read(info)
    header = _header(content, len(content))
    array = np.frombuffer(content, header.dtype, header.numbers, header.begin)
    return array.reshape(header.shape, order=header.order).copy()


def _header(content: bytes, size: int) -> _Header:
    """What a file of `size` bytes, which begins like this, holds; raises `ValueError`."""
    begin = _BEGIN + int.from_bytes(content[len(_MAGIC) : _BEGIN], "little")
    text = _TEXT.fullmatch(content[_BEGIN:begin])
    if not content.startswith(_MAGIC) or text is None:
        raise ValueError("not an array of numbers as NumPy writes it")
    try:
        dtype = np.dtype(text[1].decode("ascii"))
    except (TypeError, OverflowError) as error:
        raise ValueError(f"an array of numbers that NumPy does not have: {error}") from error
    shape = tuple(int(length) for length in text[3].split(b",") if length.strip())
    if len(shape) > _MOST_AXES:
        raise ValueError(f"an array of {len(shape)} axes")
    numbers = math.prod(shape)
    if size != begin + numbers * dtype.itemsize:
        raise ValueError("an array that is longer or shorter than it announces")
    return _Header(dtype, "F" if text[2] == b"True" else "C", shape, begin, numbers)
