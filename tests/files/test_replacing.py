import os

import pytest

from helpers.files.replacing import replacing, replacing_folder


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


def test_a_folder_behind_a_link_is_replaced_and_the_link_stays(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    (real / "old").write_text("old")
    link.symlink_to(real, target_is_directory=True)
    with replacing_folder(link) as half:
        (half / "new").write_text("new")
    assert link.is_symlink() and [path.name for path in real.iterdir()] == ["new"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_what_was_private_stays_private(tmp_path, mode):
    path, folder = tmp_path / "labels.csv", tmp_path / "model"
    for _ in range(2):
        with replacing(path) as half:
            half.write_text("new")
        with replacing_folder(folder) as half:
            (half / "new").write_text("new")
        path.chmod(mode)
        folder.chmod(mode | 0o100)
    with replacing(path) as half:
        half.write_text("newer")
    with replacing_folder(folder):
        pass
    assert path.stat().st_mode & 0o777 == mode
    assert folder.stat().st_mode & 0o777 == mode | 0o100


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_what_is_new_can_be_read_by_all(tmp_path):
    with replacing(tmp_path / "file") as half:
        half.write_text("new")
    with replacing_folder(tmp_path / "folder"):
        pass
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "file", tmp_path / "folder")] == [0o644, 0o755]
