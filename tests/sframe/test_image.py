"""Images: lazy, upright, honest about bad files; folders of them, resized."""

import io

import numpy as np
import PIL.Image
import pytest

import helpers.images.decode
import helpers.sframe.image
from helpers.errors import PhotoError
from helpers.images.decode import open_photo
from helpers.photos import image_analysis
from helpers.sframe import Image, SArray, SFrame
from tests.support.pictures import encoded

PIXELS = np.arange(30 * 40 * 3, dtype=np.uint32).reshape(30, 40, 3).astype(np.uint8)


@pytest.fixture
def path(tmp_path):
    PIL.Image.fromarray(PIXELS).save(tmp_path / "photo.png")
    return str(tmp_path / "photo.png")


@pytest.fixture
def opened(monkeypatch):
    """How often a photo's header was read, and how often its pixels."""
    counts = {"headers": 0, "pixels": 0}

    def count(name, function):
        def counted(*args, **kwargs):
            counts[name] += 1
            return function(*args, **kwargs)

        return counted

    monkeypatch.setattr(helpers.sframe.image, "photo_size", count("headers", helpers.sframe.image.photo_size))
    monkeypatch.setattr(helpers.sframe.image, "open_photo", count("pixels", open_photo))
    return counts


def test_one_header_and_no_pixels_until_asked(path, opened):
    image = Image(path)
    frame = SFrame({"photo": [image] * 1000}).add_row_number()
    assert frame[frame["id"] > 500].sort("id", ascending=False)[0]["photo"].width == 40
    assert str(frame) and opened == {"headers": 1, "pixels": 0}
    assert np.array_equal(image.pixel_data, PIXELS)
    assert opened == {"headers": 1, "pixels": 1}


def test_an_image_holds_no_more_than_its_slots(path):
    image = Image(path)
    assert not hasattr(image, "__dict__")
    image.pixel_data  # noqa: B018  # decoded anew, not kept
    assert image._pixels is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_stand_upright(tmp_path, orientation):
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    PIL.Image.fromarray(PIXELS).save(tmp_path / "turned.png", exif=exif)
    image = Image(str(tmp_path / "turned.png"))
    assert (image.height, image.width) == image.pixel_data.shape[:2] == ((30, 40) if orientation < 5 else (40, 30))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_channels_are_those_of_the_pixels(mode):
    source = PIL.Image.fromarray(PIXELS)
    image = PIL.Image.fromarray(np.zeros((30, 40), np.uint16)) if mode == "I;16" else source.convert(mode)
    made = Image.from_bytes(encoded(image, "TIFF" if mode in ("CMYK", "F", "I") else "PNG"))
    shape = made.pixel_data.shape
    assert made.channels == (shape[2] if len(shape) == 3 else 1)


def test_channels_of_a_palette_with_transparency():
    image = PIL.Image.fromarray(PIXELS).convert("P")
    made = Image.from_bytes(encoded(image, transparency=3))
    assert made.channels == made.pixel_data.shape[2] == 4


@pytest.mark.parametrize(
    "contents, reason",
    [(b"", "empty file"), (b"no photo", "not a photo"), (None, "no such file")],
    ids=["empty", "no photo", "missing"],
)
def test_a_bad_file_is_named(tmp_path, contents, reason):
    path = tmp_path / "IMG_0001.JPG"
    if contents is not None:
        path.write_bytes(contents)
    with pytest.raises(PhotoError, match=rf"IMG_0001\.JPG: {reason}"):
        Image(str(path))


def test_a_file_that_goes_away_is_named(path, tmp_path):
    image = Image(path)
    (tmp_path / "photo.png").unlink()
    for ask in (lambda: image.pixel_data, lambda: image.channels, lambda: image.thumbnail(10)):
        with pytest.raises(PhotoError, match=r"photo\.png: no such file"):
            ask()


