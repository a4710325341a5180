"""How the files of photos are opened: in formats that are photos, and never by a program."""

import ast
import base64
import contextlib
import io
import os
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image, ImageFile

from helpers.errors import PhotoError
from helpers.images import opening
from helpers.images.crop import cut
from helpers.images.decode import check_photo, open_photo, photo_size, read_exif
from helpers.images.thumbnails import Thumbnails, preview, thumbnail
from helpers.images.uploads import UploadLimits, check_upload
from helpers.photos.load import load_photos
from helpers.photos.metadata.read import Metadata, read_metadata
from tests.images.test_decode import COLOUR, STORED, difference, pixels
from tests.support.pictures import encoded, picture, png_chunk, turned
from tests.support.places import ROOT

READERS = {
    "open_photo": open_photo,
    "at a size": lambda source: open_photo(source, size=(24, 24)),
    "check_photo": check_photo,
    "photo_size": photo_size,
    "thumbnail": thumbnail,
    "preview": preview,
}


# What is wrong beside the pixels costs what is wrong


def part(marker, data):
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def tags(*entries, more=b""):
    """A directory of tags as TIFF has it: number, type, count, value; `more` begins at 38 where there are two."""
    packed = b"".join(struct.pack("<HHL", *entry[:3]) + entry[3].ljust(4, b"\0") for entry in entries)
    return b"II*\0" + struct.pack("<LH", 8, len(entries)) + packed + bytes(4) + more


def exif(*entries, more=b""):
    return part(0xE1, b"Exif\0\0" + tags(*entries, more=more))


def multiple(*entries, more=b""):
    return part(0xE2, b"MPF\0" + tags(*entries, more=more))


