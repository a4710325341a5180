import io
import warnings

import numpy as np
import pytest
from PIL import Image, features

from helpers.errors import PhotoError
from helpers.images import opening, trouble
from helpers.images.decode import check_photo, is_read_otherwise, open_photo, open_sized, photo_size
from tests.support.pictures import encoded, picture, png_header, png_of_16_bits, turned

COLOUR = np.asarray(picture(5, (60, 40))).copy()
GREY = COLOUR[:, :, 1].copy()
STORED = {  # orientation → how a camera that was held so has stored the upright pixels
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}


def pixels(source, **options):
    return np.asarray(open_photo(source, **options))


def difference(one, other):
    assert one.shape == other.shape
    return float(np.abs(one.astype(float) - other).mean())


# The right way up


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", STORED)
def test_each_orientation_becomes_upright(kind, orientation):
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    stored = np.ascontiguousarray(STORED[orientation](COLOUR))
    source = encoded(stored, kind, exif=turned(orientation), **options)
    assert photo_size(source) == (60, 40)
    upright = pixels(source)
    assert difference(upright, COLOUR) < (1.5 if kind == "JPEG" else 1e-9)
    small = pixels(source, size=(30, 20))
    assert difference(small, np.asarray(Image.fromarray(COLOUR).resize((30, 20), Image.Resampling.BILINEAR))) < 2


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_none(value):
    exif = Image.Exif()
    exif[0x0112] = value
    source = encoded(COLOUR, "PNG", exif=exif)
    assert np.array_equal(pixels(source), COLOUR)


def test_damaged_exif_loses_the_orientation_not_the_photo():
    source = bytearray(encoded(COLOUR, "JPEG", exif=turned(6)))
    place = source.index(b"Exif\0\0") + 6
    source[place : place + 8] = b"\xff" * 8
    assert pixels(bytes(source)).shape == COLOUR.shape


# Kinds of files


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_deflate"}),
        ("WEBP", {"lossless": True}),
        ("PPM", {}),
    ],
)
def test_lossless_files_keep_every_pixel(kind, options, tmp_path):
    source = encoded(COLOUR, kind, **options)
    (tmp_path / "named.jpg").write_bytes(source)  # what a file is called does not matter
    for each in (source, bytearray(source), io.BytesIO(source), tmp_path / "named.jpg", str(tmp_path / "named.jpg")):
        assert np.array_equal(pixels(each), COLOUR)
    assert np.array_equal(pixels(encoded(GREY, kind, **options)), np.dstack([GREY] * 3))


def test_grey_keeps_one_channel_where_that_is_wanted():
    assert open_photo(encoded(GREY, "PNG"), native=True).mode == "L"
    assert open_photo(encoded(GREY, "JPEG"), native=True).mode == "L"
    assert open_photo(encoded(COLOUR, "PNG"), native=True).mode == "RGB"
    assert open_photo(encoded(GREY, "PNG")).mode == "RGB"


def test_a_palette():
    source = encoded(Image.fromarray(COLOUR).quantize(256), "PNG")
    assert Image.open(io.BytesIO(source)).mode == "P"
    assert difference(pixels(source), COLOUR) < 8


@pytest.mark.parametrize("transparency", [3, bytes([255, 255, 255, 0])])
def test_a_palette_with_transparency_is_laid_on_white(transparency):
    image = Image.new("P", (4, 2), 0)
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 1, 2, 3])
    image.putpixel((3, 1), 3)
    source = encoded(image, "PNG", transparency=transparency)
    upright = pixels(source)
    assert upright[1, 3].tolist() == [255, 255, 255], "the hidden colour shows"
    assert upright[0, 0].tolist() == [10, 20, 30]
    assert open_photo(source, native=True).mode == "RGBA"


def test_transparency_is_laid_on_white():
    alpha = np.zeros((40, 60), np.uint8)
    alpha[:, 30:] = 255
    alpha[0, 0] = 128
    for source, colour in (
        (encoded(np.dstack([COLOUR, alpha]), "PNG"), COLOUR),
        (encoded(np.dstack([COLOUR, alpha]), "WEBP", lossless=True, exact=True), COLOUR),
        (encoded(np.dstack([COLOUR, alpha]), "TIFF"), COLOUR),
        (encoded(Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(alpha)]), "PNG"), np.dstack([GREY] * 3)),
    ):
        upright = pixels(source)
        assert (upright[1:, :30] == 255).all()
        assert np.array_equal(upright[:, 30:], colour[:, 30:])
        half = (colour[0, 0].astype(float) + 255) / 2
        assert np.abs(upright[0, 0] - half).max() <= 2


