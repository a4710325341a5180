"""Reading tensors from a file of the format safetensors, whose layout is

    length of the header, 8 bytes · header, JSON: name → dtype, shape, data_offsets · the numbers

https://huggingface.co/docs/safetensors describes it. Nothing in such a file can be run.
"""

import math
import struct
from pathlib import Path
from typing import Dict, List

import numpy as np

from helpers.errors import ModelError
from helpers.files.json_file import parse_json
from helpers.files.reading import read_regular

_TYPES = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I64": "<i8"}
_LONGEST_HEADER = 2**20  # bytes; the small files that are read here have some hundred


def read_safetensors(path: Path) -> Dict[str, np.ndarray]:
    """The tensors of a file by name; raises `ModelError` for one that cannot be read, or is cut short."""
    try:
        content = read_regular(path, most=None)
        (length,) = struct.unpack_from("<Q", content)
        if length > min(_LONGEST_HEADER, len(content)):
            raise ValueError("its header is longer than the file, or than any that is needed")
        header = parse_json(content[8 : 8 + length])
        header.pop("__metadata__", None)
        numbers = memoryview(content)[8 + length :]  # not a copy of them for each tensor
        return {name: _tensor(numbers, **entry) for name, entry in header.items()}
    except (OSError, struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path} is not a file of safetensors that can be read: {error}") from error


def _tensor(numbers: memoryview, dtype: str, shape: List[int], data_offsets: List[int]) -> np.ndarray:
    start, end = data_offsets
    count = math.prod(shape)
    if not 0 <= start <= end <= len(numbers) or end - start != count * np.dtype(_TYPES[dtype]).itemsize:
        raise ValueError("a tensor that reaches beyond the file, or has another length than its shape")
    return np.frombuffer(numbers, _TYPES[dtype], count, start).reshape(shape)
