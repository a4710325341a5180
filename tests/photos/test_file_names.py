import datetime

import pytest

from helpers.photos.load import load_photos
from helpers.photos.metadata.file_names import named_moments
from tests.support.pictures import picture


def at(hour, minute=0, day=4):
    return datetime.datetime(2005, 10, day, hour, minute)


@pytest.mark.parametrize(
    "names, moments",
    [
        (["20051004_1735.jpg"], [at(17, 35)]),
        (["cam 2005-10-04 17h35.jpg"], [at(17, 35)]),
        (["20051004_1735.jpg", "20051004_1735 (2).jpg"], [at(17, 35)] * 2),
        (["20051004_0042.jpg", "20051004_0507.jpg"], [at(0, 42), at(5, 7)]),
        (["20051004_0042.jpg"], [None]),  # a minute past midnight, or the 42nd photo
        (["20051004_1001.jpg", "20051004_1002.jpg", "20051005_1003.jpg"], [None] * 3),
        (["20051004_1735.jpg", "20051004_1799.jpg"], [None] * 2),
        (["20051004_1735.jpg", "b/20051004_1799.jpg"], [at(17, 35), None]),  # another folder
        (["2005-10-04_00-10.jpg", "2005-10-04_00-11.jpg"], [at(0, 10), at(0, 11)]),  # with a sign between, a time
        (["2005-10-04_1920x1080.jpg", "20051004_1080p.jpg", "20051341_1735.jpg", "20051004.jpg"], [None] * 4),
        (["20051004_173501.jpg", "20051004_1735.jpg"], [datetime.datetime(2005, 10, 4, 17, 35, 1), at(17, 35)]),
    ],
)
def test_dates_to_the_minute(names, moments):
    assert named_moments(names) == moments


def test_photos_are_loaded_with_them(tmp_path):
    for name in ("20051004_1735.jpg", "20051004_1802.jpg"):
        picture().save(tmp_path / name)
    assert list(load_photos(tmp_path, progress=False)[0]["taken"]) == [at(17, 35), at(18, 2)]
