import os
import pickle
import struct
import sys
import types
from collections import OrderedDict

import numpy as np
import pytest

from helpers.errors import ModelError
from helpers.torch_file import read_state_dict

NUMBERS = np.arange(24, dtype=np.float32)


class Stored:
    """A tensor as PyTorch pickles it: a call of `_rebuild_tensor_v2` on a view into storage `key`."""

    def __init__(self, shape, strides, offset=0, key="7", count=24, kind="FloatStorage"):
        self.storage = Storage(kind, key, count)
        self.view = (offset, shape, strides, False, OrderedDict())

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, (self.storage, *self.view)


class Storage:
    def __init__(self, kind, key, count):
        self.reference = ("storage", getattr(sys.modules["torch"], kind), key, "cpu", count, None)


class Pickler(pickle.Pickler):
    def persistent_id(self, thing):
        return thing.reference if isinstance(thing, Storage) else None


@pytest.fixture
def write(tmp_path, monkeypatch):
    """A function that writes an old-format file as `torch.save` did, from a state dict of `Stored` tensors."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in ("FloatStorage", "LongStorage", "DoubleStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2():
        raise AssertionError("only its name is pickled")

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)

    def save(tensors, storages=(("7", NUMBERS),), magic=0x1950A86A20F9469CFC6C):
        path = tmp_path / "weights.pth"
        state = tensors() if callable(tensors) else tensors
        with path.open("wb") as stream:
            for part in (magic, 1001, {"little_endian": True}, state, [key for key, _ in storages]):
                Pickler(stream, protocol=2).dump(part)
            for _, numbers in storages:
                stream.write(struct.pack("<q", len(numbers)) + numbers.tobytes())
        return path

    return save


def test_tensors_are_views_into_their_storage(write):
    tensors = read_state_dict(
        write(
            lambda: OrderedDict(
                rows=Stored((2, 3, 4), (12, 4, 1)),
                transposed=Stored((4, 6), (1, 4)),
                part=Stored((3,), (1,), offset=21),
                steps=Stored((), (), key="8", count=1, kind="LongStorage"),
            ),
            storages=[("7", NUMBERS), ("8", np.array([42]))],
        )
    )
    assert np.array_equal(tensors["rows"], NUMBERS.reshape(2, 3, 4))
    assert np.array_equal(tensors["transposed"], NUMBERS.reshape(6, 4).T)
    assert np.array_equal(tensors["part"], [21, 22, 23])
    assert tensors["steps"] == 42 and tensors["steps"].dtype == np.int64
    assert tensors["rows"].dtype == np.float32


class Malicious:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"echo ran > '{self.marker}'",)


def test_nothing_in_the_file_is_run(write, tmp_path):
    marker = tmp_path / "marker"
    path = write(OrderedDict(weight=Malicious(marker)))
    with pytest.raises(ModelError, match=r"weights\.pth .* asks for (posix|nt)\.system"):
        read_state_dict(path)
    assert not marker.exists()


@pytest.mark.parametrize("name", ["builtins eval", "collections namedtuple", "torch._utils _rebuild_parameter"])
def test_other_names_are_refused_even_of_known_modules(write, name):
    path = write({})
    content = b"\x80\x02c" + name.replace(" ", "\n").encode() + b"\n."
    path.write_bytes(content)
    with pytest.raises(ModelError, match="no state dict needs"):
        read_state_dict(path)


@pytest.mark.parametrize(
    ("tensor", "reason"),
    [
        ({"shape": (25,), "strides": (1,)}, "beyond its storage"),
        ({"shape": (2, 3), "strides": (23, 1)}, "beyond its storage"),
        ({"shape": (2,), "strides": (-1,)}, "beyond its storage"),
        ({"shape": (2,), "strides": (1,), "offset": -5}, "beyond its storage"),
        ({"shape": (2, 3), "strides": (1,)}, "beyond its storage"),
        ({"shape": (2,), "strides": (1,), "key": "9"}, "beyond its storage"),
        ({"shape": (2,), "strides": (1,), "count": 99}, "24 numbers where 99 were announced"),
        ({"shape": (2,), "strides": (1,), "kind": "DoubleStorage"}, "torch.DoubleStorage"),
    ],
)
def test_no_tensor_reaches_beyond_its_numbers(write, tensor, reason):
    whole = {"shape": (1,), "strides": (1,), "count": tensor.get("count", 24)}  # keeps storage 7 known to the file
    path = write(lambda: OrderedDict(whole=Stored(**whole), tensor=Stored(**tensor)))
    with pytest.raises(ModelError, match=reason):
        read_state_dict(path)


def test_a_file_cut_short_or_of_another_kind_is_refused(write, tmp_path):
    path = write(lambda: OrderedDict(whole=Stored((24,), (1,))))
    content = path.read_bytes()
    for length in (0, 10, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(ModelError, match=r"weights\.pth is not a PyTorch state dict"):
            read_state_dict(path)
    with pytest.raises(ModelError, match=r"before 1\.6"):
        read_state_dict(write({}, magic=1))
    path.write_bytes(b"PK\x03\x04 the newer format is a zip")
    with pytest.raises(ModelError):
        read_state_dict(path)
