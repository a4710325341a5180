from pathlib import Path

from helpers.files.cache import cache_folder


def test_the_folder_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.setenv("KINFRAME_CACHE", "~/mine")
    assert cache_folder() == Path.home() / "mine"
    monkeypatch.delenv("KINFRAME_CACHE")
    assert "kinframe" in str(cache_folder())
    assert cache_folder().is_absolute()
