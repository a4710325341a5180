import time

import pytest

from helpers.photos.tables.match_paths import NOT_HERE, match


@pytest.mark.parametrize("path", ["away/{}/other-{}.jpg", "away/{}/same.jpg"])
def test_the_time_grows_with_the_number_of_paths(path):
    def seconds(count):
        photos = [f"card/{number}/same.jpg" for number in range(count)]
        paths = [path.format(count + number, number) for number in range(count)]
        begin = time.process_time()
        assert set(match(paths, photos).reasons) == {NOT_HERE}
        return time.process_time() - begin

    few = seconds(500)
    assert seconds(4_000) < 24 * few  # not 64 times


def test_a_whole_path_within_another_is_found():
    found = match(["/far/card/1/a.jpg", "/far/card/2/a.jpg", "/far/card/3/a.jpg"], ["1/a.jpg", "2/a.jpg", "b/3/a.jpg"])
    assert found.rows == [0, 1, 2]
    assert match(["/x/1/a.jpg", "/y/2/b.jpg"], ["a.jpg", "q/b.jpg"]).rows == [0, None]