def test_a_cut_off_file_is_named(path, tmp_path):
    data = (tmp_path / "photo.png").read_bytes()
    (tmp_path / "photo.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(PhotoError, match=r"photo\.png: cut off"):
        Image(path).pixel_data  # noqa: B018


def test_source_is_what_open_photo_takes(path):
    data = encoded(PIL.Image.fromarray(PIXELS))
    for image, source in ((Image(path), path), (Image.from_bytes(data), data)):
        assert image.source == source
    for image in (Image(path), Image.from_bytes(data), Image.from_array(PIXELS)):
        assert np.array_equal(open_photo(image.source), PIXELS)


def test_equal_by_content(path):
    assert Image(path) == Image.from_array(PIXELS) == Image.from_bytes(encoded(PIL.Image.fromarray(PIXELS)))
    assert Image(path) != Image.from_array(255 - PIXELS)
    assert Image.from_array(PIXELS) != Image.from_array(PIXELS[:, :, 0])
    assert Image() == Image()


@pytest.mark.parametrize("pixels", [PIXELS.astype(float), PIXELS[:, :, :2], PIXELS[0, 0]], ids=["float", "2", "1d"])
def test_arrays_that_are_no_image(pixels):
    with pytest.raises(ValueError, match="uint8"):
        Image.from_array(pixels)


def test_a_large_photo_is_shown_small():
    large = Image.from_array(np.random.default_rng(0).integers(0, 255, (1500, 3000, 3), dtype=np.uint8))
    with PIL.Image.open(io.BytesIO(large._repr_png_())) as shown:
        assert shown.size == (1024, 512)
    with PIL.Image.open(io.BytesIO(large.thumbnail(85))) as small:
        assert (small.format, small.size) == ("JPEG", (85, 42))


def test_show_in_a_notebook(path, monkeypatch):
    shown = []
    monkeypatch.setattr("helpers.sframe.image.in_notebook", lambda: True)
    monkeypatch.setattr("helpers.sframe.image.show_inline", shown.append)
    image = Image(path)
    image.show()
    assert shown == [image]


def test_saved_upright(path, tmp_path):
    Image(path).save(str(tmp_path / "copy.png"))
    assert Image(str(tmp_path / "copy.png")) == Image(path)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("b.jpg", "a.png", "sub/c.JPEG", "x.gif"):
        PIL.Image.fromarray(PIXELS).save(tmp_path / name)
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    (tmp_path / "note.txt").write_text("no photo")
    return tmp_path


def test_load_images_reads_headers_alone(folder, opened, capsys):
    frame = image_analysis.load_images(str(folder))
    assert [path[len(str(folder)) + 1 :] for path in frame["path"]] == ["a.png", "b.jpg", "sub/c.JPEG"]
    assert opened == {"headers": 4, "pixels": 0}
    output = capsys.readouterr()
    assert output.out == "" and output.err.count("\n") == 1 and "bad.jpg: not a photo" in output.err


def test_load_images_of_an_empty_folder(tmp_path):
    frame = image_analysis.load_images(tmp_path)
    assert frame.column_names() == ["path", "image"] and frame.column_types() == [str, Image] and len(frame) == 0


def test_load_images_may_be_strict(folder):
    with pytest.raises(PhotoError, match=r"bad\.jpg"):
        image_analysis.load_images(folder, ignore_failure=False)


def test_load_images_takes_a_photo_with_the_wrong_ending(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(encoded(PIL.Image.fromarray(PIXELS), "PNG"))
    assert len(image_analysis.load_images(tmp_path)) == 1
    assert len(image_analysis.load_images(tmp_path, format="JPG")) == 0


def test_resize_lays_transparency_on_white():
    clear = np.zeros((4, 4, 4), np.uint8)
    assert image_analysis.resize(Image.from_array(clear), 2, 2, channels=3).pixel_data.min() == 255


@pytest.mark.parametrize("decode", [True, False])
def test_resize_keeps_pixels_or_a_png(decode):
    resized = image_analysis.resize(Image.from_array(PIXELS), 8, 6, decode=decode)
    assert (resized._pixels is not None) == decode
    assert resized.pixel_data.shape == (6, 8, 3)


def test_resize_of_a_constant_stays_constant():
    flat = Image.from_array(np.full((7, 5, 3), 201, np.uint8))
    for way in ("nearest", "bilinear"):
        assert set(image_analysis.resize(flat, 13, 3, resample=way).pixel_data.ravel()) == {201}


def test_columns_of_images(path):
    column = SArray([Image(path), None])
    assert column.dtype is Image
    assert list(column.astype(str)) == ["Height: 30 Width: 40", None]
    assert [image and image.width for image in image_analysis.resize(column, 5, 4)] == [5, None]
