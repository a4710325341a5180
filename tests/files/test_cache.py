import hashlib
import time
from pathlib import Path

import pytest

from helpers.files import cache
from helpers.files.cache import cache_folder, replacing, sha256


def test_the_folder_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.setenv("KINFRAME_CACHE", "~/mine")
    assert cache_folder() == Path.home() / "mine"
    monkeypatch.delenv("KINFRAME_CACHE")
    assert "kinframe" in str(cache_folder())
    assert cache_folder().is_absolute()


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "new" / "file"
    with replacing(path) as half:
        half.write_text("one")
        assert not path.exists()
    with replacing(path) as half:
        half.write_text("two")
        assert path.read_text() == "one"
        written = half.stat().st_ino
    assert path.stat().st_ino == written  # moved there, not copied: no reader ever sees a part of it
    assert path.read_text() == "two"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as half:
        half.write_text("ne")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_at_once_do_not_mix(tmp_path):
    path = tmp_path / "file"
    with replacing(path) as first, replacing(path) as second:
        first.write_text("first")
        second.write_text("second")
        assert first != second
    assert path.read_text() == "first"  # left last
    assert list(tmp_path.iterdir()) == [path]


def test_a_hash_is_remembered_until_the_file_changes(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"one")
    monkeypatch.setattr(cache, "_SETTLED", 0)
    time.sleep(0.02)  # longer than a tick of the file system's clock
    assert sha256(path) == hashlib.sha256(b"one").hexdigest()
    monkeypatch.setattr(hashlib, "sha256", None)  # remembered: nothing is computed
    assert sha256(path).startswith("7692c3ad")
    monkeypatch.undo()
    path.write_bytes(b"other")
    assert sha256(path) == hashlib.sha256(b"other").hexdigest()


def test_what_changed_only_now_is_not_remembered(tmp_path):
    """Two changes within a tick of the clock have the same stamp."""
    path = tmp_path / "file"
    for content in (b"one", b"two"):
        path.write_bytes(content)
        before = cache.stamp(path)
        assert not cache.remember(path, before, "wrong")
        assert sha256(path) == hashlib.sha256(content).hexdigest()
    assert cache.remembered(path) is None


def test_what_an_earlier_process_knew(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"one")
    monkeypatch.setattr(cache, "_hashed", {})
    cache.recall({str(path): (cache.stamp(path), "known")})
    assert sha256(path) == "known"
    path.write_bytes(b"other")
    assert sha256(path) == hashlib.sha256(b"other").hexdigest()


def test_a_folder_behind_a_link_is_replaced_and_the_link_stays(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    (real / "old").write_text("old")
    link.symlink_to(real, target_is_directory=True)
    with cache.replacing_folder(link) as half:
        (half / "new").write_text("new")
    assert link.is_symlink() and [path.name for path in real.iterdir()] == ["new"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]
