"""Reading the weights of a PyTorch network without PyTorch, and without running code from the file.

Both formats of `torch.save` (`torch/serialization.py`) are read. Until PyTorch
1.6, five pickles one after another, then the raw numbers (`_legacy_load`):

    magic number · protocol version · machine · state dict · storage keys · storages

Since then a zip file in which nothing is compressed (`_load`):

    name/data.pkl, the state dict · name/data/KEY, a storage · name/byteorder · and more that is not needed

A pickle may name any function and have it called. This reader knows the four
names that a state dict needs and refuses all others. It does the same with the
instructions of a pickle, since others can ask for more memory than there is.
"""

import io
import pickle  # nosec B403  # its Unpickler, which finds the four names alone
import pickletools  # nosec B403  # it reads instructions and runs none
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, Dict, NamedTuple, Tuple

import numpy as np

from helpers.errors import ModelError
from helpers.files.reading import open_regular

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_TUPLES = 100_000  # a tensor has three, and no network here has a thousand tensors
_ZIP = b"PK\x03\x04"
_INSTRUCTIONS = frozenset(  # those that PyTorch writes, and similar ones
    [
        *("PROTO", "STOP", "MARK", "GLOBAL", "BINPERSID", "REDUCE", "BUILD"),
        *("BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET"),
        *("NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE"),
        *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
        *("EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_DICT", "SETITEM", "SETITEMS"),
    ]
)
_DAMAGE = (  # what pickle, zipfile and NumPy raise for invalid bytes
    pickle.UnpicklingError,
    struct.error,
    zipfile.BadZipFile,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


class _StorageType(NamedTuple):
    """A type of storage."""

    dtype: str


class _TorchStorage(NamedTuple):
    """An array of numbers, which is elsewhere in the file; tensors are views into it."""

    dtype: str
    key: str
    length: int

    @property
    def size(self) -> int:
        """In bytes."""
        return self.length * np.dtype(self.dtype).itemsize

    def numbers(self, content: bytes) -> np.ndarray:
        if len(content) != self.size:
            raise ValueError(f"storage {self.key} has {len(content)} bytes where {self.size} were announced")
        return np.frombuffer(content, self.dtype, self.length)


class _Tensor(NamedTuple):
    """A view into a storage."""

    storage: _TorchStorage
    offset: int
    shape: Tuple[int, ...]
    strides: Tuple[int, ...]

    def array(self, storages: Dict[str, np.ndarray]) -> np.ndarray:
        numbers = storages.get(self.storage.key, np.empty(0, self.storage.dtype))
        shape, strides = self.shape, self.strides
        last = self.offset + sum((length - 1) * stride for length, stride in zip(shape, strides))
        if len(shape) != len(strides) or min(0, self.offset, *shape, *strides) < 0 or last >= len(numbers):
            raise ValueError(f"a tensor of shape {shape} that reaches beyond its storage")
        numbers = numbers[self.offset :]
        in_bytes = [stride * numbers.itemsize for stride in strides]
        return np.lib.stride_tricks.as_strided(numbers, shape, in_bytes, writeable=False)


def _tensor(storage: _TorchStorage, offset: int, shape: Tuple[int, ...], strides: Tuple[int, ...], *_: Any) -> _Tensor:
    """Stands for `torch._utils._rebuild_tensor_v2`; the numbers are not read yet."""
    if not isinstance(storage, _TorchStorage):
        raise pickle.UnpicklingError("a tensor without a storage")
    return _Tensor(storage, offset, shape, strides)


_KNOWN = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch", "FloatStorage"): _StorageType("<f4"),
    ("torch", "LongStorage"): _StorageType("<i8"),
}


