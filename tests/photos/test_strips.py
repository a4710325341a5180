import numpy as np
import pytest
from PIL import Image, ImageDraw

from helpers import tc
from helpers.errors import FrameError
from helpers.photos.load import load_photos
from helpers.photos.strips import StripHeights, find_strips, strip_of
from tests.support.places import SHARED

FIELDCAM = SHARED / "fieldcam"


def photos(count=12, top=0, bottom=24, height=480, seed=5):
    """Places that change with the light, and strips with digits, uint8 [count, height, 160]."""
    random = np.random.default_rng(seed)
    scene = random.integers(0, 120, (height, 160))
    light = random.uniform(0.2, 2.0, (count, 1, 1))
    pixels = np.clip(scene * light + random.normal(0, 6, (count, height, 160)), 0, 255)
    for each in pixels:
        for start, length in ((0, top), (height - bottom, bottom)):
            each[start : start + length] = 240
            for column in range(100, 150, 10):  # the date
                each[start : start + length, column : column + random.integers(2, 9)] = 10
    return pixels.astype(np.uint8)


@pytest.mark.parametrize("top, bottom", [(0, 24), (24, 0), (18, 30), (0, 0), (0, 60)])
def test_strips_are_found_to_the_row(top, bottom):
    assert strip_of(photos(top=top, bottom=bottom)) == StripHeights(top / 480, bottom / 480)


def test_a_dark_sky_is_no_strip():
    pixels = photos(bottom=24)
    pixels[:, :200] = 3
    assert strip_of(pixels) == StripHeights(0.0, 24 / 480)


def test_one_burst_tells_nothing():
    pixels = np.repeat(photos(1), 10, axis=0)
    assert strip_of(pixels) == StripHeights(0.0, 0.0)


def test_by_camera_and_with_bad_photos(tmp_path):
    for camera, bottom in (("C1", 24), ("C2", 0), ("few", 24)):
        (tmp_path / camera).mkdir()
        for number, pixels in enumerate(photos(5 if camera == "few" else 12, bottom=bottom)):
            Image.fromarray(pixels).resize((320, 480)).save(tmp_path / camera / f"{number:02}.png")
    data, _ = load_photos(tmp_path, layout="{camera}", progress=False)
    (tmp_path / "C1" / "03.png").write_bytes(b"damaged since")
    found = find_strips(data, progress=False)
    assert list(found["camera"]) == ["C1", "C2", "few"]
    assert list(found["bottom"]) == [24 / 480, 0, 0]
    assert list(found["rows"]) == [24, 0, 0]
    assert list(found["photos"]) == [11, 12, 5]


def test_only_so_many_photos_are_looked_at(tmp_path):
    for number in range(20):
        photo = Image.new("RGB", (64, 64), (number * 12, 90, 30))
        ImageDraw.Draw(photo).rectangle((0, 60, 64, 64), fill="white")
        photo.save(tmp_path / f"{number:02}.png")
    data, _ = load_photos(tmp_path, progress=False)
    data = data.add_column(tc.SArray([1] * 6 + [0] * 14, dtype=int), "infrared")
    found = find_strips(data, photos=10, progress=False)
    assert list(found["photos"]) == [10]
    assert list(found["bottom"]) == [pytest.approx(4 / 64, abs=0.01)]


def test_frames_without_files():
    with pytest.raises(FrameError, match="files"):
        find_strips(tc.SFrame({"camera": ["a"]}))


@pytest.mark.slow("real photos")
@pytest.mark.skipif(not FIELDCAM.is_dir(), reason=f"{FIELDCAM} is not there")
def test_real_strips():
    """The white strip of both cameras is 98 of 2,448 pixels high."""
    data, _ = load_photos(FIELDCAM, layout="S90/{camera}", progress=False)
    found = find_strips(data, photos=24, progress=False)
    assert [abs(rows - 98) <= 4 for rows in found["rows"]] == [True, True]
    assert list(found["top"]) == [0, 0]
