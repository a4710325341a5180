"""The pictures in `data/`: complete, readable, described truthfully, and the ones that the script draws."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from drawing.robots import pictures
from drawing.robots.recipes import recipes as every_recipe
from PIL import Image

from helpers.images.decode import open_photo
from tests.support.places import ROOT

DATA = ROOT / "data"
PICTURES = sorted(path for path in (DATA / "robots").rglob("*") if path.is_file())
with (DATA / "robots.csv").open(newline="", encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))


@pytest.fixture(scope="module")
def recipes():
    return {recipe.path: recipe for recipe in every_recipe()}


def test_as_many_of_each_robot_as_the_article_had_of_its_two():
    assert Counter(path.parent.name for path in PICTURES) == {"bolu": 119, "tarn": 80}


def test_files_and_table_agree_one_to_one():
    assert sorted(row["path"] for row in ROWS) == sorted(path.relative_to(DATA).as_posix() for path in PICTURES)
    assert all(row["robot"] == Path(row["path"]).parent.name for row in ROWS)


def test_every_picture_opens_upright_in_the_size_that_the_table_says():
    for row in ROWS:
        size = int(row["picture_width"]), int(row["picture_height"])
        assert open_photo(DATA / row["path"]).size == size
        assert min(size) >= 200 and max(size) <= 900


def test_boxes_lie_inside_their_pictures():
    for row in ROWS:
        x, y, width, height = (int(row[name]) for name in ("x", "y", "width", "height"))
        assert min(x, y) >= 0 and min(width, height) >= 40, row["path"]
        assert x + width <= int(row["picture_width"]) and y + height <= int(row["picture_height"]), row["path"]


def test_a_box_frames_what_is_not_transparent():
    alone = [row for row in ROWS if row["background"] == "none" and "+" not in row["figures"]]
    assert alone
    for row in alone:
        left, top, right, bottom = open_photo(DATA / row["path"], native=True).getchannel("A").getbbox()
        seen = left, top, right - left, bottom - top
        assert seen == pytest.approx([int(row[name]) for name in ("x", "y", "width", "height")], abs=2)


def test_there_is_something_of_every_kind():
    assert {"jpeg", "png", "palette", "transparent"} == {row["file"] for row in ROWS}
    assert {"1", "3", "6", "8"} == {row["orientation"] for row in ROWS}
    modes = Counter(_mode(path) for path in PICTURES)
    assert min(modes[mode] for mode in ("RGB", "L", "P", "RGBA")) >= 2
    for robot in ("bolu", "tarn"):
        assert {row["light"] for row in ROWS if row["robot"] == robot} >= {"day", "night", "sunset", "grey", "faded"}


def _mode(path):
    with Image.open(path) as image:
        return image.mode


def test_all_of_it_is_small_enough_to_commit():
    assert sum(path.stat().st_size for path in PICTURES) < 5_000_000


def test_the_table_is_what_the_recipes_say(recipes):
    assert list(recipes) == [row["path"] for row in ROWS]
    for row in ROWS:
        recipe = recipes[row["path"]]
        for name in ("robot", "style", "background", "light", "shot", "file", "orientation"):
            assert row[name] == str(getattr(recipe, name))
        assert row["seed"] == str(recipe.dice("recipe").seed)


def _small_samples():
    """The smallest picture of each kind of file, and one that lies on its side: quick to draw."""
    by_size = sorted(ROWS, key=lambda row: int(row["picture_width"]) * int(row["picture_height"]))
    first = {}
    for row in by_size:
        first.setdefault((row["file"], row["robot"] if row["file"] == "jpeg" else row["orientation"]), row)
    turned = next(row for row in by_size if row["orientation"] == "6")
    return [*first.values(), turned]


@pytest.mark.parametrize("row", _small_samples(), ids=lambda row: Path(row["path"]).name)
def test_the_script_draws_the_same_again(row, recipes, tmp_path):
    recipe = recipes[row["path"]]
    picture = pictures.draw(recipe)
    again = open_photo(pictures.save(picture, recipe, tmp_path))
    committed = open_photo(DATA / row["path"])
    difference = np.asarray(again, np.float32) - np.asarray(committed, np.float32)
    assert np.abs(difference).mean() < 0.5  # releases of Pillow differ by up to 0.05
    assert {name: str(value) for name, value in pictures.row(picture, recipe).items()} == row


def test_a_picture_does_not_depend_on_those_before_it(recipes):
    recipe = recipes["robots/tarn/tarn-002.jpg"]
    assert pictures.draw(recipe).image.tobytes() == pictures.draw(recipe).image.tobytes()
