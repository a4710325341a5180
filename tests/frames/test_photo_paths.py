"""The folder that photos were loaded from, also by the paths of Windows."""

import ntpath
import posixpath
from pathlib import PureWindowsPath
from types import SimpleNamespace

import pytest

import helpers.frames.photo_paths
from helpers.files.spelling import full_path
from helpers.frames.photo_paths import folder_of, shown_names


@pytest.mark.parametrize("names", [["a.jpg", "sub/b.jpg"], ["sub/a.jpg"], ["sub/deep/a.jpg", "sub/deep/b.jpg"]])
@pytest.mark.parametrize(("system", "folder"), [(ntpath, "C:\\Users\\me\\photos"), (posixpath, "/home/me/photos")])
def test_the_folder_that_was_loaded_even_if_only_some_rows_are_left(monkeypatch, system, folder, names):
    monkeypatch.setattr(helpers.frames.photo_paths, "os", SimpleNamespace(path=system))
    files = [full_path(folder, name, system.sep) for name in names]
    assert folder_of(list(names), list(files)) == folder


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["C:\\season\\a.jpg", "C:\\season\\sub\\b.jpg", None], ["a.jpg", "sub/b.jpg", "label 2"]),
        (["C:\\season\\a.jpg", "D:\\card\\b.jpg"], ["C:/season/a.jpg", "D:/card/b.jpg"]),
    ],
)
def test_names_of_photos_on_one_disk_of_windows_and_on_two(monkeypatch, paths, names):
    monkeypatch.setattr(helpers.frames.photo_paths, "os", SimpleNamespace(path=ntpath))
    monkeypatch.setattr(helpers.frames.photo_paths, "Path", PureWindowsPath)
    assert shown_names(paths, [f"label {number}" for number in range(len(paths))]) == names
    assert folder_of(paths, paths) == ("C:\\season" if len(paths) == 3 else None)
