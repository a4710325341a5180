import numpy as np
import pytest

from helpers.season.learner import Learner, unit
from tests.support.pace import times_as_long

RANDOM = np.random.default_rng(1)


def two_kinds(count=200, dimension=20):
    """Features that vary most in what does not matter; the last number tells the kinds apart."""
    kinds = np.arange(count) % 2 == 0
    vectors = RANDOM.normal(0, 1, (count, dimension)) * np.r_[8.0, np.full(dimension - 2, 1.0), 0.2]
    vectors[:, 0] += 30
    vectors[:, -1] += np.where(kinds, 3, -3)
    return vectors.astype(np.float32), kinds


def test_the_kinds_are_told_apart():
    vectors, kinds = two_kinds()
    distances = Learner(vectors).distances(vectors[[0, 2, 4]], vectors[[1, 3, 5]])
    assert distances.shape == (200,) and distances.dtype == np.float64
    right = distances[kinds] < 0.5
    assert right.mean() > 0.9 and (distances[~kinds] > 0.5).mean() > 0.9
    assert distances.min() >= 0 and distances.max() <= 1


def test_what_the_distance_says():
    vectors = unit(RANDOM.normal(0, 1, (50, 8)))
    yes, no = vectors[:1], vectors[1:2]
    distances = Learner(vectors).distances(yes, no)
    assert distances[:2] == pytest.approx([0.1, 0.9], abs=1e-5)
    assert Learner(7 * vectors).distances(3 * yes, no) == pytest.approx(distances, abs=1e-5), "directions alone count"


def test_confirmed_ones_alone_and_one_example():
    vectors, kinds = two_kinds()
    distances = Learner(vectors).distances(vectors[[0, 2, 4, 6]], np.empty((0, 20)))
    assert distances[kinds].mean() < distances[~kinds].mean()
    assert Learner(vectors).distances(vectors[:1], np.empty((0, 20)))[0] == pytest.approx(0.1, abs=1e-5)


def test_what_cannot_be_told_apart():
    vectors, _ = two_kinds(10)
    assert set(Learner(vectors).distances(vectors[:2], vectors[:2])) == {0.5}
    zeros = np.zeros((4, 3), np.float32)
    assert set(Learner(zeros).distances(zeros[:1], zeros[1:2])) == {0.5}
    assert len(Learner(np.empty((0, 3), np.float32)).distances(np.ones((1, 3)), np.empty((0, 3)))) == 0


def test_the_same_again():
    vectors, _ = two_kinds()
    once, again = (Learner(vectors.copy()).distances(vectors[:3], vectors[5:7]) for _ in range(2))
    assert (once == again).all()


def test_the_next_confirmation_takes_little_more_than_one_pass_over_the_features():
    vectors = np.abs(RANDOM.normal(0, 1, (5000, 512))).astype(np.float32)
    learner = Learner(vectors)
    learner.distances(vectors[:10], vectors[10:20])

    def next_one():
        learner.distances(vectors[:10], vectors[10:20])

    assert times_as_long(next_one, lambda: np.einsum("nd,d->n", vectors, vectors[0])) < 150
    assert times_as_long(next_one, lambda: Learner(vectors).distances(vectors[:10], vectors[10:20])) < 0.5
