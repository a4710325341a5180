"""How a service is set up: where its collection lies, and what is told of it."""

from pathlib import Path

import pytest

from helpers.features.store_path import default_path
from helpers.service.settings import Settings


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KINFRAME_CACHE", str(tmp_path / "cache"))


def test_a_folder_below_one_that_is_served_has_a_collection_of_its_own(tmp_path):
    above, below = tmp_path / "photos", tmp_path / "photos" / "chairs"
    below.mkdir(parents=True)
    file = Path(Settings(above).address)
    assert file == default_path(above)
    file.parent.mkdir(parents=True)
    file.touch()
    own = Path(Settings(below).address)
    assert own != file == default_path(below)
    own.touch()
    assert own == default_path(below)


def test_the_password_of_the_database_is_not_shown():
    settings = Settings(Path("photos"), "postgresql://me:hush@host/name", port=7)
    assert "hush" not in f"{settings} {settings!r}" and "port=7" in repr(settings)