def test_a_colour_that_counts_as_transparent():
    image = Image.new("RGB", (2, 1), (9, 9, 9))
    image.putpixel((1, 0), (200, 0, 0))
    upright = pixels(encoded(image, "PNG", transparency=(9, 9, 9)))
    assert upright[0].tolist() == [[255, 255, 255], [200, 0, 0]]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_of_16_bits_is_scaled_not_clipped(kind):
    deep = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    upright = pixels(encoded(deep, kind))
    assert upright[:, :, 0].ravel().tolist() == list(range(256))
    assert open_photo(encoded(deep, kind), native=True).mode == "L"


def test_colour_of_16_bits():
    deep = np.repeat(COLOUR.astype(np.uint16) * 257, 1, axis=2)
    assert np.array_equal(pixels(png_of_16_bits(deep)), COLOUR)


def test_which_photos_were_read_otherwise_once(tmp_path):
    """Those whose pixels are others now, told by the header alone."""
    grey = np.arange(600, dtype=np.uint16).reshape(20, 30)
    colour = picture(1, (30, 20))
    otherwise = [
        png_of_16_bits(np.dstack([grey] * 3)),
        encoded(grey, "PNG"),
        *(encoded(grey.astype(number), "TIFF") for number in (np.uint16, np.int32, np.float32)),
        *(encoded(colour.convert(mode), kind) for mode in ("RGBA", "LA") for kind in ("PNG", "TIFF")),
        encoded(colour.quantize(), "PNG", transparency=0),
        encoded(Image.merge("RGBA", [*colour.split(), colour.getchannel("R")]), "WEBP"),
        b"no photo",
    ]
    as_now = [
        *(encoded(colour.convert(mode), kind) for mode in ("RGB", "L", "CMYK") for kind in ("JPEG", "TIFF")),
        *(encoded(colour, kind) for kind in ("PNG", "BMP", "GIF", "WEBP", "PPM")),
        encoded(colour.quantize(), "PNG"),
    ]
    for content, wanted in [*((each, True) for each in otherwise), *((each, False) for each in as_now)]:
        file = tmp_path / "photo"
        file.write_bytes(content)
        assert (is_read_otherwise(content), is_read_otherwise(str(file))) == (wanted, wanted)
    assert is_read_otherwise(str(tmp_path / "gone.png"))
    assert not is_read_otherwise("/nowhere/it is not opened.JPG")


def test_numbers_with_a_fraction_are_scaled_by_the_largest():
    deep = np.linspace(0, 4, 6, dtype=np.float32).reshape(2, 3)
    deep[0, 1] = np.nan
    assert pixels(encoded(deep, "TIFF"))[:, :, 0].tolist() == [[0, 0, 102], [153, 204, 255]]


def test_one_bit():
    black_and_white = Image.fromarray(GREY).convert("1")
    source = encoded(black_and_white, "PNG")
    assert set(np.unique(pixels(source)).tolist()) == {0, 255}
    assert open_photo(source, native=True).mode == "L"


def test_the_first_frame_of_an_animation():
    first, second = Image.new("P", (8, 6), 0), Image.new("P", (8, 6), 0)
    first.putpalette([200, 10, 10] * 2)
    second.putpalette([10, 10, 200] * 2)
    for kind in ("GIF", "WEBP"):
        source = encoded(first.convert("RGB"), kind, save_all=True, append_images=[second.convert("RGB")])
        red, _, blue = pixels(source)[3, 3].astype(int)
        assert red > 150 > 80 > blue


def test_cmyk():
    white, red = Image.new("CMYK", (8, 8)), Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert (pixels(encoded(white, "JPEG")) > 250).all()
    assert (np.abs(pixels(encoded(red, "JPEG"))[4, 4].astype(int) - [255, 0, 0]) < 8).all()


def test_several_photos_in_one_file_of_a_telephone():
    source = encoded(COLOUR, "MPO", save_all=True, append_images=[Image.fromarray(255 - COLOUR)], quality=95)
    assert difference(pixels(source), COLOUR) < 6
    assert pixels(source, size=(20, 20)).shape == (20, 20, 3)


def test_heic():
    pytest.importorskip("pillow_heif", reason="the extra `heic` is not installed")
    source = encoded(COLOUR, "HEIF", quality=95)
    assert photo_size(source) == (60, 40)
    assert difference(pixels(source), COLOUR) < 6


