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


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660])
def test_a_key_that_others_can_read_is_none(mode, monkeypatch, tmp_path):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path))
    machine_key()
    (file,) = tmp_path.iterdir()
    file.chmod(mode)
    with pytest.raises(OSError, match="can be read by others"):
        machine_key()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such owners")
@pytest.mark.parametrize("theirs", ["an owner", "a link"])
def test_a_key_that_another_account_has_put_there_is_none(theirs, monkeypatch, tmp_path):
    """In a cache folder that others can write to; what they sign with it was not made here."""
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    machine_key()
    (file,) = (tmp_path / "cache").iterdir()
    if theirs == "a link":
        file.rename(tmp_path / "elsewhere")
        file.symlink_to(tmp_path / "elsewhere")
    else:
        monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)
    with pytest.raises(OSError, match="theirs"):
        machine_key()
