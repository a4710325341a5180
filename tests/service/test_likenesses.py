"""How alike the images of a search are, against what is usual in the collection."""

from types import SimpleNamespace

import numpy as np
import pytest

from helpers.errors import StoreError, Unavailable
from helpers.features.likeness import likeness
from helpers.service.likenesses import FEWEST, Likenesses


class FewImages:
    """The part of a storage that is asked; `count` images, each with a feature of its own."""

    def __init__(self, count):
        self.count, self.measured, self.error = count, 0, None
        self.images = self.vectors = self

    def last(self):
        if self.error is not None:
            raise self.error
        return self.count

    def spread(self, most):
        return [SimpleNamespace(identity=f"{number:04d}") for number in range(min(most, self.count))]

    def several(self, identities):
        self.measured += 1
        random = np.random.default_rng(0).normal(size=(len(identities), 8))
        return dict(zip(identities, random.astype(np.float32)))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_what_is_as_far_as_two_images_usually_are_is_not_alike(metric):
    likenesses = Likenesses(FewImages(100))
    usual, by = likenesses.usual(metric), likenesses.by(metric)
    assert by(0.0) == 1 and by(usual) == 0 and by(9 * usual) == 0 and 0.4 < by(usual / 4) < 0.8
    assert by(usual / 4) == likeness(usual / 4, usual, metric)


def test_it_is_measured_once_and_again_as_the_collection_grows():
    storage = FewImages(100)
    likenesses = Likenesses(storage)
    for _ in range(3):
        likenesses.by("cosine")
    assert storage.measured == 1
    storage.count = 120
    likenesses.by("cosine")
    assert storage.measured == 1
    storage.count = 130
    likenesses.by("cosine")
    likenesses.by("euclidean")
    assert storage.measured == 3


def test_of_few_images_nothing_is_known_until_there_are_more():
    storage = FewImages(FEWEST - 1)
    likenesses = Likenesses(storage)
    assert likenesses.by("cosine")(0.1) is None
    storage.count = 2 * FEWEST
    assert likenesses.by("cosine")(0.0) == 1


@pytest.mark.parametrize("error", [StoreError("damaged"), Unavailable("away")])
def test_a_likeness_that_cannot_be_known_costs_no_answer(error):
    storage = FewImages(100)
    storage.error = error
    assert Likenesses(storage).by("cosine")(0.1) is None
