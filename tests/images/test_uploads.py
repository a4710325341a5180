"""What is taken for a photo, and what is not; harm that the bytes could do."""

import io
import random
import struct
import tracemalloc

import PIL
import pytest
from PIL import Image, ImageFile

from helpers.errors import Refused, ServiceError
from helpers.images import uploads
from helpers.images.decode import open_photo
from helpers.images.uploads import UploadLimits, check_scans, check_upload
from tests.support import hostile_files as hostile
from tests.support.hostile_files import photo
from tests.support.pace import steps
from tests.support.pictures import encoded, picture, png_chunk

LIMITS = UploadLimits()
MOST_STEPS = 1_000_000  # calls until anything is refused, each of which takes less than a microsecond


def refused(status, part, content, **limits):
    def refuse():
        with pytest.raises(Refused, match=part) as caught:
            check_upload(content, LIMITS._replace(**limits))
        assert caught.value.status == status and len(str(caught.value)) < 400

    assert steps(refuse) < MOST_STEPS


@pytest.mark.parametrize("kind", uploads.KINDS)
@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P"])
def test_photos_of_each_kind(kind, mode):
    image = picture(0, (64, 48)).convert(mode)
    content = encoded(image.convert("RGB") if kind == "WEBP" or (kind, mode) == ("JPEG", "P") else image, kind)
    check_upload(content, LIMITS)
    assert open_photo(content).size == (64, 48)


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"optimize": True}, {"subsampling": 2}, {"restart_marker_rows": 1}]
)
def test_jpegs_of_each_kind(options):
    check_upload(photo(**options), LIMITS)
    check_upload(encoded(picture(0, (64, 48)).convert("CMYK"), "JPEG", **options), LIMITS)


@pytest.mark.parametrize(
    "kind, mode", [("PNG", "RGBA"), ("PNG", "LA"), ("PNG", "I;16"), ("TIFF", "I;16"), ("TIFF", "F")]
)
def test_transparency_and_more_bits(kind, mode):
    content = encoded(Image.new(mode, (100, 100)), kind)
    check_upload(content, LIMITS._replace(upload_pixels=40_000))
    refused(413, "100 x 100 pixels; the limit for one of its kind is 9,999", content, upload_pixels=39_999)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_frame_counts(kind):
    frames = [picture(seed, (64, 48)) for seed in range(3)]
    check_upload(encoded(frames[0], kind, save_all=True, append_images=frames[1:]), LIMITS)


def test_two_pictures_in_a_jpeg():
    check_upload(encoded(picture(0), "MPO", save_all=True, append_images=[picture(1)]), LIMITS)


def test_heif():
    pytest.importorskip("pillow_heif", reason="the extra heic is not here")
    content = photo("HEIF")
    check_upload(content, LIMITS)
    refused(413, "64 x 48", content, upload_pixels=64 * 48 - 1)
    refused(422, "cannot be read", content[:-20])


def test_avif():
    if "AVIF" not in Image.SAVE:
        pytest.skip("this Pillow does not write AVIF")
    content = photo("AVIF")
    check_upload(content, LIMITS)
    refused(413, "64 x 48", content, upload_pixels=64 * 48 - 1)
    refused(422, "cannot be read", content[:-20])


@pytest.mark.parametrize("tags", [{254: 1}, {50706: b"\1\4\0\0"}])
def test_a_raw_file_of_a_camera_is_not_its_preview(tags):
    refused(422, "a raw file of a camera: only its preview could be read", photo("TIFF", tiffinfo=tags))


def test_heif_without_its_package(monkeypatch):
    monkeypatch.setattr(uploads, "formats", lambda: uploads.KINDS)
    heic = b"\0\0\0\x1cftypheic\0\0\0\0mif1heic" + bytes(100)
    refused(415, r"pip install pillow-heif\); accepted are JPEG, PNG, WEBP, GIF, BMP, TIFF", heic)


# --- sizes


def test_empty():
    refused(422, "empty", b"")


def test_bytes():
    content = photo()
    check_upload(content, LIMITS._replace(upload_bytes=len(content)))
    refused(413, "the limit is", content, upload_bytes=len(content) - 1)


@pytest.mark.parametrize("kind", uploads.KINDS)
def test_pixels(kind):
    content = photo(kind)
    check_upload(content, LIMITS._replace(upload_pixels=64 * 48))
    refused(413, "64 x 48 pixels; the limit for one of its kind is 3,071", content, upload_pixels=64 * 48 - 1)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "TIFF"])
def test_pixels_are_counted_before_any_is_decoded(kind, monkeypatch):
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("pixels were decoded"))
    content = {
        "PNG": hostile.pixel_bomb_png,
        "GIF": hostile.pixel_bomb_gif,
        "TIFF": hostile.pixel_bomb_tiff,
    }[kind]()
    assert len(content) < 100_000
    refused(413, "pixels", content)
    refused(413, "pixels", content, upload_pixels=10**12)  # more than Pillow itself takes for safe


def test_pixels_between_our_limit_and_the_one_of_pillow():
    refused(413, "pixels", hostile.pixel_bomb_png(9_600), upload_pixels=90_000_000)


# --- other kinds


