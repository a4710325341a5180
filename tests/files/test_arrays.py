"""Arrays from files: as NumPy reads them where they are whole, and refused where anybody has changed them."""

import struct
import zipfile

import numpy as np
import pytest

from helpers.files.arrays import read_array, read_arrays

ARRAYS = [
    np.arange(12, dtype=np.float32).reshape(3, 4),
    np.asfortranarray(np.arange(12).reshape(3, 4)),
    np.arange(5, dtype=np.uint8),
    np.arange(5, dtype=">i2"),
    np.array([True, False]),
    np.array(3.5),
    np.array("a line of text, ä"),
    np.empty((0, 7), np.float32),
    np.ones((2, 3, 4), np.float16),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype} {array.shape}")
@pytest.mark.parametrize("mapped", [False, True])
def test_what_numpy_wrote(array, mapped, tmp_path):
    np.save(tmp_path / "a.npy", array)
    read = read_array(tmp_path / "a.npy", mapped=mapped)
    assert (read.dtype, read.shape, isinstance(read, np.memmap)) == (array.dtype, array.shape, mapped)
    assert np.array_equal(read, array) and read.flags.f_contiguous == array.flags.f_contiguous


def test_several_in_one_file(tmp_path):
    with (tmp_path / "a.npz").open("wb") as file:
        np.savez(file, **{f"a{place}": array for place, array in enumerate(ARRAYS)})
    read = read_arrays(tmp_path / "a.npz", ["a0", "a6"])
    assert list(read) == ["a0", "a6"] and np.array_equal(read["a0"], ARRAYS[0]) and read["a6"] == ARRAYS[6]
    read["a0"][0] = 7  # they are the reader's own
    with pytest.raises(ValueError, match="b"):
        read_arrays(tmp_path / "a.npz", ["b"])


def npy(text, numbers=bytes(48)):
    """A file with this text at its beginning, as long as NumPy pads it."""
    padded = text.encode() + b" " * (-(11 + len(text)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded + numbers


def described(descr="'<f4'", shape="(3, 4)"):
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"


CHANGED = {
    "whole": (npy(described()), True),
    "a bracket that stays open": (npy(described()[:-1]), False),
    "zeros": (npy(described(shape="(3,\0 4)")), False),
    "deep": (npy("(" * 5000), False),
    "more than there is": (npy(described(shape="(3000000000, 4000000000)")), False),
    "more axes than anybody needs": (npy(described(shape=f"({'1, ' * 70}12)")), False),
    "less than there is": (npy(described(shape="(3, 3)")), False),
    "below zero": (npy(described(shape="(-3, -4)")), False),
    "objects": (npy(described("'|O8'")), False),
    "one long number": (npy(described("'<V48'", "(1,)")), False),
    "columns": (npy(described("[('a', '<f4')]", "(12,)")), False),
    "a type that is none": (npy(described("'<f5'")), False),
    "letters without end": (npy(described("'<U999999999'", "(1,)")), False),
    "letters of no length": (npy(described("'<U0'", "(999999999999,)"), b""), False),
    "a call": (npy(described("__import__('os').getcwd()")), False),
    "cut off": (npy(described())[:-1], False),
    "cut off in its text": (npy(described())[:40], False),
    "cut off at its beginning": (npy(described())[:9], False),
    "nothing": (b"", False),
    "something else": (b"\x80\x04\x95 a pickle", False),
    "another version": (npy(described()).replace(b"\x01\x00", b"\x03\x00", 1), False),
}


@pytest.mark.parametrize("content, whole", CHANGED.values(), ids=CHANGED)
def test_what_somebody_changed(content, whole, tmp_path):
    (tmp_path / "a.npy").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", content)
    for read in (
        lambda: read_array(tmp_path / "a.npy"),
        lambda: read_array(tmp_path / "a.npy", mapped=True),
        lambda: read_arrays(tmp_path / "a.npz", ["a"])["a"],
    ):
        if whole:
            assert read().shape == (3, 4)
        else:
            with pytest.raises(ValueError):
                read()


def test_nothing_is_unpacked(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(50_000_000, np.uint8))
    assert (tmp_path / "a.npz").stat().st_size < 100_000
    with pytest.raises(ValueError, match="packed"):
        read_arrays(tmp_path / "a.npz", ["a"])


@pytest.mark.parametrize("content", [b"", b"PK\3\4 and no more", b"PK\5\6" + bytes(18)])
def test_what_is_no_zip(content, tmp_path):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ValueError):
        read_arrays(tmp_path / "a.npz", ["a"])
