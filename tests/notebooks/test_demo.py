import json
import re

import pytest
from PIL import Image

from helpers import demo


@pytest.fixture()
def folder(tmp_path):
    """Red and blue pictures in two folders, and a file that is none, under a name that a shell would trip over."""
    root = tmp_path / 'it\'s a "$folder"'
    for place, (name, colour) in enumerate([("red", (200, 30, 30)), ("blue", (30, 30, 200))] * 6):
        (root / name).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (60 + place, 40), colour).save(root / name / f"{place}.png")
    (root / "red" / "notes.jpg").write_text("no photo")
    return root


def test_it_leaves_a_page_a_picture_and_the_figures(folder, tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    build = tmp_path / "build"
    assert demo.demonstrate(folder, build) == 0
    figures = json.loads((build / "demo.json").read_text(encoding="utf-8"))
    assert (figures["photos"], figures["bad"], figures["model"]) == (12, 1, "efficientnet-lite0")
    assert figures["left_out"][0][0] == "red/notes.jpg"
    assert 0 <= figures["precision_at_10"] <= 1 and figures["photos_per_second"] > 0
    with Image.open(build / "matches.png") as picture:
        assert picture.width > 500
    page = (build / "01-find-similar-photos.html").read_text(encoding="utf-8")
    assert "data:image/jpeg;base64" in page
    assert not re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"|://cdn|://unpkg', page), "it fetches from elsewhere"
    said = capfd.readouterr().out
    for line in ("environment", "model", "photos", "photos/s", "precision@10", "notes.jpg"):
        assert line in said


def test_a_folder_that_is_not_there_is_named(tmp_path, capsys):
    assert demo.demonstrate(tmp_path / "nowhere", tmp_path / "build") == 2
    assert "nowhere: no such folder" in capsys.readouterr().err


def test_a_folder_without_photos_is_said_in_one_line(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    (tmp_path / "empty").mkdir()
    assert demo.demonstrate(tmp_path / "empty", tmp_path / "build") == 1
    said = capfd.readouterr().err
    assert "The notebook stopped: FrameError" in said and "Traceback" not in said