@pytest.mark.parametrize(
    "content, what",
    [
        (hostile.svg(), "an SVG drawing"),
        (b'\xef\xbb\xbf \n<?xml version="1.0"?>' + hostile.svg(), "an XML file"),
        (hostile.jpeg_in_html(), "an HTML page"),
        (hostile.zip_bomb(), "a ZIP file"),
        (b"%PDF-1.7\n", "a PDF file"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "a PostScript drawing"),
        (b"\x7fELF" + bytes(100), "a program"),
        (b"\xff\xd8", "not a photo"),
        (b"hello", "not a photo"),
        (bytes(1000), "not a photo"),
    ],
)
def test_other_kinds(content, what):
    refused(415, what, content)


@pytest.mark.parametrize("kind", ["PPM", "TGA", "ICO", "PCX", "SGI", "DDS", "EPS", "PDF", "JPEG2000", "ICNS"])
def test_kinds_that_pillow_knows_and_we_do_not_take(kind):
    refused(415, "accepted are", encoded(picture(0, (32, 32)), kind))


def test_one_file_of_two_kinds(monkeypatch):
    """Another reader takes the file for its own, of another size, when all that read photos are asked."""
    content, opened = photo("TIFF"), Image.open

    def asked(file, formats):
        return opened(file if "PSD" not in formats else io.BytesIO(photo("PNG")), formats=formats)

    monkeypatch.setattr(Image, "open", asked)
    refused(415, "both TIFF and PNG", content)


def test_a_page_in_a_jpeg_is_a_jpeg():
    check_upload(hostile.html_jpeg(), LIMITS)  # it is never handed out as it came


# --- damage


@pytest.mark.parametrize("kind", uploads.KINDS)
@pytest.mark.parametrize("part", [0.3, 0.9])
def test_cut_off(kind, part):
    content = photo(kind)
    refused(422, "cannot be read", content[: int(len(content) * part)])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF"])
def test_cut_off_where_it_begins(kind):
    refused(422, "cannot be read: (a|damaged|cut off)", photo(kind)[:10])


def test_damaged_png():
    content = bytearray(photo("PNG"))
    content[20] ^= 255  # its width, which a checksum guards
    refused(422, "cannot be read", bytes(content))


def test_noise_is_refused_or_read():
    """Nothing but `Refused` comes out, whatever goes in."""
    random.seed(7)
    wholes = [photo(kind) for kind in uploads.KINDS]
    for number in range(400):
        content = bytearray(wholes[number % len(wholes)])
        for _ in range(1 + number % 9):
            content[random.randrange(min(len(content), 400))] = random.randrange(256)  # noqa: S311
        try:
            check_upload(bytes(content), LIMITS._replace(upload_pixels=10_000_000))
        except Refused as error:
            assert error.status in (413, 415, 422)


# --- made to keep a decoder busy


@pytest.mark.parametrize("make", [hostile.text_bomb_png, hostile.profile_bomb_png])
def test_words_and_profiles_that_unpack_to_much(make):
    content = make()
    assert len(content) < 200_000
    refused(422, "cannot be read", content)


@pytest.mark.parametrize("make", [hostile.parts_png, hostile.parts_jpeg, hostile.filled_jpeg, hostile.parts_gif])
def test_too_many_parts(make):
    refused(422, "more parts than", make())


def test_too_many_scans():
    refused(422, "of 101 scans or more", hostile.scans_jpeg())
    refused(422, "scans or more", hostile.scans_jpeg(side=8_000, scans=40))
    check_upload(hostile.scans_jpeg(side=800, scans=60), LIMITS)


def test_many_parts_between_scans():
    whole = photo()
    with pytest.raises(Refused, match=r"10,000 parts"):
        check_scans(whole[:-2] + b"\xff\xfe\0\2" * 20_000 + whole[-2:], 100)


def test_scans_are_counted_in_the_picture_alone():
    """Markers in tags, in the pixels' own bytes and behind the end are none."""
    whole = photo()
    tags = b"\xff\xe5" + struct.pack(">H", 6002) + b"\xff\xda" * 3000
    check_upload(whole[:2] + tags + whole[2:], LIMITS)
    check_upload(whole + b"\xff\xda\0\2" * 3000 + b"\xff\xd9", LIMITS)
    check_upload(photo(restart_marker_blocks=1), LIMITS)


def test_scans_are_counted_in_one_pass():
    for filling in (b"\xff" * 5_000_000, b"\xff\0" * 2_500_000, b"\xff\xd0" * 2_500_000, bytes(5_000_000)):
        content = b"\xff\xd8\xff\xda\0\2" + filling + b"\0"
        assert steps(lambda content=content: check_scans(content, 100)) < 100


def test_tags_that_claim_more_than_there_is():
    side = [(256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)]
    side += [(278, 4, 1, 8), (279, 4, 1, 64)]
    many = [(number, 7, 900_000, 8) for number in range(1000, 2000)]  # 900 MB, of one MB
    chunk = png_chunk(b"eXIf", hostile.tiff(many, bytes(1_000_000)))
    tracemalloc.start()
    try:
        for content in (
            hostile.tiff(side + many, bytes(1_000_000)),
            hostile.png(8, 8, row=bytes(9), extra=chunk),
        ):
            refused(422, "its tags claim to be more", content)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_nobody_else_is_let_in_to_a_pillow_that_believes_what_a_file_claims(monkeypatch):
    monkeypatch.setattr(PIL, "__version__", "12.3.0")
    with pytest.raises(ServiceError, match="needs Pillow 13 or newer"):
        uploads.check_reader()
