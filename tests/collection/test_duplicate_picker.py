"""The slider, the histogram and the groups at a threshold."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image

from helpers import tc
from helpers.collection.duplicates.duplicates import find_duplicates
from helpers.collection.duplicates.picker import DuplicatePicker, distances_figure
from helpers.errors import FrameError
from helpers.photos.load import load_photos
from tests.support.pictures import tiny_network


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(8):
        cells = np.random.default_rng(seed).integers(0, 256, (7, 9, 3), np.uint8)
        photo = Image.fromarray(cells).resize((240, 180), Image.Resampling.BICUBIC)
        photo.save(folder / f"{seed}.jpg", quality=95)
        if seed < 3:
            photo.resize((200, 150)).save(folder / f"{seed}-copy.jpg", quality=[90, 40, 5][seed])
    shutil.copy(str(folder / "7.jpg"), str(folder / "7-copy.jpg"))
    data, _ = load_photos(folder, progress=False)
    network = str(tiny_network(tmp_path_factory.mktemp("network") / "tiny.onnx", scale=10))
    return tc.image_similarity.create(data, model=network, store=False, verbose=False)


def shown(image):
    return Image.open(io.BytesIO(image.value)).size


def test_the_slider_and_the_threshold_are_one(model):
    picker = DuplicatePicker(model, progress=False)
    assert picker.threshold == picker.slider.value == 0.25
    assert picker.found.groups == find_duplicates(model, progress=False).groups and len(picker.found.groups) == 4
    assert picker.status.value.startswith("4 groups of 8 photos")
    height = shown(picker.picture)[1]
    picker.threshold = 0.0
    assert picker.slider.value == 0.0 and len(picker.found.groups) == 1
    assert shown(picker.picture)[1] < height
    picker.slider.value = 0.3
    assert picker.threshold == 0.3 and len(picker.found.groups) == 4
    picker.threshold = 0.12345
    assert picker.threshold == picker.found.threshold == 0.12345


@pytest.mark.once("the slider is the same; in both, it is moved")
def test_out_of_range_is_the_nearest_that_is_in_it(model):
    picker = DuplicatePicker(model, threshold=0.1, progress=False)
    picker.threshold = 7
    assert picker.threshold == picker.slider.value == 0.5
    picker.threshold = -1
    assert picker.threshold == picker.slider.value == 0
    with pytest.raises(FrameError, match="at most"):
        DuplicatePicker(model, threshold=7, progress=False)


@pytest.mark.parametrize("kind", ["near", "bytes"])
@pytest.mark.once("the slider is the same; in both, it is moved", but=["near"])
def test_other_kinds(model, kind):
    picker = DuplicatePicker(model, kind, progress=False)
    assert picker.slider.disabled is (kind == "bytes")
    assert picker.found.groups == find_duplicates(model, kind, progress=False).groups
    assert shown(picker.histogram) == (660, 210)


def test_one_row_alone_is_drawn(model):
    few, many = (DuplicatePicker(model, rows=rows, progress=False) for rows in (1, 10))
    assert shown(few.picture)[1] < shown(many.picture)[1]


def test_the_histogram_counts_every_photo(model):
    found = find_duplicates(model, progress=False)
    axes = distances_figure(found, 0.5).axes[0]
    assert sum(bar.get_height() for bar in axes.patches) == 8
    assert axes.get_title(loc="left") == "8 photos have another within 0.5, 4 have none"


@pytest.mark.parametrize("kind", ["near", "picture"])
@pytest.mark.once("the slider is the same; in both, it is moved")
def test_for_another_threshold_nothing_is_looked_for_again(model, kind, monkeypatch):
    picker = DuplicatePicker(model, kind, progress=False)
    usual = picker._finder.groups(picker._finder.usual)

    def again(*_, **__):
        raise AssertionError("it was found before")

    monkeypatch.setattr(type(model.index), "search", again)
    monkeypatch.setattr("helpers.collection.duplicates.pairs.near_hashes", again)
    monkeypatch.setattr("helpers.collection.duplicates.photo_files.PhotoFiles.fingerprints", again)
    with pytest.raises(AssertionError, match="before"):
        DuplicatePicker(model, kind, progress=False)
    assert picker._finder.groups(picker._finder.usual) == usual
    assert len(picker._finder.groups(picker._finder.farthest)) >= 1
