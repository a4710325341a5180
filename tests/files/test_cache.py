import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from helpers.files.cache import cache_folder, machine_key


def test_the_folder_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.setenv("KINFRAME_CACHE", "~/mine")
    assert cache_folder() == Path.home() / "mine"
    monkeypatch.delenv("KINFRAME_CACHE")
    assert "kinframe" in str(cache_folder())
    assert cache_folder().is_absolute()


def test_the_key_of_this_machine_is_made_once_and_is_its_owners_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "mine"))
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: machine_key(), range(64)))
    assert len(keys) == 1 and len(keys.pop()) == 32
    [file] = (tmp_path / "mine").iterdir()
    assert os.name == "nt" or file.stat().st_mode & 0o077 == 0
    file.write_bytes(b"half")
    with pytest.raises(OSError, match=r"this-machine\.key is damaged"):
        machine_key()
