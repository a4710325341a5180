"""State dicts as `torch.save` writes them since PyTorch 1.6, without PyTorch."""

import io
import struct
import zipfile
from typing import Dict

import numpy as np

_STORAGES = {"float32": b"FloatStorage", "int64": b"LongStorage"}
_EMPTY = b"ccollections\nOrderedDict\n)R"


def torch_zip(tensors: Dict[str, np.ndarray], name: str = "archive") -> bytes:
    """The bytes of a `.pth` file: a pickle that names the tensors, and the numbers of each."""
    pickled = [b"\x80\x02", _EMPTY, b"("]
    for key, (tensor, array) in enumerate(tensors.items()):
        array = np.asarray(array, order="C")
        strides = [stride // array.itemsize for stride in array.strides]
        storage = b"(" + _text("storage") + b"ctorch\n" + _STORAGES[array.dtype.name] + b"\n"
        storage += _text(str(key)) + _text("cpu") + _int(array.size) + b"tQ"
        view = storage + _int(0) + _ints(array.shape) + _ints(strides) + b"\x89" + _EMPTY
        pickled.append(_text(tensor) + b"ctorch._utils\n_rebuild_tensor_v2\n(" + view + b"tR")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{name}/data.pkl", b"".join([*pickled, b"u."]))
        archive.writestr(f"{name}/byteorder", "little")
        for key, array in enumerate(tensors.values()):
            archive.writestr(f"{name}/data/{key}", array.tobytes())
        archive.writestr(f"{name}/version", "3\n")
    return content.getvalue()


def _text(text: str) -> bytes:
    encoded = text.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def _int(number: int) -> bytes:
    return b"J" + struct.pack("<i", number)


def _ints(numbers) -> bytes:
    return b"(" + b"".join(map(_int, numbers)) + b"t"
