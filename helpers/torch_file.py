"""Reading the weights of a PyTorch network without PyTorch, and without running what is in the file.

The format is the one before PyTorch 1.6 (`torch/serialization.py`,
`_legacy_load`): five pickles one after another, then the raw numbers.

    magic number · protocol version · machine · state dict · storage keys · storages

A pickle may name any function and have it called. This reader knows the four
names that a state dict needs and refuses every other. A made-up file can still
ask for more memory than there is, so check where a file comes from.
"""

import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, Dict, Tuple

import numpy as np

from helpers.errors import ModelError

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_DAMAGE = (  # what pickle and NumPy raise over bytes that make no sense
    pickle.UnpicklingError,
    struct.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
)


class _Storage:
    """A run of numbers, which follows the pickles; tensors are views into it."""

    def __init__(self, dtype: str, count: int) -> None:
        self.dtype, self.count = np.dtype(dtype), count
        self.numbers = np.empty(0, self.dtype)

    def read(self, stream: BinaryIO) -> None:
        (count,) = struct.unpack("<q", stream.read(8))
        if count != self.count:
            raise ValueError(f"a storage of {count} numbers where {self.count} were announced")
        self.numbers = np.frombuffer(stream.read(count * self.dtype.itemsize), self.dtype, count)


_Tensor = Tuple[_Storage, int, Tuple[int, ...], Tuple[int, ...]]  # storage, offset, shape, strides


def _tensor(storage: _Storage, offset: int, shape: Tuple[int, ...], strides: Tuple[int, ...], *_: Any) -> _Tensor:
    """Stands for `torch._utils._rebuild_tensor_v2`; the numbers are not read yet."""
    return storage, offset, shape, strides


def _array(tensor: _Tensor) -> np.ndarray:
    storage, offset, shape, strides = tensor
    last = offset + sum((length - 1) * stride for length, stride in zip(shape, strides))
    if len(shape) != len(strides) or min(0, offset, *shape, *strides) < 0 or last >= len(storage.numbers):
        raise ValueError(f"a tensor of shape {shape} that reaches beyond its storage")
    numbers = storage.numbers[offset:]
    in_bytes = [stride * numbers.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(numbers, shape, in_bytes, writeable=False)


_KNOWN = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch", "FloatStorage"): "<f4",
    ("torch", "LongStorage"): "<i8",
}


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream)
        self.storages: Dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no state dict needs")
        return _KNOWN[module, name]

    def persistent_load(self, reference: Any) -> _Storage:
        _, dtype, key, _, count, _ = reference  # "storage", type, key, device, length, view
        return self.storages.setdefault(key, _Storage(dtype, count))


def read_state_dict(path: Path) -> Dict[str, np.ndarray]:
    """The tensors of an old-format `.pth` file by name: read-only arrays, float32 or int64.

    Raises `ModelError` for a file in another format, cut short, or asking for
    any Python object beyond tensors; nothing that it asks for is ever run.
    """
    try:
        with path.open("rb") as stream:
            if [_Unpickler(stream).load() for _ in range(2)] != [_MAGIC, _PROTOCOL]:
                raise ValueError("not PyTorch's format from before 1.6")
            _Unpickler(stream).load()  # about the machine that wrote it: little-endian, as all of today's are
            unpickler = _Unpickler(stream)
            tensors = unpickler.load()
            for key in _Unpickler(stream).load():
                unpickler.storages[key].read(stream)
            return {name: _array(tensor) for name, tensor in tensors.items()}
    except _DAMAGE as error:
        raise ModelError(f"{path} is not a PyTorch state dict that can be read safely: {error}") from error