X, INCH = 0x011A, (0x0128, 3, 1, b"\2")
BROKEN = {
    "a resolution without a value": exif((X, 2, 1, b""), INCH),
    "a resolution of no numbers": exif((X, 5, 0, b""), INCH),
    "half a resolution": exif((X, 7, 1, b"a"), INCH),
    "a resolution of nothing": exif((X, 5, 1, b"\x26"), INCH, more=bytes(8)),
    "a resolution in words": exif((X, 2, 4, b"abc"), INCH),
    "a resolution that is no number": exif((X, 11, 1, struct.pack("<f", np.nan)), INCH),
    "a resolution without an end": exif((X, 11, 1, struct.pack("<f", np.inf)), INCH),
    "a resolution elsewhere": exif((X, 5, 1, b"\0\0\0\x80"), INCH),
    "a unit without a value": exif((X, 5, 1, b"\x26"), (0x0128, 2, 1, b""), more=struct.pack("<LL", 72, 1)),
    "EXIF of nothing": part(0xE1, b"Exif\0\0"),
    "EXIF of something else": part(0xE1, b"Exif\0\0garbage garbage"),
    "EXIF cut off": part(0xE1, b"Exif\0\0II"),
    "EXIF elsewhere": part(0xE1, b"Exif\0\0II*\0\0\0\0\x80"),
    "EXIF that leads to itself": exif((0x8769, 4, 1, b"\x08")),
    "EXIF that leads nowhere": exif((0x8769, 4, 1, b"\0\0\0\x80"), (0x8825, 4, 2, b"\x26"), more=b"ab"),
    "types that there are not": exif((0x0112, 99, 1, b"\6"), (X, 0, 1, b"")),
    "no way up": exif((0x0112, 3, 1, b"\0"), (0x0112, 3, 1, b"\x63")),
    "a date that is none": exif((0x0132, 7, 4, b"\xff\xfe"), (0x9003, 4, 1, b"\5")),
    "a profile without numbers": part(0xE2, b"ICC_PROFILE\0"),
    "a profile without a count": part(0xE2, b"ICC_PROFILE\0\1"),
    "part 5 of 2 of a profile": part(0xE2, b"ICC_PROFILE\0\5\2abc"),
    "a profile of something else": part(0xE2, b"ICC_PROFILE\0\1\1" + b"garbage" * 20),
    "several pictures of nothing": part(0xE2, b"MPF\0"),
    "several pictures of something else": part(0xE2, b"MPF\0garbage garbage"),
    "more pictures than there are": multiple((0xB001, 4, 1, b"\0\0\0\x80"), (0xB002, 7, 32, b"\x26"), more=bytes(60)),
    "pictures of half an entry": multiple((0xB001, 4, 1, b"\2"), (0xB002, 7, 17, b"\x26"), more=bytes(60)),
    "no pictures": multiple((0xB001, 4, 1, b""), (0xB002, 7, 0, b"")),
    "XMP of something else": part(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta <<<& garbage"),
    "XMP of no text": part(0xE1, b"http://ns.adobe.com/xap/1.0/\0\xff\xfe\0\xd8"),
    "JFIF cut off": part(0xE0, b"JFIF\0"),
    "JFIF of no density": part(0xE0, b"JFIF\0\1\1\1" + bytes(6)),
    "Adobe cut off": part(0xEE, b"Adobe"),
    "Photoshop cut off": part(0xED, b"Photoshop 3.0\x008BIM\3"),
    "Photoshop beyond the end": part(0xED, b"Photoshop 3.0\x008BIM\3\xed\0\0\xff\xff\xff\xff"),
    "remarks without a word": part(0xFE, b""),
}


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's own, which are never shown
@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
@pytest.mark.parametrize("words", BROKEN)
def test_what_is_wrong_beside_the_pixels_never_costs_a_jpeg(words, mode):
    plain = encoded(picture(0, (64, 48)).convert(mode), "JPEG")
    broken = plain[:2] + BROKEN[words] + plain[2:]
    assert np.array_equal(np.asarray(open_photo(broken)), np.asarray(open_photo(plain)))
    if mode != "CMYK":
        with Image.open(io.BytesIO(plain)) as image:  # as Pillow decodes it, without these
            assert np.array_equal(np.asarray(open_photo(broken)), np.asarray(image.convert("RGB")))
    for read in READERS.values():
        read(broken)
    read_metadata(broken)
    check_upload(broken, UploadLimits())


@pytest.mark.parametrize("words", ["a resolution without a value", "half a resolution", "a profile without a count"])
def test_the_rest_of_what_is_beside_the_pixels_is_read(words, tmp_path):
    """The way up, the date and the tags of a photo, one of whose other fields is broken."""
    kept = [(0x0112, 3, 1, b"\6"), (0x0132, 2, 20, struct.pack("<L", 8 + 2 + 4 * 12 + 4))]
    resolution = [(X, 7, 1, b"a"), INCH] if words == "half a resolution" else [(X, 2, 1, b""), INCH]
    if "profile" in words:
        resolution = [(X, 3, 1, b"\x48"), INCH]
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="6"/></x:xmpmeta>'
    beside = exif(*kept[:1], *resolution, kept[1], more=b"2024:05:01 06:07:08\0")
    beside += part(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)
    beside += BROKEN[words] if "profile" in words else b""
    plain = encoded(picture(0, (64, 48)), "JPEG")
    (tmp_path / "a.jpg").write_bytes(plain[:2] + beside + plain[2:])
    assert open_photo(tmp_path / "a.jpg").size == (48, 64) == photo_size(tmp_path / "a.jpg")
    assert read_exif(tmp_path / "a.jpg")[0x0132] == "2024:05:01 06:07:08"
    with opening.opened(tmp_path / "a.jpg") as image:
        assert image.info["xmp"] == packet
    data, bad = load_photos(tmp_path, progress=False)
    assert len(data) == 1 and len(bad) == 0


def test_a_jpeg_that_is_no_photo_is_refused_as_ever():
    plain = encoded(picture(0, (64, 48)), "JPEG")
    for content in (
        plain[:40],
        plain[:2] + part(0xE2, b"ICC_PROFILE\0"),
        plain[:2] + BROKEN["JFIF cut off"] + b"garbage",
    ):
        with pytest.raises(PhotoError):
            open_photo(content)


# No program is started


def drawing(kind):
    """The bytes of an EPS: as text, or with the header of DOS in front of it."""
    text = encoded(picture(1, (40, 30)), "EPS")
    if kind == "text":
        return text
    return b"\xc5\xd0\xd3\xc6" + struct.pack("<LLLLLLH", 30, len(text), 0, 0, 0, 0, 0xFFFF) + text


@pytest.fixture
def ghostscript(tmp_path, monkeypatch):
    """A program `gs`, first on the PATH, that leaves a mark when it is started; the mark's path."""
    mark, folder = tmp_path / "started", tmp_path / "programs"
    folder.mkdir()
    for name in ("gs", "gswin64c", "gswin32c"):
        (folder / name).write_text(f'#!/bin/sh\necho started >> "{mark}"\nexit 1\n')
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    return mark


@pytest.mark.skipif(os.name == "nt", reason="a shell's script is no program there")
@pytest.mark.parametrize("kind", ["text", "DOS"])
def test_no_program_is_started_for_a_drawing(tmp_path, ghostscript, kind):
    content = drawing(kind)
    with Image.open(io.BytesIO(content)) as image, pytest.raises(Exception):  # noqa: B017 (what a program's end makes)
        image.load()
    assert ghostscript.exists(), "by Pillow alone the program is started"
    ghostscript.unlink()
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "holiday.jpg").write_bytes(content)
    picture(1, (40, 30)).save(folder / "photo.jpg")
    for source in (folder / "holiday.jpg", content):
        for read in READERS.values():
            with pytest.raises(PhotoError, match=r"^a PostScript drawing, not a photo$"):
                read(source)
        assert read_exif(source) == {} and read_metadata(source) == Metadata()
    with pytest.raises(PhotoError):
        cut(content, [(0, 0, 1, 1)], (8, 8))
    assert Thumbnails(tmp_path / "kept").get_many([(str(folder / "holiday.jpg"), None)]) == [None]
    data, bad = load_photos(folder, progress=False, details=True)
    assert list(data["path"]) == ["photo.jpg"]
    assert [(row["path"], row["reason"]) for row in bad] == [("holiday.jpg", "a PostScript drawing, not a photo")]
    assert not ghostscript.exists()


