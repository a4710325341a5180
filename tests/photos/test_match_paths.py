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
