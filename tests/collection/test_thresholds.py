"""Pictures with little on them: another one is no copy, and a copy is found, by the thresholds as they are."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.made_photos import copies, skies
from helpers.collection.duplicates.evidence import detail, detail_agrees
from helpers.collection.duplicates.fingerprints import fingerprints
from helpers.collection.duplicates.same_picture import picture_distances
from helpers.collection.duplicates.thresholds import LITTLE_DETAIL, SAME_PICTURE
from helpers.images.decode import open_photo

PHOTOS = 5
UNCHANGED = {"half size", "JPEG quality 40", "90° by EXIF"}  # in brightness and in what is shown


def jpeg(photo):
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def looked_at(photo):
    return np.asarray(open_photo(photo, size=(64, 64)).convert("YCbCr"))


def same_picture(photos, first, second):
    """Which pairs alone count as one picture, and which by their small pictures alone would: bool [pairs]."""
    prints, _ = fingerprints([(photo, None) for photo in photos])
    small = picture_distances(prints, first, prints, second) <= SAME_PICTURE
    seen = np.stack([looked_at(photo) for photo in photos])
    return small & detail_agrees(seen[first], seen[second]), small


@pytest.fixture(scope="module", params=list(skies.KINDS))
def kind(request):
    photos = [skies.KINDS[request.param](seed) for seed in range(PHOTOS)]
    return request.param, [jpeg(photo) for photo in photos], photos


@pytest.mark.once("thresholds are numbers, and skies are drawn by arithmetic", but=["clouds"])
def test_different_skies_are_no_copies(kind):
    name, photos, _ = kind
    same, small = same_picture(photos, *np.triu_indices(PHOTOS, 1))
    assert not same.any()
    assert small.any() or name not in ("haze", "clear sky")  # which were, by their small pictures


@pytest.mark.once("thresholds are numbers, and skies are drawn by arithmetic", but=["clouds"])
def test_copies_of_skies_are_found(kind):
    name, photos, drawn = kind
    for copied, make in copies.KINDS.items():
        made = [make(photo) for photo in drawn[:2]]
        same, _ = same_picture([*photos[:2], *made], np.arange(2), 2 + np.arange(2))
        if name != "clear sky" or copied in UNCHANGED:  # nobody can say whether others are copies
            assert same.sum() >= (1 if name == "snow" else 2)  # of which the brighter ones are nothing but white


def test_detail_is_what_is_finer_than_the_shapes():
    grey = [np.asarray(skies.sky(seed, 0.8).convert("L").resize((64, 64)), np.float32)[None] for seed in range(2)]
    assert detail(grey[0], grey[0]).correlation == pytest.approx(1, abs=1e-3)
    assert abs(detail(*grey).correlation[0]) < 0.4
    flat = np.full((1, 64, 64), 128, np.float32)
    assert detail(flat, grey[0]).strength[0] < LITTLE_DETAIL < detail(grey[0], grey[0]).strength[0]


@pytest.mark.parametrize(
    ("levels", "same"), [((128, 128, 128), True), ((130, 130, 130), False), ((128, 128, 136), False)]
)
def test_blank_pictures_are_one_only_if_they_are_equal(levels, same):
    blank = looked_at(jpeg(Image.new("RGB", (320, 240), (128, 128, 128))))[None]
    assert detail_agrees(blank, looked_at(jpeg(Image.new("RGB", (320, 240), levels)))[None]).tolist() == [same]


def test_one_sun_in_two_skies_is_two_pictures():
    photos = []
    for seed in range(6):
        photo = skies.sky(seed, 0.15).point([level // 2 for level in range(256)] * 3)
        ImageDraw.Draw(photo).ellipse((290, 180, 350, 240), fill=(255, 250, 220))
        photos.append(jpeg(photo))
    same, small = same_picture(photos, *np.triu_indices(6, 1))
    assert small.sum() > 5 and not same.any()
