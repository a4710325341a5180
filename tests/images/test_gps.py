import io

import pytest
from PIL import Image

from helpers.errors import PhotoError
from helpers.images.gps import without_position
from tests.support.pictures import picture

GPS, CAMERA, MAKE, ORIENTATION, TAKEN, NOTES, XMP = 0x8825, 0x8769, 0x010F, 0x0112, 0x9003, 0x927C, 700
WHERE = {1: "N", 2: (51.0, 13.0, 9.87), 3: "E", 4: (4.0, 24.0, 9.01), 29: "2026:05:01", 31: 7.25}
PACKET = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" exif:GPSLatitude="51,13.16N"/>'


def segment(mark, body):
    return bytes((0xFF, mark)) + (len(body) + 2).to_bytes(2, "big") + body


def photo(order="<", where=WHERE, **how):
    """The bytes of a JPEG whose EXIF has a position, between other tags, and a small picture with one too."""
    exif = Image.Exif()
    exif.endian = order
    exif[MAKE], exif[ORIENTATION], exif[0xA4FF] = "Trailcam Ltd", 6, "behind the position"
    exif.get_ifd(CAMERA).update({TAKEN: "2026:05:01 21:00:00", NOTES: b"notes of the maker"})
    if where:
        exif[XMP] = PACKET
        exif[GPS] = dict(where)
    buffer = io.BytesIO()
    picture(3, (60, 40)).save(buffer, "JPEG", exif=exif, **how)
    return buffer.getvalue()


def exif_of(content):
    with Image.open(io.BytesIO(content)) as image:
        return image.getexif(), image.info, image.tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"icc_profile": b"colours"}], ids=str)
def test_the_position_goes_and_all_else_stays(order, how):
    before = photo(order, **how)
    exif, info, pixels = exif_of(before)
    assert exif.get_ifd(GPS)[2] == (51.0, 13.0, 9.87) and exif[XMP] == PACKET
    after = without_position(before)
    cleaned, told, same = exif_of(after)
    assert GPS not in cleaned and XMP not in cleaned and cleaned.get_ifd(GPS) == {}
    assert same == pixels and len(after) == len(before), "makers' notes may tell places in the file"
    assert (cleaned[MAKE], cleaned[ORIENTATION], cleaned[0xA4FF]) == ("Trailcam Ltd", 6, "behind the position")
    assert cleaned.get_ifd(CAMERA) == exif.get_ifd(CAMERA) and told.get("icc_profile") == info.get("icc_profile")
    assert b"GPSLatitude" not in after and b"2026:05:01\0" not in after, "what the entries led to has gone too"
    assert (987).to_bytes(4, "little" if order == "<" else "big") not in after[: len(after) // 2]
    assert without_position(after) == after


def test_xmp_iptc_comments_and_further_pictures_go():
    plain = photo(where=None)
    packet = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + PACKET)
    more = segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + PACKET) + segment(0xFE, b"51.2194 N")
    more += (
        segment(0xED, b"Photoshop 3.0\0at the ford") + segment(0xE2, b"MPF\0II*\0") + segment(0xEB, b"JP at the ford")
    )
    crowded = plain[:2] + b"\xff\xff" + packet[1:] + more + plain[2:] + photo() + b"ftypmp42 at the ford"
    assert without_position(crowded) == without_position(plain) == plain


def test_a_position_among_the_tags_of_the_camera_or_of_the_small_picture():
    def directory(*entries, follows=0):
        rest = b"".join(tag.to_bytes(2, "little") + b"\4\0\1\0\0\0" + at.to_bytes(4, "little") for tag, at in entries)
        return len(entries).to_bytes(2, "little") + rest + follows.to_bytes(4, "little")

    first = directory((CAMERA, 26), follows=44)
    tiff = b"II*\0\x08\0\0\0" + first + directory((GPS, 62)) + directory((GPS, 62)) + directory((2, 80)) + b"51.2"
    content = b"\xff\xd8" + segment(0xE1, b"Exif\0\0" + tiff) + photo(where=None)[2:]
    after = without_position(content)
    assert GPS.to_bytes(2, "little") not in after[:100] and after[12 + 62 : 12 + 80] == bytes(18)


@pytest.mark.parametrize("cut", [2, 3, 12, 30, 400])
def test_what_is_cut_off_is_refused(cut):
    with pytest.raises(PhotoError, match="damaged"):
        without_position(photo()[:cut])


def test_pixels_that_are_cut_off_are_kept_as_far_as_they_go():
    content = photo()[:-40]
    assert without_position(content)[-60:] == content[-60:]


@pytest.mark.parametrize(
    "tiff",
    [b"", b"II*\0", b"XX*\0\x08\0\0\0", b"II*\0\xff\xff\0\0", b"II*\0\x08\0\0\0\xff\xff", b"II*\0\x08\0\0\0\2\0"],
)
def test_an_exif_that_is_damaged_is_refused(tiff):
    with pytest.raises(PhotoError, match="damaged"):
        without_position(b"\xff\xd8" + segment(0xE1, b"Exif\0\0" + tiff) + photo()[2:])


@pytest.mark.parametrize("target", [0, 8, 9, 20, 0xFFFFFFF0])
def test_an_exif_that_leads_astray_ends(target):
    entry = GPS.to_bytes(2, "little") + b"\4\0\1\0\0\0" + target.to_bytes(4, "little")
    camera = CAMERA.to_bytes(2, "little") + b"\4\0\1\0\0\0" + b"\x08\0\0\0"
    tiff = b"II*\0\x08\0\0\0\2\0" + entry + camera + b"\x08\0\0\0"
    after = without_position(b"\xff\xd8" + segment(0xE1, b"Exif\0\0" + tiff) + photo(where=None)[2:])
    assert GPS.to_bytes(2, "little") not in after[:60]


def test_another_format_is_refused():
    buffer = io.BytesIO()
    picture(3).save(buffer, "PNG")
    for content in (buffer.getvalue(), b"", b"fox"):
        with pytest.raises(PhotoError, match="from a JPEG only"):
            without_position(content)
