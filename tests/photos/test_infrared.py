import io

import numpy as np
import pytest
from PIL import Image, ImageFile

import helpers.photos.metadata.infrared
from helpers.photos.metadata.infrared import is_infrared
from tests.support.pictures import encoded, picture
from tests.support.places import SHARED

FIELDCAM = SHARED / "fieldcam"


def infrared(photo, kind="JPEG", **options):
    with Image.open(io.BytesIO(encoded(photo, kind, **options))) as image:
        return is_infrared(image)


def grey(size=(200, 150), seed=1):
    return picture(seed, size).convert("L")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_grey_is_infrared_and_colour_is_not(kind):
    assert infrared(grey(), kind) is True
    assert infrared(grey().convert("RGB"), kind) is True
    assert infrared(picture(1, (200, 150)), kind) is False


def test_a_tint_is_no_colour():
    photo = np.asarray(grey().convert("RGB")).astype(float) * (0.5, 0.4, 0.5) + (80, 60, 80)
    assert infrared(Image.fromarray(photo.astype(np.uint8)).convert("L").convert("RGB")) is True
    one_tint = Image.merge("YCbCr", [grey(), Image.new("L", (200, 150), 120), Image.new("L", (200, 150), 138)])
    assert infrared(one_tint.convert("RGB"), "PNG") is True


def test_a_coloured_banner_does_not_count():
    photo = grey().convert("RGB")
    photo.paste((230, 30, 20), (0, 138, 200, 150))
    assert infrared(photo, quality=90) is True


def exif_of(small):
    """EXIF as cameras write it: its second directory points to a picture."""
    header = b"II*\0" + (8).to_bytes(4, "little") + b"\0\0" + (14).to_bytes(4, "little")
    entries = [(0x0201, 14 + 2 + 24 + 4), (0x0202, len(small))]
    directory = len(entries).to_bytes(2, "little")
    for tag, value in entries:
        directory += tag.to_bytes(2, "little") + (4).to_bytes(2, "little") + (1).to_bytes(4, "little")
        directory += value.to_bytes(4, "little")
    return b"Exif\0\0" + header + directory + bytes(4) + small


def test_the_small_picture_in_the_exif_is_enough():
    exif = exif_of(encoded(grey((160, 120)), "JPEG"))
    assert infrared(picture(1, (200, 150)), exif=exif) is True  # by its small picture, not by its own colours
    assert infrared(picture(1, (200, 150)), exif=exif[:-200]) is False  # that one is cut off
    assert infrared(picture(1, (200, 150)), exif=exif[:40]) is False


def test_a_small_picture_that_is_none_is_not_opened(monkeypatch):
    """A PNG of one colour, 13,000 pixels wide, takes 20 kB in a file and 500 MB in memory."""
    huge = exif_of(encoded(Image.new("1", (13_000, 13_000)), "PNG"))
    large = exif_of(encoded(Image.new("L", (2000, 1500)), "JPEG", quality=1))
    sources = [encoded(picture(1, (200, 150)), "JPEG", exif=exif) for exif in (huge, large)]
    decoded = []
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: decoded.append(image.size))
    for source in sources:
        with Image.open(io.BytesIO(source)) as image:
            assert helpers.photos.metadata.infrared._within_exif(image) is None
    assert decoded == []


def test_a_photo_that_is_cut_off_tells_nothing():
    with Image.open(io.BytesIO(encoded(picture(1, (600, 400)), "PNG")[:4000])) as image:
        assert is_infrared(image) is None


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"optimize": True}])
def test_large_photos_are_told_by_their_upper_quarter(options, monkeypatch):
    night, day = grey((1600, 1300)), picture(2, (1600, 1300))
    dusk = Image.merge("RGB", [night] * 3)
    dusk.paste(day.crop((0, 700, 1600, 1300)), (0, 700))  # a grey sky above coloured ground
    assert [infrared(photo, **options) for photo in (night.convert("RGB"), day, dusk)] == [True, False, False]
    looked = []
    monkeypatch.setattr(
        helpers.photos.metadata.infrared, "spread", lambda image, top=0: looked.append(image.height) or 40.0
    )
    infrared(day, **options)
    assert looked == [1300 if "progressive" in options else 320]


def test_a_large_photo_that_is_cut_off():
    source = encoded(picture(2, (1600, 1300)), "JPEG")
    for length in (2000, len(source) // 2):
        with Image.open(io.BytesIO(source[:length])) as image:
            assert is_infrared(image) in (None, False)


@pytest.mark.skipif(not FIELDCAM.is_dir(), reason=f"{FIELDCAM} is not there")
def test_real_nights():
    """By day these two cameras see colours until after five, and none from then on."""
    from helpers.photos.metadata.read import read_metadata

    for path in sorted(FIELDCAM.rglob("*.JPG"))[::3]:
        told = read_metadata(path)
        assert told.infrared == (told.taken.hour >= 17 or told.taken.hour < 6)
