import datetime
import io
import os
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from helpers.metadata import moment, taken
from tests.pictures import picture
from tests.test_decode import chunk, encoded

FIELDCAM = Path(__file__).parents[2] / "shared" / "data" / "fieldcam"
ORIGINAL, DIGITISED, CHANGED = 0x9003, 0x9004, 0x0132  # EXIF: DateTimeOriginal, DateTimeDigitized, DateTime
DAY = datetime.datetime(2014, 6, 1, 5, 59, 58)


def dated(**moments):
    """EXIF with these moments; `changed` is when a program last wrote the file."""
    exif = Image.Exif()
    tags = {"original": ORIGINAL, "digitised": DIGITISED}
    exif[0x8769] = {tags[name]: text for name, text in moments.items() if name in tags}
    if "changed" in moments:
        exif[CHANGED] = moments["changed"]
    read = Image.Exif()
    read.load(exif.tobytes())  # as from a file: Pillow writes no other into a TIFF
    return read


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "MPO"])
def test_every_format_tells_when_it_was_taken(kind, tmp_path):
    source = encoded(picture(), kind, exif=dated(original="2014:06:01 05:59:58"))
    (tmp_path / "a photo.jpg").write_bytes(source)
    for each in (source, io.BytesIO(source), tmp_path / "a photo.jpg", str(tmp_path / "a photo.jpg")):
        assert taken(each) == DAY
    assert taken(source).tzinfo is None
    assert taken(encoded(picture(), kind)) is None


def test_heic():
    heif = pytest.importorskip("pillow_heif", reason="pillow-heif is optional and not installed")
    buffer = io.BytesIO()
    heif.from_pillow(picture(0, (64, 64))).save(buffer, exif=dated(original="2014:06:01 05:59:58").tobytes())
    assert taken(buffer.getvalue()) == DAY


def test_a_png_may_tell_it_after_its_pixels():
    source = encoded(picture(), "PNG")
    exif = chunk(b"eXIf", dated(original="2014:06:01 05:59:58").tobytes()[6:])
    assert exif[8:10] in (b"MM", b"II")
    assert taken(source[:-12] + exif + source[-12:]) == DAY


def test_the_first_moment_that_can_be():
    both = {"original": "2014:06:01 05:59:58", "digitised": "2015:01:01 00:00:00"}
    assert taken(encoded(picture(), "JPEG", exif=dated(**both))) == DAY
    for original in ({}, {"original": "0000:00:00 00:00:00"}, {"original": "    :  :     :  :  "}):
        exif = dated(digitised=both["digitised"], **original)
        assert taken(encoded(picture(), "JPEG", exif=exif)) == datetime.datetime(2015, 1, 1)


def test_when_a_file_was_changed_is_not_when_the_photo_was_taken(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(picture(), "JPEG", exif=dated(changed="2014:06:01 05:59:58")))
    os.utime(path, (1_400_000_000, 1_400_000_000))
    assert taken(path) is None


@pytest.mark.parametrize(
    "text",
    [
        "2014:06:01 05:59:58\0",
        b"2014:06:01 05:59:58",
        "2014-06-01 05:59:58",
        "2014/06/01 05:59:58",
        "2014-06-01T05:59:58",
        "2014: 6: 1  5:59:58",
        "2014:6:1 5:59:58",
        " 2014:06:01 05:59:58.25",
        "2014:06:01 05:59:58+02:00",  # the camera's clock; where it stood, nobody knows
    ],
)
def test_what_cameras_write(text):
    assert moment({ORIGINAL: text}) == DAY


@pytest.mark.parametrize(
    "text",
    [
        "0000:00:00 00:00:00",
        "0001:01:01 00:00:00",
        "1825:12:31 23:59:59",
        "2014:02:30 05:59:58",
        "2014:13:01 05:59:58",
        "2014:06:01 24:00:00",
        "2014:06:01 05:60:00",
        "2014:06:01",
        "    :  :     :  :  ",
        "٢٠١٤:06:01 05:59:58",
        "yesterday",
        "",
        b"\xff" * 19,
        2014,
        None,
        ("2014:06:01 05:59:58", "x"),
    ],
)
def test_what_is_no_moment(text):
    assert moment({ORIGINAL: text}) is None


def test_nothing_is_raised(tmp_path):
    source = encoded(picture(), "JPEG", exif=dated(original="2014:06:01 05:59:58"))
    place = source.index(b"Exif\0\0") + 6
    broken = [b"", b"text", source[:40], source[: place + 20], b"\x89PNG\r\n\x1a\n", tmp_path, tmp_path / "gone.jpg"]
    for start in range(place, place + 60, 3):
        broken.append(source[:start] + b"\xff\xff\xff" + source[start + 3 :])
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    broken.append(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99))))
    for each in broken:
        assert taken(each) in (None, DAY)


def test_a_cut_off_photo_still_tells_it():
    source = encoded(picture(1, (300, 200)), "JPEG", exif=dated(original="2014:06:01 05:59:58"))
    assert taken(source[: len(source) // 2]) == DAY


@pytest.mark.skipif(not FIELDCAM.is_dir(), reason=f"{FIELDCAM} is not there")
def test_field_cameras():
    """Two cameras whose banners say the same as their EXIF."""
    moments = [taken(path) for path in sorted(FIELDCAM.rglob("*.[jJ][pP][gG]"))]
    assert len(moments) == 111 and None not in moments
    assert {each.year for each in moments} == {2014}
