"""The folder that photos were loaded from, also by the paths of Windows."""

import ntpath
import posixpath
from types import SimpleNamespace

import pytest

import helpers.frames.photo_paths
from helpers.files.spelling import full_path
from helpers.frames.photo_paths import folder_of


@pytest.mark.parametrize("names", [["a.jpg", "sub/b.jpg"], ["sub/a.jpg"], ["sub/deep/a.jpg", "sub/deep/b.jpg"]])
@pytest.mark.parametrize(("system", "folder"), [(ntpath, "C:\\Users\\me\\photos"), (posixpath, "/home/me/photos")])
def test_the_folder_that_was_loaded_even_if_only_some_rows_are_left(monkeypatch, system, folder, names):
    monkeypatch.setattr(helpers.frames.photo_paths, "os", SimpleNamespace(path=system))
    files = [full_path(folder, name, system.sep) for name in names]
    assert folder_of(list(names), list(files)) == folder