class _Unpickler(pickle.Unpickler):
    """For the next pickle in a stream, whose instructions are checked before they are run."""

    def __init__(self, stream: BinaryIO) -> None:
        start = stream.tell()
        highest, tuples = 0, 0
        for instruction, value, _ in pickletools.genops(stream):
            if instruction.name not in _INSTRUCTIONS:
                raise pickle.UnpicklingError(f"it holds the instruction {instruction.name}, which no state dict needs")
            if instruction.name == "LONG_BINPUT":
                highest = max(highest, int(value or 0))
            tuples += instruction.name.startswith("TUPLE")
            if tuples > _TUPLES:  # nested, they can be so deep that Python fails
                raise pickle.UnpicklingError("it holds more tuples than any state dict needs")
        length = stream.tell() - start
        if highest > length:  # the number of an object to remember; there cannot be so many
            raise pickle.UnpicklingError("it asks for more memory than any state dict needs")
        stream.seek(start)
        super().__init__(io.BytesIO(stream.read(length)))
        self.storages: Dict[str, _TorchStorage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no state dict needs")
        return _KNOWN[module, name]

    def persistent_load(self, reference: Any) -> _TorchStorage:
        _, kind, key, _, count, *_ = reference  # "storage", type, key, device, length, and in the old format a view
        if not (isinstance(kind, _StorageType) and isinstance(key, str) and isinstance(count, int)):
            raise pickle.UnpicklingError("a storage in a form that PyTorch does not write")
        storage = _TorchStorage(kind.dtype, key, count)
        if self.storages.setdefault(key, storage) != storage:
            raise pickle.UnpicklingError(f"storage {key} is described twice, in different ways")
        return storage


def read_state_dict(path: Path) -> Dict[str, np.ndarray]:
    """The tensors of a `.pth` file by name: read-only arrays, float32 or int64.

    Raises `ModelError` for a file that cannot be read, is in another format, is
    cut short, or asks for any Python object except tensors; no code from it is
    ever run.
    """
    try:
        with open_regular(path, most=None) as stream:
            zipped = stream.read(len(_ZIP)) == _ZIP
            stream.seek(0)
            tensors, storages = _zipped(stream) if zipped else _legacy(stream)
        if not all(isinstance(name, str) and isinstance(tensor, _Tensor) for name, tensor in tensors.items()):
            raise ValueError("it contains something that is not a tensor")
        return {name: tensor.array(storages) for name, tensor in tensors.items()}
    except _DAMAGE as error:
        raise ModelError(f"{path} is not a PyTorch state dict that can be read safely: {error}") from error


def _legacy(stream: BinaryIO) -> Tuple[Dict[str, _Tensor], Dict[str, np.ndarray]]:
    if [_Unpickler(stream).load() for _ in range(2)] != [_MAGIC, _PROTOCOL]:
        raise ValueError("neither PyTorch's format from before 1.6 nor a zip file")
    _Unpickler(stream).load()  # about the machine that wrote it: little-endian, as all are today
    unpickler = _Unpickler(stream)
    tensors = unpickler.load()
    storages = {}
    for key in _Unpickler(stream).load():
        storage = unpickler.storages[key]
        (count,) = struct.unpack("<q", stream.read(8))
        if count != storage.length:
            raise ValueError(f"a storage of {count} numbers where {storage.length} were announced")
        storages[key] = storage.numbers(stream.read(storage.size))
    return tensors, storages


def _zipped(stream: BinaryIO) -> Tuple[Dict[str, _Tensor], Dict[str, np.ndarray]]:
    with zipfile.ZipFile(stream) as archive:
        entries = _entries(archive, stream.seek(0, 2))
        names = [name for name in entries if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(names) != 1:
            raise ValueError("a zip file without the data.pkl of a state dict")
        folder = names[0][: -len("/data.pkl")]
        if f"{folder}/byteorder" in entries and archive.read(f"{folder}/byteorder") != b"little":
            raise ValueError("its numbers are not little-endian; save it again on a machine of today")
        unpickler = _Unpickler(io.BytesIO(archive.read(names[0])))  # read to its end: zipfile checks it
        tensors = unpickler.load()
        storages = {}
        for key, storage in unpickler.storages.items():
            name = f"{folder}/data/{key}"
            if name not in entries:
                raise ValueError(f"storage {key} is missing")
            if entries[name].file_size != storage.size:  # before anything is read
                size = entries[name].file_size
                raise ValueError(f"storage {key} has {size} bytes where {storage.size} were announced")
            storages[key] = storage.numbers(archive.read(name))
    return tensors, storages


def _entries(archive: zipfile.ZipFile, size: int) -> Dict[str, zipfile.ZipInfo]:
    """The files in a zip file of `size` bytes, none of them compressed, encrypted or duplicate; raises `ValueError`."""
    entries = {info.filename: info for info in archive.infolist()}
    for info in entries.values():
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 or info.compress_size != info.file_size:
            raise ValueError(f"{info.filename} is compressed or encrypted, which PyTorch's files are not")
    if len(entries) < len(archive.infolist()) or sum(info.file_size for info in entries.values()) > size:
        raise ValueError("a zip file with overlapping parts")
    return entries
