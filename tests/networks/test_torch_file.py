import io
import os
import pickle
import struct
import sys
import tracemalloc
import types
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from helpers.errors import ModelError
from helpers.networks.torch_file import read_state_dict

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
        self.reference = ("storage", getattr(sys.modules["torch"], kind), key, "cpu", count)


class Pickler(pickle.Pickler):
    def persistent_id(self, thing):
        return thing.reference if isinstance(thing, Storage) else None


class OldPickler(Pickler):
    def persistent_id(self, thing):
        return (*thing.reference, None) if isinstance(thing, Storage) else None  # a view, which is never used


def pickled(thing):
    stream = io.BytesIO()
    Pickler(stream, protocol=2).dump(thing)
    return stream.getvalue()


@pytest.fixture
def torch(monkeypatch):
    """The names of PyTorch that are pickled, without PyTorch."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in ("FloatStorage", "LongStorage", "DoubleStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2():
        raise AssertionError("only its name is pickled")

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


@pytest.fixture
def write(tmp_path, torch):
    """A function that writes an old-format file as `torch.save` did, from a state dict of `Stored` tensors."""

    def save(tensors, storages=(("7", NUMBERS),), magic=0x1950A86A20F9469CFC6C):
        path = tmp_path / "weights.pth"
        state = tensors() if callable(tensors) else tensors
        with path.open("wb") as stream:
            for part in (magic, 1001, {"little_endian": True}, state, [key for key, _ in storages]):
                OldPickler(stream, protocol=2).dump(part)
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
    with pytest.raises(ModelError, match=r"before 1\.6 nor a zip file"):
        read_state_dict(write({}, magic=1))
    path.write_bytes(b"PK\x03\x04 and no zip file after that")
    with pytest.raises(ModelError, match=r"weights\.pth is not a PyTorch state dict"):
        read_state_dict(path)


def test_no_memory_is_taken_for_numbers_that_are_only_announced(write, torch):
    count = 2**31
    path = write({"a": Stored((count,), (1,), count=count)}, [("7", NUMBERS)])
    content = path.read_bytes()
    numbers = struct.pack("<q", len(NUMBERS)) + NUMBERS.tobytes()
    assert content.endswith(numbers)
    path.write_bytes(content[: -len(numbers)] + struct.pack("<q", count) + NUMBERS.tobytes())
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match="96 bytes"):
            read_state_dict(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.fixture
def pack(tmp_path, torch):
    """A function that writes a file as `torch.save` does since 1.6; `changed` are the entries that are otherwise."""

    def save(tensors, storages=(("7", NUMBERS),), changed=None, compression=zipfile.ZIP_STORED):
        entries = {
            "weights/data.pkl": pickled(tensors()),
            "weights/.format_version": b"1",
            "weights/byteorder": b"little",
            **{f"weights/data/{key}": numbers.tobytes() for key, numbers in storages},
            "weights/version": b"3\n",
            **(changed or {}),
        }
        path = tmp_path / "weights.pth"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, content in entries.items():
                if content is not None:
                    archive.writestr(name, content)
        return path

    return save


def whole():
    return OrderedDict(whole=Stored((24,), (1,)))


def test_the_zip_format_is_read_too(pack):
    def tensors():
        state = OrderedDict(
            rows=Stored((2, 3, 4), (12, 4, 1)),
            transposed=Stored((4, 6), (1, 4)),
            part=Stored((3,), (1,), offset=21),
            steps=Stored((), (), key="8", count=1, kind="LongStorage"),
        )
        state._metadata = OrderedDict(version=2)  # as a module's state_dict has
        return state

    for byteorder in (b"little", None):  # older files do not say
        path = pack(tensors, [("7", NUMBERS), ("8", np.array([42]))], {"weights/byteorder": byteorder})
        read = read_state_dict(path)
        assert list(read) == ["rows", "transposed", "part", "steps"]
        assert np.array_equal(read["rows"], NUMBERS.reshape(2, 3, 4))
        assert np.array_equal(read["transposed"], NUMBERS.reshape(6, 4).T)
        assert np.array_equal(read["part"], [21, 22, 23])
        assert read["steps"] == 42 and read["steps"].dtype == np.int64


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"weights/byteorder": b"big"}, "not little-endian"),
        ({"weights/data/7": None}, "storage 7 is missing"),
        ({"weights/data/7": NUMBERS.tobytes()[:-4]}, "storage 7 has 92 bytes where 96 were announced"),
        ({"weights/data/7": NUMBERS.tobytes() * 2}, "storage 7 has 192 bytes where 96 were announced"),
        ({"weights/data.pkl": None}, r"without the data\.pkl"),
        ({"other/data.pkl": b""}, r"without the data\.pkl"),
        ({"weights/data.pkl": b"\x80\x02cbuiltins\neval\n."}, "asks for builtins.eval"),
        ({"weights/data.pkl": b"\x80\x02ctorch._utils\n_rebuild_parameter\n."}, "_rebuild_parameter, which no state"),
        ({"weights/data.pkl": b"\x80\x02]."}, "no attribute 'items'"),
        ({"weights/data.pkl": b"\x80\x02]r\xff\xff\xff\x7f."}, "more memory than any state dict needs"),
        ({"weights/data.pkl": b"\x80\x05\x96" + bytes([1, *[0] * 7]) + b"!."}, "BYTEARRAY8"),
        ({"weights/data.pkl": pickle.dumps({"epoch": 3}, 2)}, "something that is not a tensor"),
        (
            {"weights/data.pkl": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(X\x01\x00\x00\x00OK\x00))tR."},
            "without a storage",
        ),
        (
            {"weights/data.pkl": b"\x80\x02(X\x01\x00\x00\x00sX\x01\x00\x00\x00OX\x01\x00\x00\x007NK\x18tQ."},
            "a storage in a form that PyTorch does not write",
        ),
    ],
)
def test_a_zip_file_that_is_otherwise_is_refused(pack, changed, reason):
    with pytest.raises(ModelError, match=rf"weights\.pth is not a PyTorch state dict .*{reason}"):
        read_state_dict(pack(whole, changed=changed))


def test_nothing_is_unpacked(pack):
    """A file of a few bytes cannot become gigabytes."""
    zeros = [("7", np.zeros(24, np.float32))]
    with pytest.raises(ModelError, match="is compressed or encrypted"):
        read_state_dict(pack(whole, zeros, compression=zipfile.ZIP_DEFLATED))


def test_damage_shows(pack):
    path = pack(whole)
    content = bytearray(path.read_bytes())
    content[content.index(NUMBERS.tobytes()) + 5] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="Bad CRC-32 for file 'weights/data/7'"):
        read_state_dict(path)
    for length in (4, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(ModelError, match=r"weights\.pth is not a PyTorch state dict"):
            read_state_dict(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_entries_twice_or_over_each_other_are_refused(pack):
    path = pack(whole)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("weights/data/7", NUMBERS.tobytes())
    with pytest.raises(ModelError, match="overlapping parts"):
        read_state_dict(path)
    path = pack(whole)
    with zipfile.ZipFile(path, "a") as archive:
        first = archive.getinfo("weights/data/7")
        for number in range(99):
            again = zipfile.ZipInfo(f"weights/data/{100 + number}")
            for name in ("header_offset", "file_size", "compress_size", "CRC"):
                setattr(again, name, getattr(first, name))
            archive.filelist.append(again)
            archive.NameToInfo[again.filename] = again
        archive._didModify = True
    with pytest.raises(ModelError, match="overlapping parts"):
        read_state_dict(path)


def test_two_tensors_must_agree_on_their_storage(pack):
    def tensors():
        return OrderedDict(a=Stored((24,), (1,)), b=Stored((1,), (1,), kind="LongStorage", count=12))

    with pytest.raises(ModelError, match="storage 7 is described twice, in different ways"):
        read_state_dict(pack(tensors))


def test_tuples_in_tuples_do_not_end_the_process(tmp_path):
    """Python's own hash of them is recursive, without a limit."""
    for depth in (1000, 3_000_000):
        path = tmp_path / "weights.pth"
        start = b"".join(pickle.dumps(each, protocol=2) for each in (0x1950A86A20F9469CFC6C, 1001, {}))
        path.write_bytes(start + b"\x80\x02}N" + b"\x85" * depth + b"Ns.")
        with pytest.raises(ModelError, match="not a PyTorch state dict that can be read safely"):
            read_state_dict(path)