@pytest.mark.parametrize(("brand", "kind"), [("heic", "HEIC"), ("mif1", "HEIC"), ("avif", "AVIF")])
def test_what_needs_one_more_package_names_it(tmp_path, brand, kind, monkeypatch):
    content = b"\0\0\0\x18ftyp" + brand.encode() + bytes(64)
    (tmp_path / "renamed.jpg").write_bytes(content)
    monkeypatch.setattr(opening, "formats", lambda: ("JPEG", "PNG"))
    monkeypatch.setattr(trouble, "formats", lambda: ("JPEG", "PNG"))
    for source in (tmp_path / "renamed.jpg", content):
        with pytest.raises(PhotoError, match=f"^{kind} needs one more package: pip install pillow-heif$"):
            open_photo(source)
    monkeypatch.undo()
    with pytest.raises(PhotoError, match="damaged"):  # and where it is there, nothing about it
        open_photo(content)


# Sizes


@pytest.mark.parametrize("size", [(1600, 1200), (1203, 1607)])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_jpeg_is_decoded_small_and_looks_the_same(size, orientation):
    source = encoded(picture(3, size), "JPEG", quality=90, exif=turned(orientation))
    whole = open_photo(source).resize((224, 224), Image.Resampling.BILINEAR)
    small = pixels(source, size=(224, 224))
    assert difference(small, np.asarray(whole)) < 1
    assert np.abs(small.astype(int) - np.asarray(whole)).max() < 12


def test_a_small_photo_becomes_larger():
    assert pixels(encoded(COLOUR[:1, :1], "PNG"), size=(5, 7)).shape == (7, 5, 3)


def test_checking_tells_what_a_file_is(tmp_path):
    (tmp_path / "a").write_bytes(encoded(COLOUR, "JPEG"))
    assert check_photo(tmp_path / "a") == ("JPEG", "RGB", 60, 40, True, {})
    (tmp_path / "b").write_bytes(encoded(COLOUR, "JPEG", exif=turned(6)) + bytes(100))
    assert check_photo(tmp_path / "b") == ("JPEG", "RGB", 40, 60, False, {})
    (tmp_path / "c").write_bytes(encoded(Image.fromarray(COLOUR).quantize(8), "PNG"))
    assert check_photo(tmp_path / "c") == ("PNG", "P", 60, 40, False, {})


