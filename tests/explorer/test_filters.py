import datetime

import numpy as np
import pytest

from helpers import tc
from helpers.errors import FrameError
from helpers.explorer.filters import Catalogue, Filter

NAMES = ["north/IMG_2.JPG", "north/IMG_10.JPG", "south/ete\u0301.jpg", "top.png"]
DAYS = [datetime.datetime(2026, 7, 31, 23, 59), None, datetime.datetime(2026, 8, 1), datetime.datetime(2025, 1, 1)]


@pytest.fixture
def catalogue():
    columns = {
        "site": tc.SArray(["Upper Creek", None, "upper creek", "Lake"], dtype=str),
        "count": tc.SArray([1, 3, None, 7], dtype=int),
        "taken": tc.SArray(DAYS, dtype=datetime.datetime),
        "tags": tc.SArray([["a"], [], [], []], dtype=list),
    }
    frame = tc.SFrame()
    for name, column in columns.items():
        frame = frame.add_column(column, name)
    return Catalogue(NAMES, frame)


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (Filter(), [0, 1, 2, 3]),
        (Filter(folder="north"), [0, 1]),
        (Filter(folder=""), [3]),
        (Filter(folder="north/"), [0, 1]),
        (Filter(folder="."), [3]),
        (Filter(name="img_1"), [1]),
        (Filter(name="té"), [2]),  # in one character, in the name it is two
        (Filter(name="NORTH"), [0, 1]),  # a folder is a part of the name that is seen, too
        (Filter(name="th/IMG_1"), [1]),
        (Filter(name="th\\IMG_1"), [1]),
        (Filter(since="2026-07-31"), [0, 2]),
        (Filter(until="2026-07-31"), [0, 3]),
        (Filter(since="2026-07-31", until="2026-07-31"), [0]),
        (Filter(column="site", value="CREEK"), [0, 2]),
        (Filter(column="site"), [0, 1, 2, 3]),
        (Filter(column="count", value="3"), [1]),
        (Filter(column="count", value=">= 3"), [1, 3]),
        (Filter(column="count", value="<3"), [0]),
        (Filter(column="count", value="1..3"), [0, 1]),
        (Filter(column="count", value="1.5..7.0"), [1, 3]),
        (Filter(column="taken", value="2026-08"), [2]),
        (Filter(folder="north", name="2", column="count", value="1"), [0]),
    ],
)
def test_what_passes(catalogue, wanted, rows):
    assert np.flatnonzero(catalogue.matching(wanted)).tolist() == rows


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Filter(since="31.7.2026"), "write it as 2026-07-31"),
        (Filter(until="2026-02-30"), "is not a day"),
        (Filter(column="count", value="many"), "write 7, >=7"),
        (Filter(column="count", value="1.2.3"), "write 7, >=7"),
        (Filter(column="tags", value="a"), "no column 'tags' to filter by"),
        (Filter(column="colour", value="red"), "no column 'colour' to filter by; it has"),
        (Filter(column="zzz"), "no column 'zzz' to filter by; it has site, count, taken"),
        (Filter(folder="nort"), "no photo is in a folder 'nort'; did you mean 'north'?"),
        (Filter(folder="elsewhere"), r"in a folder 'elsewhere'; there are \., north, south"),
    ],
)
def test_what_cannot_be_understood(catalogue, wanted, said):
    with pytest.raises(FrameError, match=said):
        catalogue.matching(wanted)


def test_a_folder_of_folders_has_the_photos_in_them():
    names = ["north/1/a.jpg", "north/2/b.jpg", "northern/c.jpg"]
    assert np.flatnonzero(Catalogue(names).matching(Filter(folder="north"))).tolist() == [0, 1]
    own = Catalogue(["north/x.jpg", *names])
    assert np.flatnonzero(own.matching(Filter(folder="north"))).tolist() == [0], "its own, where it has some"


def test_names_sort_as_people_count(catalogue):
    rows = np.array([3, 1, 0, 2])
    assert catalogue.order(rows, "name").tolist() == [0, 1, 2, 3]
    assert catalogue.order(rows, "name", descending=True).tolist() == [3, 2, 1, 0]


def test_photos_without_a_date_come_last(catalogue):
    rows = np.arange(4)
    assert catalogue.order(rows, "date").tolist() == [3, 0, 2, 1]
    assert catalogue.order(rows, "date", descending=True).tolist() == [2, 0, 3, 1]
    with pytest.raises(FrameError, match="name and date"):
        catalogue.order(rows, "size")


def test_without_a_frame_there_are_names():
    catalogue = Catalogue(["a/b.jpg", "c.jpg"])
    assert catalogue.folder_counts == [("", 1), ("a", 1)]
    assert not catalogue.has_dates and catalogue.columns == [] and catalogue.taken(0) is None
    assert not catalogue.matching(Filter(since="2026-01-01")).any()


def test_a_column_that_is_put_is_text_to_filter_by(catalogue):
    catalogue.put("label", ["fox", None, "red fox", None])
    catalogue.put("count", ["one", "two", None, None])
    assert np.flatnonzero(catalogue.matching(Filter(column="label", value="fox"))).tolist() == [0, 2]
    assert np.flatnonzero(catalogue.matching(Filter(column="count", value="tw"))).tolist() == [1]
    assert catalogue.columns == ["site", "count", "taken", "label"]
