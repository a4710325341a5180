import hashlib
import time

from helpers.files import stamps
from helpers.files.stamps import sha256


def test_a_hash_is_remembered_until_the_file_changes(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"one")
    monkeypatch.setattr(stamps, "_SETTLED", 0)
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
        before = stamps.stamp(path)
        assert not stamps.remember(path, before, "wrong")
        assert sha256(path) == hashlib.sha256(content).hexdigest()
    assert stamps.remembered(path) is None


def test_what_an_earlier_process_knew(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"one")
    monkeypatch.setattr(stamps, "_hashed", {})
    stamps.recall({str(path): (stamps.stamp(path), "known")})
    assert sha256(path) == "known"
    path.write_bytes(b"other")
    assert sha256(path) == hashlib.sha256(b"other").hexdigest()
