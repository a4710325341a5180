import datetime
import io
import os
import struct
import zlib

import pytest
from PIL import Image

from helpers.photos.load import load_photos
from helpers.photos.metadata.moments import named_moment
from helpers.photos.metadata.read import Metadata, moment, read_metadata, taken
from tests.support.metadata import CHANGED, DIGITISED, ORIGINAL, dated, placed
from tests.support.pictures import encoded, picture, png_chunk
from tests.support.places import SHARED

FIELDCAM = SHARED / "fieldcam"
DAY = datetime.datetime(2014, 6, 1, 5, 59, 58)


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
    exif = png_chunk(b"eXIf", dated(original="2014:06:01 05:59:58").tobytes()[6:])
    assert exif[8:10] in (b"MM", b"II")
    assert taken(source[:-12] + exif + source[-12:]) == DAY


def test_the_first_moment_that_can_be():
    both = {"original": "2014:06:01 05:59:58", "digitised": "2015:01:01 00:00:00"}
    assert taken(encoded(picture(), "JPEG", exif=dated(**both))) == DAY
    for original in ({}, {"original": "0000:00:00 00:00:00"}, {"original": "    :  :     :  :  "}):
        exif = dated(digitised=both["digitised"], **original)
        assert taken(encoded(picture(), "JPEG", exif=exif)) == datetime.datetime(2015, 1, 1)


def first_directory(**tags):
    """EXIF with dates in its first directory, beside the camera's or without these."""
    exif = Image.Exif()
    exif[0x8769] = tags.pop("camera", {})
    for name, text in tags.items():
        exif[{"original": ORIGINAL, "digitised": DIGITISED, "changed": CHANGED}[name]] = text
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_dates_elsewhere(kind, tmp_path):
    """DateTime alone, which is all that some cameras write; and the camera's dates in the first directory."""
    other = "2015:01:01 00:00:00"
    for exif in (
        first_directory(changed="2014:06:01 05:59:58"),
        first_directory(original="2014:06:01 05:59:58", changed=other),
        first_directory(digitised="2014:06:01 05:59:58", changed=other),
        first_directory(changed=other, camera={DIGITISED: "2014:06:01 05:59:58"}),
        first_directory(changed="2014:06:01 05:59:58", camera={ORIGINAL: "0000:00:00 00:00:00"}),
    ):
        (tmp_path / "IMG_20200101_000000.jpg").write_bytes(encoded(picture(), kind, exif=exif))
        for read in (taken, lambda path: read_metadata(path).taken, lambda path: load_photos(tmp_path)[0]["taken"][0]):
            assert read(tmp_path / "IMG_20200101_000000.jpg") == DAY


def test_the_date_of_a_file_is_that_of_a_copy(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(picture(), "JPEG"))
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
        "2014:06:01 05:59:58.250+0200",
        "2014-06-01T05:59:58Z",
        "2014:06:01 05:59:58 CEST",
        "2014:06:01:05:59:58",
        "2014:06:01 05:59:58\0garbage of what was there before",
        "2014:06:01 05:59:58 AM",
        "2014:06:01 05:59:58am",
        "2014:06:01 05:59:58 a.m.",
        "2014:06:01 AM 05:59:58",
        "2014:06:01 上午05:59:58",
        "2014:06:01 上午05:59:58".encode(),
        "2014:06:01 05:59:58 午前".encode().decode("latin-1"),  # as Pillow has it
    ],
)
def test_what_cameras_write(text):
    assert moment({ORIGINAL: text}) == DAY


@pytest.mark.parametrize(
    ("text", "hour", "minute", "second"),
    [
        ("2014:06:01 05:59:58 PM", 17, 59, 58),
        ("2014:06:01 05:59:58pm", 17, 59, 58),
        ("2014:06:01 05:59:58P", 17, 59, 58),
        ("2014:06:01 下午 5:59:58", 17, 59, 58),
        ("2014:06:01 오후 5:59:58", 17, 59, 58),
        ("2014:06:01 12:05:00 AM", 0, 5, 0),
        ("2014:06:01 12:05:00 PM", 12, 5, 0),
        ("2014:06:01 00:05:00 AM", 0, 5, 0),
        ("2014:06:01 17:59:58 PM", 17, 59, 58),
        ("2014:06:01 05:59", 5, 59, 0),
        ("2014:06:01 5:59 PM", 17, 59, 0),
        ("2014-06-01 05:59+02:00", 5, 59, 0),
    ],
)
def test_half_days_and_no_seconds(text, hour, minute, second):
    assert moment({ORIGINAL: text}) == datetime.datetime(2014, 6, 1, hour, minute, second)


@pytest.mark.parametrize(
    "text",
    [
        "2014:06:01 17:59:58 AM",
        "2014:06:01 00:30:00 PM",
        "2014:06:01 AM 05:59:58 PM",
        "2014:06:01 05:59:58 in the evening",
        "2014:06:01 05:59:58 \u5348",
        "06/01/2014 05:59:58",
        "01.06.2014 05:59:58",
        "14:06:01 05:59:58",
        "2014:06:01 05",
        "Sun Jun  1 05:59:58 2014",
        "1401602398",
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
    broken.append(b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(99))))
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