def test_pillow_is_never_asked_for_any_format():
    """Every `Image.open` of the project names the formats that it takes."""
    calls = 0
    for path in (ROOT / "helpers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "open"):
                continue
            if isinstance(node.func.value, ast.Name) and node.func.value.id in ("Image", "Pillow"):
                calls += 1
                assert "formats" in {given.arg for given in node.keywords}, f"{path}, line {node.lineno}"
    assert calls


# What a file is, in words


@pytest.mark.parametrize(
    ("begin", "reason"),
    [
        (b"%PDF-1.7\n", "a PDF file, not a photo"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing, not a photo"),
        (b"\xef\xbb\xbf  <!DOCTYPE html>", "an HTML page, not a photo"),
        (b"\0\0\0\x18ftypmp42", "a video, not a photo; save frames of it as JPEG"),
        (b"\0\0\0\x14ftypqt  ", "a video, not a photo; save frames of it as JPEG"),
        (b"RIFF\0\0\0\0AVI LIST", "a video, not a photo; save frames of it as JPEG"),
        (b"\xff\x0a\xfa\x1f", "a JPEG XL picture, which is not read; save it as JPEG or PNG"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture, which is not read; save it as JPEG or PNG"),
        (b"FUJIFILMCCD-RAW 0201", "a raw file of a camera: only its preview could be read; export it as JPEG or TIFF"),
        (b"\0\0\0\x18ftypcrx ", "a raw file of a camera: only its preview could be read; export it as JPEG or TIFF"),
        (b"SIMPLE  =                    T", "a FITS file of a telescope, not a photo"),
        (b"PK\3\4", "a ZIP file, not a photo"),
        (b"something else", "not a photo that Pillow can read"),
    ],
)
def test_what_is_no_photo_is_named(tmp_path, begin, reason):
    content = begin + bytes(200)
    (tmp_path / "photo.jpg").write_bytes(content)
    for source in (tmp_path / "photo.jpg", content, io.BytesIO(content)):
        with pytest.raises(PhotoError) as raised:
            open_photo(source)
        assert str(raised.value) == reason


# Raw files


def raw(preview_flag=True, dng=False, sensor=None):
    """A raw file of a camera: a TIFF whose first picture is a preview of 160 x 120."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    tags = ImageFileDirectory_v2()
    if preview_flag:
        tags[254] = 1
    if dng:
        tags[50706] = b"\1\4\0\0"
    content = bytearray(encoded(picture(1, (160, 120)).convert("L" if sensor else "RGB"), "TIFF", tiffinfo=tags))
    if sensor:
        at = content.index(struct.pack("<HHL", 262, 3, 1))
        content[at + 8 : at + 10] = struct.pack("<H", sensor)
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("DSC_0001.NEF", raw()),
        ("renamed.tif", raw()),
        ("IMG_0001.DNG", raw(preview_flag=False, dng=True)),
        ("renamed.jpg", raw(preview_flag=False, dng=True)),
        ("K3.pef", raw(preview_flag=False)),
        ("P1.CR2", b"II*\0\x10\0\0\0CR\2\0" + bytes(200)),
        ("unknown.ARW", b"II*\0\x08\0\0\0" + bytes(200)),
    ],
)
def test_a_raw_file_is_never_taken_for_its_preview(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    picture(1, (3000, 2000)).save(tmp_path / "DSC_0001.JPG")
    data, bad = load_photos(tmp_path, progress=False)
    assert list(data["path"]) == ["DSC_0001.JPG"]
    assert list(bad["reason"]) == ["a raw file of a camera: only its preview could be read; export it as JPEG or TIFF"]


@pytest.mark.parametrize("sensor", [32803, 34892])
def test_what_a_sensor_saw_is_no_photo(sensor):
    with pytest.raises(PhotoError):
        open_photo(raw(preview_flag=False, sensor=sensor))


def test_an_ordinary_tiff_is_no_raw_file(tmp_path):
    pages = [picture(seed, (60, 40)) for seed in range(2)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    assert difference(pixels(tmp_path / "pages.tif"), np.asarray(pages[0])) == 0


# What is beside the pixels of a PNG


def words(kind, large, damaged):
    """A chunk of text, a profile or XMP, some 1.5 MB or a few bytes, with a right or a wrong checksum."""
    text = os.urandom(1_500_000).hex().encode() if large else b"words"
    body = {
        "tEXt": b"Comment\0" + text,
        "zTXt": b"Comment\0\0" + zlib.compress(text, 1),
        "iTXt": b"XML:com.adobe.xmp\0\0\0\0\0" + text,
        "packed iTXt": b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(text, 1),
        "iCCP": b"profile\0\0" + zlib.compress(text, 1),
        "eXIf": b"II*\0" + text,
    }[kind]
    whole = png_chunk(kind.split()[-1].encode(), body)
    return whole[:-1] + bytes([whole[-1] ^ 0x55]) if damaged else whole


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "packed iTXt", "iCCP", "eXIf"])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("large", "damaged"), [(True, False), (False, True), (True, True)])
@pytest.mark.once(
    "the file is read by our own code before Pillow; some rows of each kind are in both",
    but=[
        "True-True-False-tEXt",
        "True-True-False-zTXt",
        "True-True-False-iTXt",
        "True-True-False-packed iTXt",
        "True-True-False-iCCP",
        "True-True-False-eXIf",
    ],
)
def test_what_is_beside_the_pixels_of_a_png_never_costs_them(tmp_path, kind, after, large, damaged):
    source = encoded(COLOUR, "PNG", exif=turned(6))
    place = len(source) - 12 if after else 33
    (tmp_path / "a.png").write_bytes(source[:place] + words(kind, large, damaged) + source[place:])
    for each in (tmp_path / "a.png", (tmp_path / "a.png").read_bytes()):
        assert difference(pixels(each), pixels(source)) == 0, "and its orientation stays"
        assert photo_size(each) == check_photo(each)[2:4] == (40, 60)
    data, bad = load_photos(tmp_path, progress=False, details=True)
    assert len(data) == 1 and len(bad) == 0


def test_tags_of_a_png_with_a_large_packet_are_read(tmp_path):
    bag = "".join(f"<rdf:li>{name}</rdf:li>" for name in ["fox", *(f"ancestor {number}" for number in range(60_000))])
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag><rdf:li>fox</rdf:li>'
        f"</rdf:Bag></dc:subject><dc:title><rdf:Bag>{bag}</rdf:Bag></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
    assert len(packet) > 1_500_000
    for packed in (0, 1):
        body = b"XML:com.adobe.xmp\0" + bytes([packed, 0, 0, 0]) + (zlib.compress(packet) if packed else packet)
        source = encoded(COLOUR, "PNG")
        source = source[:33] + png_chunk(b"iTXt", body) + source[33:]
        assert read_metadata(source).tags == ("fox",)


@pytest.mark.parametrize("kind", [b"IDAT", b"PLTE", b"eXIf", b"iTXt", b"teSt", b"TEST"])
def test_a_png_takes_no_memory_for_what_it_only_announces(kind, tmp_path):
    whole = encoded(picture(), "PNG")
    for place in (33, len(whole) - 12):  # before and after its pixels
        (tmp_path / "a.png").write_bytes(whole[:place] + (2**31 - 1).to_bytes(4, "big") + kind + b"no more")
        tracemalloc.start()
        try:
            with contextlib.suppress(PhotoError):
                open_photo(tmp_path / "a.png")
            assert tracemalloc.get_traced_memory()[1] < 20_000_000
        finally:
            tracemalloc.stop()


def test_damaged_pixels_of_a_png_are_still_damaged():
    source = bytearray(encoded(np.random.default_rng(3).integers(0, 256, (200, 300, 3), np.uint8), "PNG"))
    source[len(source) // 2] ^= 0x55
    source = source[:33] + words("tEXt", True, True) + source[33:]
    for read in READERS.values():
        if read is not photo_size:
            with pytest.raises(PhotoError, match=r"damaged: |cut off"):
                read(bytes(source))


# Very large photos


@pytest.fixture(scope="module")
def two_hundred(tmp_path_factory):
    """A JPEG of 200 megapixels, as telephones make; and a progressive one."""
    folder = tmp_path_factory.mktemp("large")
    photo = Image.new("L", (16_320, 12_240), 77)
    photo.paste(180, (0, 0, 8_160, 12_240))
    photo.save(folder / "photo.jpg", quality=10)
    photo.save(folder / "progressive.jpg", quality=10, progressive=True)
    return folder


@pytest.mark.slow("photos of 200 megapixels")
def test_200_megapixels_are_read_at_a_fraction(two_hundred):
    path = two_hundred / "photo.jpg"
    assert photo_size(path) == check_photo(path)[2:4] == (16_320, 12_240)
    small = pixels(path, size=(24, 24))
    assert abs(int(small[12, 4, 0]) - 180) < 9 and abs(int(small[12, 20, 0]) - 77) < 9
    assert Image.open(io.BytesIO(thumbnail(path))).size == (160, 120)


def test_what_would_be_kept_whole_is_not_decoded(two_hundred):
    for read in READERS.values():
        with pytest.raises(PhotoError, match=r"more pixels than is safe to decode .*; make it smaller first"):
            read(two_hundred / "progressive.jpg")
    small = bytearray(encoded(COLOUR, "JPEG"))
    at = small.index(b"\xff\xc0")
    small[at + 5 : at + 9] = struct.pack(">HH", 65_000, 65_000)
    with pytest.raises(PhotoError, match=r"more pixels than is safe"):
        photo_size(bytes(small))


# Other libraries' settings


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_half_a_photo_is_never_filled_up_whatever_others_set(kind, monkeypatch):
    """Tutorials of training set this for the whole process, and Pillow then fills with grey what is missing."""
    source = encoded(picture(1, (300, 200)), kind)
    half = source[: len(source) * 3 // 5]
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    for name, read in READERS.items():
        if name != "photo_size":
            with pytest.raises(PhotoError):
                read(half)
        read(source)
    assert read_metadata(half).infrared is None
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True, "theirs stays as it was"


# The right way up, in both environments


def packet_of(turn, form):
    inside = {"attribute": ' tiff:Orientation="{}"/>', "element": "><tiff:Orientation>{}</tiff:Orientation></rdf:X>"}
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:X xmlns:tiff="http://ns.adobe.com/tiff/1.0/"{inside[form].format(turn)}</rdf:RDF></x:xmpmeta>'
    ).encode()


@pytest.mark.parametrize("form", ["attribute", "element"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("turn", STORED)
def test_an_orientation_in_xmp_alone_is_applied(kind, turn, form):
    stored, packet = np.ascontiguousarray(STORED[turn](COLOUR)), packet_of(turn, form)
    if kind == "JPEG":
        source = encoded(stored, kind, quality=95, subsampling=0)
        body = b"http://ns.adobe.com/xap/1.0/\0" + packet
        source = source[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + source[2:]
    elif kind == "PNG":
        source = encoded(stored, kind)
        source = source[:33] + png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet) + source[33:]
    else:
        options = {"TIFF": {"tiffinfo": {700: packet}}, "WEBP": {"lossless": True, "xmp": packet}}[kind]
        source = encoded(stored, kind, **options)
    assert photo_size(source) == check_photo(source)[2:4] == (60, 40)
    assert not check_photo(source).plain or turn == 1
    assert difference(pixels(source), COLOUR) < 1.5
    small = np.asarray(Image.fromarray(COLOUR).resize((30, 20), Image.Resampling.BILINEAR))
    assert difference(pixels(source, size=(30, 20)), small) < 2
    assert difference(cut(source, [(0, 0, 1, 1)], (60, 40))[0], COLOUR) < 1.5


def test_exif_counts_more_than_xmp():
    source = encoded(COLOUR, "WEBP", lossless=True, xmp=packet_of(6, "attribute"), exif=turned(1))
    assert np.array_equal(pixels(source), COLOUR)


AVIF = base64.b64decode(  # 32 x 48 stored pixels of four colours, and one box that turns them, by Pillow 13
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAAD1bWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAAAAAAAOcGl0"
    "bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAEdAAAAPAAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAAB0aXBy"
    "cAAAAFRpcGNvAAAAFGlzcGUAAAAAAAAAIAAAADAAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBAAwAAAAAE2NvbHJuY2x4AAEADQAGgAAAAAlpcm90"
    "AwAAABhpcG1hAAAAAAAAAAEAAQUBAoMEhQAAAERtZGF0EgAKCRgRf3tEBDQaEDItRrHh4XhzDDDAoAAA3ZCyNhAZNzyvws+Rq9sZI1xHzOK7eUKx"
    "09Wl75URs3dA"
)


@pytest.mark.parametrize("quarters", range(4))
def test_an_avif_is_turned_once_in_both_environments(tmp_path, quarters):
    if "AVIF" not in opening.formats():
        pytest.skip("AVIF needs pillow-heif or a newer Pillow")
    place = AVIF.index(b"irot") + 4
    source = AVIF[:place] + bytes([quarters]) + AVIF[place + 1 :]
    seen = np.full((32, 48, 3), 230, np.uint8)
    seen[:16, :24], seen[:16, 24:], seen[16:, :24] = (220, 30, 30), (30, 200, 30), (30, 30, 220)
    upright = np.rot90(seen, 1 + quarters)
    (tmp_path / "photo.avif").write_bytes(source)
    data, bad = load_photos(tmp_path, progress=False)
    assert len(bad) == 0 and (data["height"][0], data["width"][0]) == upright.shape[:2]
    for turned_once in (pixels(source), pixels(source, size=upright.shape[1::-1])):
        assert difference(turned_once, upright) < 12
