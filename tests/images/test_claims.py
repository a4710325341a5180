"""Photos that claim very much in a few bytes: refused before Pillow believes it, and nothing else is."""

import contextlib
import io
import struct
import zlib

import pytest
from PIL import Image

from helpers.errors import PhotoError, Refused
from helpers.images.claims import check_file
from helpers.images.decode import check_photo, open_photo, photo_size, read_exif
from helpers.images.uploads import UploadLimits, check_upload
from helpers.photos.metadata.read import read_metadata
from tests.support.hostile_files import photo, png, tiff
from tests.support.pace import growth
from tests.support.pictures import encoded, picture

DATE = b"2026:05:01 14:30:00\0"
RATIONAL = 5


def tags(entries, more=b"", camera=()):
    """An EXIF: entries are (number, type, count, value); those of the camera are in a directory of their own."""
    place = 8 + 2 + 12 * (len(entries) + bool(camera)) + 4
    pointer = [(0x8769, 4, 1, place)] if camera else []
    return tiff([*entries, *pointer], (tiff(list(camera))[8:] if camera else b"") + more)


def part(mark, content):
    return bytes((0xFF, mark)) + struct.pack(">H", len(content) + 2) + content


def with_parts(*parts):
    whole = photo()
    return whole[:2] + b"".join(parts) + whole[2:]