# What cannot be read


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_half_a_file_is_never_filled_up(kind, tmp_path):
    source = encoded(picture(1, (300, 200)), kind)
    (tmp_path / "half").write_bytes(source[: len(source) * 3 // 5])
    for read in (open_photo, check_photo, lambda path: open_photo(path, size=(24, 24))):
        with pytest.raises(PhotoError, match=r"cut off before its end|damaged: |not a photo"):
            read(tmp_path / "half")


def test_damage_within_a_png_is_seen_when_it_is_checked():
    """Of a PNG all is decoded to check it; asked for its EXIF first, Pillow decodes it and says nothing more."""
    source = bytearray(encoded(np.random.default_rng(3).integers(0, 256, (200, 300, 3), np.uint8), "PNG"))
    source[len(source) // 2] ^= 0x55
    for read in (check_photo, open_photo, lambda content: open_photo(content, within=24)):
        with pytest.raises(PhotoError, match=r"damaged: |cut off"):
            read(bytes(source))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
def test_a_photo_within_a_number_of_pixels_keeps_its_shape(kind):
    for orientation, size in ((1, (30, 20)), (6, (20, 30))):
        source = encoded(COLOUR, kind, exif=turned(orientation))
        assert open_photo(source, within=30).size == size
        assert open_photo(source, within=500).size == photo_size(source)
    assert open_photo(encoded(picture(1, (1000, 2)), kind), within=50).size == (50, 1)


def test_a_jpeg_cut_off_says_so(tmp_path):
    (tmp_path / "half.jpg").write_bytes(encoded(picture(1, (300, 200)), "JPEG")[:-2000])
    with pytest.raises(PhotoError, match=r"cut off before its end .*; copy it again from the card"):
        check_photo(tmp_path / "half.jpg")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a photo|empty file"),
        (b"no photo at all", "not a photo"),
        (b"\xff\xd8\xff\xe0", "not a photo|cut off|damaged"),
        (b"\x89PNG\r\n\x1a\n", "not a photo|cut off|damaged"),
        (bytes(5000), "not a photo"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a photo"),
    ],
)
def test_what_is_no_photo(content, reason, tmp_path):
    (tmp_path / "a.jpg").write_bytes(content)
    for read in (open_photo, photo_size, check_photo):
        with pytest.raises(PhotoError, match=reason):
            read(tmp_path / "a.jpg")
    with pytest.raises(PhotoError, match=reason):
        open_photo(content)


def test_what_is_no_file(tmp_path):
    with pytest.raises(PhotoError, match=r"^no such file$"):
        open_photo(tmp_path / "gone.jpg")
    with pytest.raises(PhotoError, match=r"folder|permission"):
        open_photo(tmp_path)


def test_decompression_bombs_are_not_opened(tmp_path):
    for number, size in enumerate([(50_000, 50_000, 8, 2), (20_000, 10_000, 1, 0)]):
        (tmp_path / f"{number}.png").write_bytes(png_header(*size))
        for read in (open_photo, check_photo, photo_size):
            with pytest.raises(PhotoError, match=r"more pixels than is safe to decode .*; make it smaller first"):
                read(tmp_path / f"{number}.png")


def test_the_photo_of_a_telephone_is_no_bomb(tmp_path):
    """108 megapixels: beyond what Pillow warns of, and every day."""
    photo = Image.new("L", (12_000, 9_000), 77)
    photo.save(tmp_path / "phone.jpg", quality=10)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("default")
        warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # as helpers.images.decode does
        assert check_photo(tmp_path / "phone.jpg").width == 12_000
        assert pixels(tmp_path / "phone.jpg", size=(24, 24)).shape == (24, 24, 3)
    assert not warned


def test_pillows_warnings_are_kept_out_of_a_notebook():
    import subprocess
    import sys

    script = """
import warnings
import helpers.images.decode
for category in (UserWarning, DeprecationWarning):
    warnings.warn_explicit("of a file", category, "TiffImagePlugin.py", 1, module="PIL.TiffImagePlugin")
    warnings.warn_explicit("of others", category, "a.py", 1, module="__main__")
"""
    done = subprocess.run([sys.executable, "-W", "default", "-c", script], capture_output=True, text=True)
    assert done.stderr.count("UserWarning: of others") == 1
    assert "UserWarning: of a file" not in done.stderr
    assert "DeprecationWarning: of a file" in done.stderr


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damage_anywhere_is_a_photo_or_a_reason(kind, tmp_path):
    """300 times a few wrong bytes: whatever Pillow makes of it, nothing but `PhotoError` comes out."""
    random = np.random.default_rng(11)
    source = encoded(picture(2, (40, 30)), kind, **({"exif": turned(6)} if kind in ("JPEG", "TIFF") else {}))
    path = tmp_path / "damaged"
    for round in range(100):
        damaged = bytearray(source)
        end = len(source) if round % 2 else min(len(source), 300)
        for place in random.integers(0, end, random.integers(1, 10)):
            damaged[place] = random.integers(0, 256)
        path.write_bytes(damaged)
        for read in (open_photo, check_photo, lambda each: open_photo(each, size=(24, 24))):
            try:
                read(path)
            except PhotoError as error:
                assert str(error)


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), NotImplementedError("x"), OverflowError("x"), MemoryError(), KeyError("x")]
)
def test_whatever_a_reader_raises_is_a_reason(error, monkeypatch):
    """Seen with damaged DDS and HEIC files: RuntimeError and NotImplementedError."""

    def broken(*_, **__):
        raise error

    monkeypatch.setattr(Image, "open", broken)
    for read in (open_photo, photo_size):
        with pytest.raises(PhotoError, match="damaged: "):
            read(b"")


def test_all_formats_that_are_promised_are_there():
    for feature in ("jpg", "zlib", "libtiff", "webp"):
        assert features.check(feature), f"this Pillow cannot read {feature}"


@pytest.mark.parametrize("ending", ["jpg", "png", "tiff", "webp", "bmp"])
@pytest.mark.parametrize("turn", [1, 3, 6])
def test_the_size_that_a_photo_has_in_its_file_comes_with_its_pixels(tmp_path, ending, turn):
    path = tmp_path / f"photo.{ending}"
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.new("RGB", (90, 40), "red").save(path, **({} if ending == "bmp" else {"exif": exif}))
    for source in (path, path.read_bytes()):
        photo, whole = open_sized(source, size=(8, 8))
        assert whole == photo_size(source) == open_photo(source).size
        assert photo.tobytes() == open_photo(source, size=(8, 8)).tobytes()
