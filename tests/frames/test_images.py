from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers import tc
from helpers.errors import FrameError, PhotoError
from helpers.frames.images import identity_of, image_array, image_of, source_of
from helpers.images.decode import open_photo
from tests.support.pictures import encoded, picture, turned


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a photo.jpg"
    path.write_bytes(encoded(picture(1, (30, 20)), "JPEG", exif=turned(6)))
    return path


def pixels(source):
    return np.asarray(open_photo(source))


def test_there_and_back(file):
    for image in (image_of(file), image_of(file.read_bytes())):
        assert isinstance(image, tc.Image)
        assert (image.width, image.height, image.channels) == (20, 30, 3)
        assert np.array_equal(pixels(source_of(image)), pixels(file))


def test_a_plain_file_is_kept_as_it_is(tmp_path):
    for kind in ("JPEG", "PNG"):
        path = tmp_path / f"a.{kind.lower()}"
        path.write_bytes(encoded(picture(1), kind))
        source = source_of(image_of(path))
        assert (source if isinstance(source, bytes) else Path(source).read_bytes()) == path.read_bytes()


def test_sources_are_their_own_sources(file):
    assert source_of(str(file)) == source_of(file) == str(file)
    assert source_of(b"bytes") == b"bytes"
    with pytest.raises(FrameError, match="not int"):
        source_of(5)
    with pytest.raises(PhotoError, match="empty"):
        source_of(tc.Image())


def test_images_that_the_frame_has_made_itself(file):
    """Resized, and held as raw pixels."""
    for decode in (True, False):
        small = tc.image_analysis.resize(image_of(file), 8, 6, 3, decode=decode)
        assert pixels(source_of(small)).shape == (6, 8, 3)
        assert np.array_equal(pixels(source_of(small)), small.pixel_data)


def test_what_is_no_photo(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"text")
    with pytest.raises(PhotoError):
        image_of(tmp_path / "a.jpg")
    with pytest.raises(PhotoError):
        image_of(b"text")


def test_a_column(file):
    column = image_array([image_of(file), None])
    assert isinstance(column, tc.SArray) and column.dtype is tc.Image
    assert len(column) == 2 and column[1] is None
    assert image_array([]).dtype is tc.Image and len(image_array([])) == 0


def test_an_identity_is_of_the_photo(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = identity_of(str(file))
    assert identity_of(file.name) == first, "however the path is written"
    assert identity_of(b"a") == identity_of(b"a") != identity_of(b"b")
    assert identity_of(file.read_bytes()) == first, "the same in a frame that holds a copy"
    moved = file.rename(tmp_path / "moved")
    assert identity_of(str(moved)) == first
    moved.write_bytes(b"another photo")
    assert identity_of(str(moved)) != first
    moved.unlink()
    with pytest.raises(OSError):
        identity_of(str(moved))


def test_the_size_of_a_photo_does_not_need_its_pixels(tmp_path):
    Image.new("RGB", (4000, 3000)).save(tmp_path / "large.jpg")
    image = image_of(tmp_path / "large.jpg")
    assert (image.width, image.height) == (4000, 3000)