def overlapping(count=200, length=30_000):
    return tags([], bytes(length), [(1_000 + number, RATIONAL, length // 8, 40) for number in range(count)])


def numbers(length=2**21):
    return tags([], bytes(length), [(1_000, RATIONAL, length // 8, 40)])


def in_words(exif):
    """A PNG whose EXIF is text."""
    text = f"\nexif\n{len(exif)}\n{exif.hex()}".encode()
    words = b"Raw profile type exif\0\0" + zlib.compress(text)
    chunk = struct.pack(">I", len(words)) + b"zTXt" + words + struct.pack(">I", zlib.crc32(b"zTXt" + words))
    return png(64, 48, row=bytes(65), extra=chunk)


def tiled(side, tile):
    """A TIFF of `side` pixels a side in one packed tile of `tile` pixels a side."""
    packed = zlib.compress(bytes(tile * tile))
    place = 8 + 2 + 12 * 10 + 4
    entries = [(256, side), (257, side), (258, 8), (259, 8), (262, 1), (277, 1), (322, tile), (323, tile)]
    entries += [(324, place), (325, len(packed))]
    return tiff([(tag, 4, 1, value) for tag, value in entries], packed)


def packed_bmp(width, height=2):
    """A BMP that is a step of 255 rows down, in some 60 bytes."""
    header = struct.pack("<LllHHLLllLL", 40, width, height, 1, 8, 1, 8, 0, 0, 2, 2)
    colours = bytes(8)
    start = 14 + len(header) + len(colours)
    return struct.pack("<2sLHHL", b"BM", start + 8, 0, 0, start) + header + colours + b"\0\2\xff\xff" * 2


def icon(side):
    """An icon of 16 pixels a side, which has a PNG of another size."""
    inner = png(side, side, row=bytes(1 + side // 8), depth=1)
    return struct.pack("<HHHBBBBHHLL", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(inner), 22) + inner


def remarks(pieces, each):
    """A GIF with remarks before its picture, each of some pieces of 255 letters."""
    whole = encoded(Image.new("P", (64, 48)), "GIF")
    place = whole.index(b"\x2c")
    return whole[:place] + (b"\x21\xfe" + (b"\xff" + b"a" * 255) * pieces + b"\0") * each + whole[place:]


def blocks(count):
    """A GIF with one note of a program before its picture, in so many pieces of a letter."""
    whole = encoded(Image.new("P", (64, 48)), "GIF")
    place = whole.index(b"\x2c")
    return whole[:place] + b"\x21\xff" + b"\x01a" * count + b"\0" + whole[place:]


HARMFUL = {
    "pieces of EXIF": with_parts(*[part(0xE1, b"Exif\0\0" + b"x")] * 200),
    "pieces of EXIF behind what is no part": with_parts(
        part(0xE5, b"x"), b"\0\0", *[part(0xE1, b"Exif\0\0" + b"x")] * 200
    ),
    "parts": with_parts(*[part(0xE5, b"")] * 20_000),
    "tags that overlap": with_parts(part(0xE1, b"Exif\0\0" + overlapping())),
    "tags of further pictures that overlap": with_parts(part(0xE2, b"MPF\0" + overlapping())),
    "tags that overlap in a PNG": photo("PNG", exif=overlapping()),
    "tags that overlap in words": in_words(overlapping()),
    "tags that overlap in a TIFF": overlapping(),
    "numbers": photo("PNG", exif=numbers()),
    "directories": photo("PNG", exif=tags([(0x8769, 4, 1, 100 + 2 * number) for number in range(100)], bytes(2_000))),
    "a tile": tiled(16, 8_192),
    "a step down in a BMP": packed_bmp(40_000_000),
    "an icon": icon(8_000),
    "remarks": remarks(1, 5_000),
    "one long remark": remarks(5_000, 1),
    "blocks": blocks(100_000),
    "notes without blocks": remarks(0, 200_000),
}


@pytest.mark.parametrize("content", HARMFUL.values(), ids=HARMFUL)
def test_claims_that_no_camera_makes_are_refused(content, tmp_path):
    file = tmp_path / "photo.jpg"
    file.write_bytes(content)
    for source in (content, str(file)):
        for look in (open_photo, check_photo, photo_size):
            with pytest.raises(PhotoError, match=r"save it|larger than itself"):
                look(source)
        assert read_exif(source) == {} and read_metadata(source).infrared is None
    with pytest.raises(Refused):
        check_upload(content, UploadLimits())


def test_webp_too():
    pytest.importorskip("PIL._webp", reason="this Pillow writes no WebP")
    with pytest.raises(PhotoError, match="claim to be more"):
        open_photo(photo("WEBP", exif=b"Exif\0\0" + overlapping()))


DATED = tags([(0x0132, 2, len(DATE), 26)], DATE)
USUAL = {
    "two pieces of EXIF": with_parts(part(0xE1, b"Exif\0\0" + DATED), part(0xE1, b"Exif\0\0" + bytes(100))),
    "a tag that claims more than there is": with_parts(
        part(0xE1, b"Exif\0\0" + tags([(0x0132, 2, len(DATE), 38), (0x9286, 7, 2**31, 38)], DATE))
    ),
    "tags that lead back": with_parts(
        part(0xE1, b"Exif\0\0" + tags([(0x0132, 2, len(DATE), 38), (0x8769, 4, 1, 8)], DATE))
    ),
    "half a directory": with_parts(part(0xE1, b"Exif\0\0" + tags([], b"", [(0x9003, 2, 20, 0)])[:-9])),
    "remarks": remarks(10, 10),
    "blocks": blocks(10_000),
    "no part behind the first": with_parts(part(0xE5, b"x"), b"\0\0", part(0xE5, b"x")),
}


@pytest.mark.filterwarnings("ignore")  # Pillow's, about the tag
@pytest.mark.parametrize("content", USUAL.values(), ids=USUAL)
def test_what_is_only_odd_costs_no_photo(content):
    assert open_photo(content).size == check_photo(content)[2:4] == (64, 48)
    check_upload(content, UploadLimits())


@pytest.mark.filterwarnings("ignore")
def test_dates_are_read_beside_what_is_odd():
    for name in list(USUAL)[:3]:
        assert read_metadata(USUAL[name]).taken.year == 2026, name


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [2, 5, 7, 11, 12])
def test_places_of_pixels_that_are_no_whole_numbers(kind):
    """Pillow raises a TypeError for some, depending on its version."""
    content = bytearray(photo("TIFF"))
    place = struct.unpack_from("<L", content, 4)[0]
    for entry in range(place + 2, place + 2 + 12 * struct.unpack_from("<H", content, place)[0], 12):
        if struct.unpack_from("<H", content, entry)[0] == 273:  # StripOffsets
            struct.pack_into("<HL", content, entry + 2, kind, 1)
    for look in (open_photo, check_photo):
        with contextlib.suppress(PhotoError):
            look(bytes(content))
    with contextlib.suppress(Refused):
        check_upload(bytes(content), UploadLimits())


def test_directories_of_many_tags_that_lead_to_the_same_ones():
    def look(entries):
        places = [8 + number * (2 + 12 * entries + 4) for number in range(8)]
        pointers = b"".join(struct.pack("<HHLL", 0x8769, 0, 0, place) for place in places) * (entries // 8)
        directory = struct.pack("<H", entries) + pointers + bytes(4)
        check_file(io.BytesIO(b"II*\0" + struct.pack("<L", 8) + directory * 8))

    assert growth(look, 4_000, 32_000) < 24, "8 times the tags"


def test_a_tile_may_be_larger_than_a_small_picture():
    assert open_photo(tiled(100, 256)).size == (100, 100)
    check_upload(tiled(100, 1_024), UploadLimits())


def test_icons_and_bmps_are_read():
    assert open_photo(encoded(picture(0, (64, 64)), "ICO")).size == (64, 64)
    assert open_photo(icon(16)).size == (16, 16)
    assert open_photo(encoded(picture(0, (20, 10)), "BMP")).size == (20, 10)
