"""What people reported of tools like this one, as a check that all kinds are covered; each kind has its own tests."""

import datetime
import itertools
import tarfile
import unicodedata

import numpy as np
import pytest

from helpers.errors import PhotoError
from helpers.images.decode import open_photo
from helpers.images.opening import formats
from helpers.photos.load import load_photos
from helpers.season import read_detections
from tests.support.places import SHARED

REPORTS = SHARED / "reports"
pytestmark = pytest.mark.skipif(not REPORTS.is_dir(), reason=f"{REPORTS} is not there")


def loaded(name, folder=REPORTS, **options):
    """The rows of a folder by their path, and the reasons of what was left out."""
    data, bad = load_photos(folder / name, progress=False, **options)
    return {row["path"]: row for row in data}, {row["path"]: row["reason"] for row in bad}


@pytest.mark.parametrize("name", ["04-thermal-16-bit", "05-float-tiff", "26-glyphs"])
def test_pictures_that_were_flat(name):
    photos, bad = loaded(name)
    assert photos and not bad
    seen = {path: np.asarray(open_photo(row["file"])) for path, row in photos.items()}
    assert all(np.ptp(pixels) > 200 for pixels in seen.values())
    if name == "26-glyphs":
        assert all(not np.array_equal(*pair) for pair in itertools.combinations(seen.values(), 2))


def test_what_is_named_and_not_taken_for_a_photo():
    assert loaded("07-raw-files")[1]["DSC_0001.NEF"].startswith("a raw file of a camera: only its preview")
    assert loaded("18-formats")[1]["photo.jxl"].startswith("a JPEG XL picture")
    photos, bad = loaded("29-eps")
    assert list(photos) == ["photo.jpg"] and bad["holiday.jpg"] == "a PostScript drawing, not a photo"


def test_photos_that_were_left_out():
    assert len(loaded("16-png-large-text")[0]) == 4
    assert loaded("08-200-megapixels")[0]["s24-ultra.jpg"]["width"] == 16_320
    photos, bad = loaded("11-avif")
    assert len(photos) == 5 if "AVIF" in formats() else all("pip install pillow-heif" in text for text in bad.values())


def test_what_is_beside_the_pixels():
    for row in loaded("14-dates-elsewhere")[0].values():
        assert row["taken"] == datetime.datetime(2024, 3, 9, 16, 20, 5)
    photos = loaded("01-null-island", details=True)[0]
    assert all(row["latitude"] is row["longitude"] is None for row in photos.values())
    photos = loaded("32-sidecars", details=True)[0]
    assert len(photos) == 4 and all(list(row["tags"]) == ["fox"] for row in photos.values())
    row = loaded("12-xmp-orientation")[0]["xmp-only.jpg"]
    assert (row["width"], row["height"]) == (240, 320)


@pytest.mark.parametrize("name", ["hole-of-zeros.jpg", "tail-of-other-photo.jpg"])
def test_damaged_jpegs(name):
    with pytest.raises(PhotoError, match=r"^damaged in its middle: "):
        open_photo(REPORTS / "21-damaged-jpegs" / name)
    open_photo(REPORTS / "21-damaged-jpegs" / "whole.jpg")


def test_odd_names(tmp_path):
    with tarfile.open(REPORTS / "odd-names.tar") as archive:
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(tmp_path, **safely)  # noqa: S202 (our own)
    photos, bad = loaded("13-nas", tmp_path)
    assert len(photos) == 6 and len(bad) == 4
    data, _ = load_photos(tmp_path / "22-nfc-nfd", progress=False)
    assert all(unicodedata.is_normalized("NFC", path) for path in data["path"])
    detections = read_detections(tmp_path / "22-nfc-nfd" / "from-a-mac.json", data)
    assert sum(value is not None for value in detections.add_to(data)["animals"]) == 4


@pytest.mark.parametrize("name", ["lower-case.json", "renamed-on-export.json"])
def test_names_of_detectors(name):
    data, _ = load_photos(REPORTS / "23-detector-results" / "photos", progress=False)
    detections = read_detections(REPORTS / "23-detector-results" / name, data)
    assert sum(value is not None for value in detections.add_to(data)["animals"]) == 6
