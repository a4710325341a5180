"""Where the features of a folder are kept when nobody names a file."""

import os

from helpers.features.store import FeatureStore
from helpers.features.store_path import default_path, other_stores


def test_a_folder_has_one_place_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    season = tmp_path / "season <1>"
    place = default_path(season)
    assert place.parent == tmp_path / "cache" / "features" and place.name.startswith("season_1_-")
    assert default_path(str(season) + "/") == default_path(season / "x" / "..") == place
    assert default_path(tmp_path / "other") != place and default_path(tmp_path / "b" / "season <1>") != place


def test_a_part_of_a_folder_takes_the_store_of_the_whole(tmp_path, monkeypatch):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    alone = default_path(tmp_path / "season" / "site 1")
    FeatureStore(default_path(tmp_path / "season")).close()
    assert default_path(tmp_path / "season" / "site 1") == default_path(tmp_path / "season") != alone
    FeatureStore(alone).close()
    assert default_path(tmp_path / "season" / "site 1") == alone


def test_stores_of_other_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))
    mine = default_path(tmp_path / "mine")
    assert other_stores(mine) == []
    for number, name in enumerate(("mine", "old", "new")):
        FeatureStore(default_path(tmp_path / name)).close()
        os.utime(default_path(tmp_path / name), (number, number))
    assert other_stores(mine) == [default_path(tmp_path / "new"), default_path(tmp_path / "old")]
    assert len(other_stores(tmp_path / "anywhere.kinframe")) == 3
