from types import SimpleNamespace

import numpy as np
import pytest

from helpers.errors import FrameError
from helpers.evaluate import folders, precision_at
from helpers.index import Index


def model_of(places, names):
    vectors = np.array(places, np.float32).reshape(len(places), -1)
    return SimpleNamespace(vectors=vectors, index=Index(vectors), names=names, num_examples=len(names))


def test_folders():
    assert folders(["a/b/1.jpg", "a/2.jpg", "3.jpg"]) == ["a/b", "a", ""]


def test_worked_by_hand():
    """On a line: owls at 0, 1 and 10, foxes at 12 and 13.

    Nearest two of   0: 1 and 10, both owls: 2 of 2.
                     1: 0 and 10, both owls: 2 of 2.
                    10: 12 and 13, both foxes: 0 of 2.
                    12: 13 and 10, one fox: 1 of 2.
                    13: 12 and 10, one fox: 1 of 2.
    """
    names = ["owl/1", "owl/2", "owl/3", "fox/1", "fox/2"]
    model = model_of([0, 1, 10, 12, 13], names)
    assert precision_at(model, 2) == pytest.approx((1 + 1 + 0 + 0.5 + 0.5) / 5)
    assert precision_at(model, 1) == pytest.approx((1 + 1 + 0 + 1 + 1) / 5)
    assert precision_at(model, 2, labels=["x", "x", "y", "y", "y"]) == pytest.approx((0.5 + 0.5 + 1 + 1 + 1) / 5)


def test_fewer_photos_than_k():
    model = model_of([0, 1, 10], ["a/1", "a/2", "b/1"])
    assert precision_at(model, 10) == pytest.approx((0.5 + 0.5 + 0) / 3)


def test_a_copy_counts_the_photo_itself_does_not():
    model = model_of([0, 0, 0, 9, 9, 9], ["a/1", "a/2", "b/1", "b/2", "b/3", "b/4"])
    assert precision_at(model, 1) == pytest.approx((1 + 1 + 0 + 1 + 1 + 1) / 6)


def test_nothing_to_tell_apart():
    assert precision_at(model_of([0, 1], ["a/1", "a/2"])) is None
    assert precision_at(model_of([0], ["a/1"])) is None
    assert precision_at(model_of([0, 1], ["1.jpg", "2.jpg"])) is None


@pytest.mark.parametrize("k", [0, -1, 2.5])
def test_k_is_a_number_of_photos(k):
    with pytest.raises(FrameError, match="k is a whole number"):
        precision_at(model_of([0, 1], ["a/1", "b/1"]), k)


def test_there_is_a_label_for_each_photo():
    with pytest.raises(FrameError, match="3 labels for 2 photos"):
        precision_at(model_of([0, 1], ["a/1", "b/1"]), 1, labels=["a", "b", "c"])
