"""A photo of a model by a part of its name."""

from types import SimpleNamespace

import pytest

from helpers.errors import FrameError
from helpers.similarity.members import find_photo

NAMES = [
    *(f"meadow/M1/IMG_{number:04}.JPG" for number in range(120, 130)),
    *(f"brook/B2/IMG_{number:04}.JPG" for number in range(125, 135)),
    "brook/B2/IMG_0126 (2).JPG",
    "S90/SDZG 1/EK000001.JPG",
    "S90/SDZG 2/EK000001.JPG",
    "noon.v2/a.b.png",
]


def model_of(names):
    return SimpleNamespace(names=names, labels=[f"photo {row}" for row in range(len(names))])


def name_of(found):
    return NAMES[int(found.split()[1])]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("meadow/M1/IMG_0126.JPG", "meadow/M1/IMG_0126.JPG"),
        ("meadow/M1/IMG_0126", "meadow/M1/IMG_0126.JPG"),
        ("B2/IMG_0126", "brook/B2/IMG_0126.JPG"),  # not the one with (2): whole names count first
        ("0126 (2)", "brook/B2/IMG_0126 (2).JPG"),
        ("meadow\\M1\\IMG_0126.jpg", "meadow/M1/IMG_0126.JPG"),
        ("/home/a/photos/meadow/M1/IMG_0126.JPG", "meadow/M1/IMG_0126.JPG"),
        ("sdzg 2", "S90/SDZG 2/EK000001.JPG"),
        ("a.b", "noon.v2/a.b.png"),
        (" IMG_0134 ", "brook/B2/IMG_0134.JPG"),
    ],
)
def test_a_photo_by_a_part_of_its_name(given, name):
    assert name_of(find_photo(model_of(NAMES), given)) == name


def test_a_name_that_fits_nothing_lists_the_nearest(tmp_path):
    with pytest.raises(FrameError) as error:
        find_photo(model_of(NAMES), "meadow/M2/IMG_0126.JPG")
    assert str(error.value).startswith("no photo has 'meadow/M2/IMG_0126.JPG' in its name; the nearest names are ")
    assert "are meadow/M1/IMG_0126.JPG, " in str(error.value) and str(error.value).count(".JPG") == 4
    with pytest.raises(FrameError, match=r"nearest names are a\.png$"):
        find_photo(model_of(["a.png"]), "x")


def test_a_name_that_fits_several_stops_too():
    with pytest.raises(FrameError, match=r"fits 2 photos: meadow/M1/IMG_0125.JPG, brook/B2/IMG_0125.JPG; give more"):
        find_photo(model_of(NAMES), "IMG_0125")
    with pytest.raises(FrameError, match=r"fits 10 photos: .*, …; give more of the path"):
        find_photo(model_of(NAMES), "M1")


@pytest.mark.parametrize("given", ["", " ", "/", None, 3])
def test_no_name(given):
    with pytest.raises(FrameError, match=r"such as 'meadow/M1/IMG_0120\.JPG'"):
        find_photo(model_of(NAMES), given)


def test_many_names():
    names = [f"site-{row % 50}/C{row % 7}/IMG_{row:06}.JPG" for row in range(50_000)]
    with pytest.raises(FrameError, match=r"nearest names are site-49/C2/IMG_0.*99\.JPG"):
        find_photo(model_of(names), "site-49/C2/IMG_049999.JPG")
