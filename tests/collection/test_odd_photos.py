"""The odd ones of a collection, in numbers, as a strip and as a widget."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from helpers import tc
from helpers.collection.odd_photos import FLAGS, oddities, ordered, pixel_statistics
from helpers.collection.odd_strip import OddStrip, show_oddities
from helpers.errors import FrameError
from helpers.photos.load import load_photos
from helpers.similarity.build import create
from tests.support.pictures import encoded, tiny_network


def scene(seed=0, size=(400, 300)):
    """Something with edges and all greys."""
    random = np.random.default_rng(seed)
    fields = Image.fromarray(random.integers(0, 256, (24, 32, 3), np.uint8))
    return fields.resize(size, Image.Resampling.NEAREST)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    photos = tmp_path_factory.mktemp("odd")
    for number in range(3):
        scene(number).save(photos / f"scene-{number}.png")
    scene(0).save(photos / "copy.png")
    scene(7).filter(ImageFilter.GaussianBlur(12)).save(photos / "blurred.png")
    for name, level in (("black", 3), ("white", 252), ("grey", 128)):
        Image.new("RGB", (400, 300), (level,) * 3).save(photos / f"{name}.png")
    return photos


@pytest.fixture(scope="module")
def model(folder, tmp_path_factory):
    network = tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx")
    return create(load_photos(folder, progress=False)[0], model=str(network), store=False, verbose=False)


@pytest.fixture(scope="module")
def odd(model):
    return oddities(model, progress=False)


def of(odd, name):
    return next(row for row in odd if row["name"] == f"{name}.png")


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_each_photo_is_a_row_in_its_order(model, odd):
    assert odd.column_names() == [
        "label", "name", "loneliness", "sharpness", "brightness", "contrast", *FLAGS, "reason",
    ]  # fmt: skip
    assert list(odd["label"]) == model.labels and list(odd["name"]) == model.names
    assert list(odd["reason"]) == [None] * len(odd)


@pytest.mark.parametrize(
    "name, flags",
    [
        ("scene-0", []),
        ("black", ["black", "blank"]),
        ("white", ["white", "blank"]),
        ("grey", ["blank"]),
        ("blurred", ["blurred"]),
    ],
)
def test_flags(odd, name, flags):
    assert [flag for flag in FLAGS if of(odd, name)[flag]] == flags


def test_numbers(odd):
    assert of(odd, "grey")["brightness"] == pytest.approx(128 / 255)
    assert of(odd, "grey")["contrast"] == of(odd, "grey")["sharpness"] == 0
    assert of(odd, "blurred")["sharpness"] < 0.5 < of(odd, "scene-0")["sharpness"]


def test_a_copy_is_not_lonely_and_others_are_as_far_as_their_neighbour(model, odd):
    assert of(odd, "copy")["loneliness"] == of(odd, "scene-0")["loneliness"] == 0
    edges = {row["query_label"]: row["distance"] for row in model.similarity_graph(k=1, verbose=False)}
    assert list(odd["loneliness"]) == [edges[label] for label in model.labels]


def test_sharpness_is_curvature_by_slope():
    """Of a wave it is the square of its frequency, 4 (1 - cos f)² / sin² f as differences see it."""
    waves = 128 + 100 * np.sin(np.arange(512) * 0.3)[None] + np.zeros((384, 1))
    found = pixel_statistics(encoded(Image.fromarray(waves.round().astype(np.uint8))))
    assert found.sharpness == pytest.approx(4 * (1 - np.cos(0.3)) ** 2 / np.sin(0.3) ** 2, rel=0.1)


def shallow():
    """A sharp thing in front of a wood that is out of focus."""
    photo = scene(1, (640, 480)).filter(ImageFilter.GaussianBlur(8))
    photo.paste(scene(2, (160, 120)), (240, 180))
    return photo


def clouds():
    """Soft, with hardly an edge, and in focus."""
    from benchmarks.made_photos.skies import sky

    return sky(1, 0.8)


def fox_in_fog():
    fog = Image.new("L", (640, 480), 170)
    fog.paste(158, (280, 220, 360, 270))
    return fog.filter(ImageFilter.GaussianBlur(3))


def hardly_lit(level):
    """Nearly all of it black, or white, and something in a corner of it."""
    photo = Image.new("L", (640, 480), level)
    photo.paste(scene(4, (50, 40)).convert("L").point([(level * 3 + each) // 4 for each in range(256)]), (300, 220))
    return photo


@pytest.mark.parametrize(
    ("photo", "flags"),
    [
        (lambda: hardly_lit(2), ["low_contrast"]),
        (lambda: hardly_lit(253), ["low_contrast"]),
        (lambda: scene(5, (640, 480)).convert("L").point([each // 16 for each in range(256)]), ["low_contrast"]),
        (lambda: scene(5, (640, 480)).convert("L").point([238 + each // 15 for each in range(256)]), ["low_contrast"]),
        (
            lambda: Image.effect_noise((640, 480), 4).point([max(0, each - 120) for each in range(256)]),
            ["black", "blank"],
        ),
        (shallow, []),
        (clouds, []),
        (lambda: shallow().filter(ImageFilter.GaussianBlur(4)), ["blurred"]),
        (lambda: scene(3, (1600, 1200)).filter(ImageFilter.GaussianBlur(10)), ["blurred"]),
        (fox_in_fog, ["low_contrast"]),
        (lambda: Image.linear_gradient("L").point([120 + level // 16 for level in range(256)]), ["blank"]),
    ],
)
def test_marks_of_photos_that_are_hard(photo, flags):
    found = pixel_statistics(encoded(photo())).flags
    assert [flag for flag in FLAGS if found[flag]] == flags


def test_what_a_camera_writes_on_the_edge_does_not_count():
    covered = Image.new("RGB", (400, 300), (2, 2, 2))
    covered.paste((255, 255, 255), (0, 280, 400, 300))
    assert pixel_statistics(encoded(covered)).flags == {
        "black": 1,
        "white": 0,
        "blank": 1,
        "low_contrast": 0,
        "blurred": 0,
    }


def test_sizes_compare():
    large, small = (scene(0).resize(size, Image.Resampling.BICUBIC) for size in ((2560, 1920), (1024, 768)))
    large, small = (pixel_statistics(encoded(photo)) for photo in (large, small))
    assert large.sharpness == pytest.approx(small.sharpness, rel=0.1)


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (2, 2), (5, 1)])
def test_tiny_photos(size):
    found = pixel_statistics(encoded(Image.new("L", size, 255)))
    assert found.brightness == 1 and found.sharpness == 0


def test_bad_photos_are_rows_with_a_reason(folder, tmp_path, capsys):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    data = load_photos(tmp_path, progress=False)[0]
    if tc.HAS_TURICREATE:
        pytest.skip("Turi Create's frames hold copies, which do not go")
    (tmp_path / "grey.png").unlink()
    (tmp_path / "white.png").write_bytes(b"nothing")
    found = oddities(data)
    assert "2 of 8 photos cannot be read" in capsys.readouterr().out
    bad = [row for row in found if row["reason"]]
    assert [row["name"] for row in bad] == ["grey.png", "white.png"]
    assert all(row["sharpness"] is None and row["black"] is None for row in bad)
    assert list(ordered(found, "sharpness")["name"])[-2:] == ["grey.png", "white.png"]
    assert "2 without a value" in texts(show_oddities(data, found, "sharpness"))[-1]


def test_a_frame_has_all_but_loneliness(model, odd):
    found = oddities(model.data, progress=False)
    assert list(found["sharpness"]) == list(odd["sharpness"]) and list(found["label"]) == list(range(8))
    assert list(found["loneliness"]) == [None] * 8
    assert texts(show_oddities(model.data, found))[0] == "loneliness"
    assert texts(show_oddities(model.data, found))[-1] == "8 without a value"
    strip = OddStrip(model.data, found, by="sharpness")
    assert "farthest from any other" not in strip.menu.options and strip.menu.value == "least sharp"
    with pytest.raises(FrameError, match="row 99"):
        show_oddities(model.data, tc.SFrame({"label": [99], "contrast": [0.5]}), "contrast")


@pytest.mark.parametrize("by, first", [("loneliness", True), ("sharpness", False), ("blurred", True)])
def test_the_oddest_come_first(odd, by, first):
    values = list(ordered(odd, by)[by])
    assert values == sorted(values, reverse=first)
    assert list(ordered(odd, by, not first)[by]) == sorted(values, reverse=not first)
    assert ordered(odd, by).column_names() == odd.column_names()


def test_equals_keep_their_order(odd):
    assert list(ordered(odd, "black", False)["label"])[:-1] == [
        row["label"] for row in odd if row["name"] != "black.png"
    ]


@pytest.mark.parametrize("by", ["name", "reason", "oddness"])
def test_what_is_no_number_is_nothing_to_sort_by(odd, by):
    with pytest.raises(FrameError, match="there are loneliness, sharpness"):
        ordered(odd, by)


def test_the_strip_has_the_value_under_each_photo(model, odd):
    shown = texts(show_oddities(model, odd, "brightness", 2))
    assert shown == ["brightness", "0.0118", "black.png", shown[3], shown[4], "2 of 8 photos"]
    assert "white.png" in texts(show_oddities(model, odd, "brightness", 1, descending=True))
    assert texts(show_oddities(model, odd, "blurred", 1))[1:3] == ["blurred", "blurred.png"]
    only = odd[odd["blank"] == 1]
    assert len(show_oddities(model, only, "contrast").axes[0].images) == 3
    for k in (0, 101):
        with pytest.raises(FrameError, match="k"):
            show_oddities(model, odd, k=k)


def test_the_widget_follows_its_menu_and_its_traits(model, odd):
    strip = OddStrip(model, odd, k=4)
    assert strip.menu.value == "farthest from any other" and bytes(strip.picture.value).startswith(b"\x89PNG")
    assert list(strip.frame["label"]) == list(ordered(odd, "loneliness")["label"])
    before = bytes(strip.picture.value)
    strip.by = "sharpness"
    assert strip.menu.value == "least sharp" and bytes(strip.picture.value) != before
    strip.menu.value = "brightest"
    assert (strip.by, strip.descending) == ("brightness", True)
    assert strip.frame["name"][0] == "white.png"
    strip.menu.value = "blank (3)"
    assert (strip.by, strip.descending) == ("blank", None) and sum(strip.frame["blank"][:3]) == 3
    strip.by, strip.descending = "contrast", True
    assert strip.menu.value is None
    with pytest.raises(FrameError, match="not a column to sort by"):
        strip.by = "name"
    assert strip.by == "contrast"


def test_one_photo_and_none(folder, tmp_path):
    scene(1).save(tmp_path / "one.png")
    data = load_photos(tmp_path, progress=False)[0]
    assert len(oddities(data, progress=False)) == 1
    empty = oddities(data[:0], progress=False)
    assert len(empty) == 0 and len(ordered(empty, "sharpness")) == 0
    with pytest.raises(FrameError, match="no photos"):
        oddities(tc.SFrame({"a": [1]}), progress=False)
