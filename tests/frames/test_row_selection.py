"""Which rows `where=` chooses."""

import numpy as np
import pytest

from helpers.errors import FrameError
from helpers.frames import SArray, SFrame
from helpers.frames.row_selection import mask, rows_of


@pytest.mark.parametrize(
    "where", [[1, 0, 1], [True, False, True], np.array([1.0, np.nan, 1.0]), SArray([1, None, 1]), iter([1, 0, 1])]
)
def test_rows_that_count(where):
    assert mask(where, 3).tolist() == [True, False, True]


@pytest.mark.parametrize(
    "where, count", [(np.array(5), 0), ("yes", 0), (5, 0), ([1, 0], 2), (np.ones((3, 1)), 3), (SArray([1]), 1)]
)
def test_another_number_of_rows(where, count):
    with pytest.raises(FrameError, match=f"3 rows .* these are {count}$"):
        mask(where, 3)


@pytest.mark.parametrize("where", [[0, 1, 2], ["a", "b", "c"], [0.5, 1, 0], [-1, 0, 1]])
def test_values_that_are_neither(where):
    with pytest.raises(FrameError, match="0 and 1, or False and True"):
        mask(where, 3)


def test_the_rows_themselves():
    frame = SFrame({"n": [5, 6, 7]})
    assert rows_of(frame, np.arange(3)) is frame
    assert list(rows_of(frame, np.array([0, 2]))["n"]) == [5, 7]
