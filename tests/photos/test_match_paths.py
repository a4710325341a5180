import tracemalloc

import pytest

from helpers.photos.tables.match_paths import NOT_HERE, match
from tests.support.pace import growth


@pytest.mark.parametrize("path", ["away/{}/other-{}.jpg", "away/{}/same.jpg"])
@pytest.mark.once("how paths are matched is the same")
def test_the_time_grows_with_the_number_of_paths(path):
    def work(count):
        photos = [f"card/{number}/same.jpg" for number in range(count)]
        paths = [path.format(count + number, number) for number in range(count)]
        assert set(match(paths, photos).reasons) == {NOT_HERE}

    assert growth(work, 500, 4_000) < 16  # not 64


def test_a_whole_path_within_another_is_found():
    found = match(["/far/card/1/a.jpg", "/far/card/2/a.jpg", "/far/card/3/a.jpg"], ["1/a.jpg", "2/a.jpg", "b/3/a.jpg"])
    assert found.rows == [0, 1, 2]
    assert match(["/x/1/a.jpg", "/y/2/b.jpg"], ["a.jpg", "q/b.jpg"]).rows == [0, None]


FORMS = ["{0}/1.JPG", "away/x{0}/1.JPG", "<script>{0}/..\\%s/\x1b[31m{0}\u202e'; DROP TABLE photos/{0}.JPG"]


@pytest.mark.once("text alone")
@pytest.mark.slow("100,000 paths")
def test_very_many_folders():
    """100,000 folders of different names: each path finds its own photo, also where cases differ."""
    photos = [FORMS[number % 3].format(number) for number in range(100_000)]
    paths = [f"D:\\card\\{photo}".lower() for photo in photos[::25]]
    assert match(paths, photos).rows == list(range(0, 100_000, 25))
    assert set(match(photos, ["here/2.JPG"]).reasons) == {NOT_HERE}


@pytest.mark.once("text alone")
def test_deep_folders_take_the_room_of_their_names():
    """Of a photo 1,000 folders deep, all ends of its path are a megabyte of text."""
    photos = [f"{'d/' * 1_000}{number}/1.JPG" for number in range(100)]
    paths = [f"card/{photo}" for photo in photos]
    tracemalloc.start()
    try:
        assert match(paths, photos).rows == list(range(100))
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_the_time_grows_with_the_depth_of_paths():
    def work(depth):
        paths = [f"{'d/' * depth}{number}/1.JPG" for number in range(50)]
        assert set(match(paths[1:], paths[:1]).reasons) == {NOT_HERE}

    assert growth(work, 100, 1_600) < 64  # not 256
