import numpy as np
import pytest
from PIL import Image

from helpers.errors import PhotoError
from helpers.images.sheet import TilePhoto, read_tile, read_tiles
from tests.support.pictures import animal_in_a_forest, share_of_animal

BOX = (0.7, 0.5, 0.75, 0.55)


@pytest.fixture
def photo(tmp_path):
    return animal_in_a_forest(tmp_path / "photo.jpg", BOX)


def test_the_part_that_was_compared_is_enlarged_with_the_whole_photo_in_a_corner(photo):
    whole, part = read_tiles([TilePhoto(photo), TilePhoto(photo, BOX)])
    assert share_of_animal(whole) < 0.01
    assert share_of_animal(part) > 0.3 and part.shape == (300, 300, 3)
    corner = part[-50:, -70:]
    assert share_of_animal(corner) < 0.05, "the whole photo"
    assert (part[:-90] == whole[0, 0]).all(axis=-1).mean() < 0.9


@pytest.mark.parametrize("box", [(0, 0, 0.05, 0.05), (0.95, 0.95, 1, 1), (0, 0.95, 0.05, 1), (0.95, 0, 1, 0.05)])
def test_the_whole_photo_does_not_hide_an_animal_at_the_edge(tmp_path, box):
    tile = read_tile(TilePhoto(animal_in_a_forest(tmp_path / "photo.jpg", box), box))
    assert share_of_animal(tile) > 0.3


def test_a_box_that_is_nearly_the_whole_photo_is_shown_in_it(photo):
    tile = read_tile(TilePhoto(photo, (0.05, 0.05, 0.95, 0.95)))
    assert tile.shape == (225, 300, 3) and share_of_animal(tile) < 0.01


def test_a_photo_that_lies_on_its_side(tmp_path):
    file = animal_in_a_forest(tmp_path / "upright.jpg", BOX)
    turned = Image.open(file).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees to the right
    turned.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    assert share_of_animal(read_tile(TilePhoto(str(tmp_path / "turned.jpg"), BOX))) > 0.3


def test_a_photo_that_is_gone_or_damaged_is_its_reason(tmp_path):
    (tmp_path / "damaged.jpg").write_bytes(b"no photo")
    tiles = read_tiles(
        TilePhoto(source, BOX) for source in (str(tmp_path / "gone.jpg"), str(tmp_path / "damaged.jpg"), None)
    )
    assert all(isinstance(tile, PhotoError) for tile in tiles)


def test_a_speck_at_the_edge(photo):
    assert isinstance(read_tile(TilePhoto(photo, (0.9999, 0.9999, 1, 1))), np.ndarray)