@pytest.mark.parametrize(
    "name",
    [
        "IMG_20140601_055958.jpg",
        "20140601055958.jpg",
        "2014-06-01 05.59.58.jpg",
        "2014-06-01 05-59-58 (2).jpg",
        "cam3__2014-06-01__05-59-58(1).JPG",
        "2014-06-01T05-59-58.jpg",
        "PXL_20140601_055958.MP.jpg",
        "C1_2014.06.01_05h59m58.jpg",
    ],
)
def test_a_date_in_a_name(name, tmp_path):
    assert named_moment(name) == DAY
    picture().save(tmp_path / name)
    assert taken(tmp_path / name) == taken(str(tmp_path / name)) == DAY


@pytest.mark.parametrize(
    ("name", "hour"),
    [
        ("Screenshot 2014-06-01 at 5.59.58 PM.png", 17),
        ("Screenshot 2014-06-01 at 5.59.58\u202fPM.png", 17),
        ("Screen Shot 2014-06-01 at 05.59.58.png", 5),
        ("WhatsApp Image 2014-06-01 at 5.59.58 AM (1).jpeg", 5),
        ("WhatsApp Image 2014-06-01 at 17.59.58.jpeg", 17),
        ("2014-06-01 05.59.58 PM.jpg", 17),
        ("IMG_20140601_055958 pm.jpg", 17),
        ("IMG_20140601_055958 am See.jpg", 5),
        ("IMG_20140601_055958 pm 2.jpg", 5),
    ],
)
def test_half_days_in_a_name(name, hour):
    assert named_moment(name) == DAY.replace(hour=hour)


@pytest.mark.parametrize(
    "name",
    [
        "IMG_0001.jpg",
        "20140601.jpg",
        "IMG-20140601-WA0001.jpg",
        "20141301055958.jpg",
        "99920140601055958.jpg",
        "a" * 300,
    ],
)
def test_what_is_no_date_in_a_name(name):
    assert named_moment(name) is None


def test_exif_counts_more_than_the_name_and_a_folder_counts_nothing(tmp_path):
    (tmp_path / "20150101_000000").mkdir()
    path = tmp_path / "20150101_000000" / "20160101_000000.jpg"
    path.write_bytes(encoded(picture(), "JPEG", exif=dated(original="2014:06:01 05:59:58")))
    assert taken(path) == DAY
    picture().save(tmp_path / "20150101_000000" / "a.jpg")
    assert taken(tmp_path / "20150101_000000" / "a.jpg") is None


def test_where_and_how_warm():
    told = read_metadata(encoded(picture(1, (60, 40)), "JPEG", exif=placed()))
    assert told.taken == DAY
    assert (told.latitude, told.longitude) == (pytest.approx(-12.51), pytest.approx(70.25))
    assert told.temperature == pytest.approx(-4.5)
    assert (told.make, told.infrared, told.tags) == ("MAKER", 0, ())


@pytest.mark.parametrize(
    "wrong",
    [
        {"latitude": (91.0, 0.0, 0.0)},
        {"longitude": (181.0, 0.0, 0.0)},
        {"latitude": (1.0, 2.0, 3.0, 4.0)},  # EXIF has three: degrees, minutes, seconds
        {"longitude": (1.0,) * 200},  # 60 to the power of 200 is beyond all floats
    ],
)
def test_a_place_off_the_globe_is_none(wrong):
    told = read_metadata(encoded(picture(1, (60, 40)), "JPEG", exif=placed(**wrong)))
    assert (told.latitude, told.longitude) == (None, None)
    assert told.taken == DAY


@pytest.mark.parametrize(
    "wrong",
    [
        {"latitude": (0.0, 0.0, 0.0), "longitude": (0.0, 0.0, 0.0)},
        {"north": None},
        {"east": None},
        {"north": "\0"},
        {"north": "W"},
        {"east": "N"},
    ],
)
def test_a_place_that_a_camera_never_had_is_none(wrong):
    """0, 0 is written before a first fix; without its side of the earth, a number may be either."""
    exif = placed(**wrong)
    for tag in (1, 3):
        if exif[0x8825][tag] is None:
            exif[0x8825] = {key: value for key, value in exif[0x8825].items() if key != tag}
    told = read_metadata(encoded(picture(1, (60, 40)), "JPEG", exif=exif))
    assert (told.latitude, told.longitude) == (None, None)
    assert told.taken == DAY


def test_the_equator_is_a_place():
    nought = (0.0, 0.0, 0.0)
    told = read_metadata(encoded(picture(1, (60, 40)), "JPEG", exif=placed(latitude=nought)))
    assert (told.latitude, told.longitude) == (0, pytest.approx(70.25))
    told = read_metadata(encoded(picture(1, (60, 40)), "JPEG", exif=placed(longitude=nought, north="s")))
    assert (told.latitude, told.longitude) == (pytest.approx(-12.51), 0)


def test_metadata_of_what_is_damaged(tmp_path):
    source = encoded(picture(1, (60, 40)), "JPEG", exif=placed())
    place = source.index(b"Exif\0\0") + 6
    assert read_metadata(b"") == read_metadata(b"text") == read_metadata(tmp_path / "gone.jpg") == Metadata()
    for start in range(place, place + 200, 3):
        read_metadata(source[:start] + b"\xff\xff\xff" + source[start + 3 :])
