import json
import os

import pytest

from helpers.files.json_file import parse_json, read_json


def test_what_was_written_is_read(tmp_path):
    value = {"a": [1, -2.5, None, True, "é", {}], "long": 10**399}
    (tmp_path / "a.json").write_text(json.dumps(value), encoding="utf-8")
    assert read_json(tmp_path / "a.json") == value
    assert parse_json(b"\xef\xbb\xbf[1]") == [1], "Windows puts a mark before it"


BAD = {
    "empty": b"",
    "cut off": b'{"a": [1, 2',
    "deep lists": b"[" * 200_000 + b"]" * 200_000,
    "deep objects": b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
    "no text": b"\xff\xfe\x00\xd8",
    "two values": b"1 2",
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_whatever_is_wrong_is_a_value_error(content, tmp_path):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError):
        read_json(tmp_path / "a.json")


def test_a_number_that_no_float_holds_is_infinite():
    """Reading its digits would take half a minute where Python has no limit."""
    long = "9" * 1_000_000
    assert parse_json(f"[{long}, -{long}, 1e999]") == [float("inf"), float("-inf"), float("inf")]


def test_large_files_and_none_are_not_read(tmp_path):
    (tmp_path / "a.json").write_text("[1, 2]")
    with pytest.raises(OSError, match="at most"):
        read_json(tmp_path / "a.json", most=5)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="not a regular file"):
            read_json(tmp_path / "pipe")
