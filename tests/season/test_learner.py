import tracemalloc

import numpy as np
import pytest

from helpers.season.learner import Learner, standard, unit
from tests.support.pace import steps

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
    places = Learner(vectors).places(vectors[[0, 2, 4]], vectors[[1, 3, 5]])
    assert places.shape == (200,) and places.dtype == np.float64
    assert (places[kinds] < 0).mean() > 0.9 and (places[~kinds] > 0).mean() > 0.9
    assert places.mean() == pytest.approx(0) and places.std() == pytest.approx(1)


def test_directions_alone_count():
    vectors = unit(RANDOM.normal(0, 1, (50, 8)))
    yes, no = vectors[:1], vectors[1:2]
    places = Learner(vectors).places(yes, no)
    assert Learner(7 * vectors).places(3 * yes, no) == pytest.approx(places, abs=1e-5)
    assert places[0] < places[1]


def test_confirmed_ones_alone():
    vectors, kinds = two_kinds()
    places = Learner(vectors).places(vectors[[0, 2, 4, 6]], np.empty((0, 20)))
    assert places[kinds].mean() < places[~kinds].mean()


def test_what_cannot_be_told_apart():
    same = np.ones((4, 3), np.float32)
    assert not Learner(same).places(same[:2], same[2:]).any()
    zeros = np.zeros((4, 3), np.float32)
    assert not Learner(zeros).places(zeros[:1], zeros[1:2]).any()
    assert len(Learner(np.empty((0, 3), np.float32)).places(np.ones((1, 3)), np.empty((0, 3)))) == 0


def places_again(learner, vectors, yes, no, more, plain, weight):
    """The shares of pairs in order by learning anew for each pair, as `held_out` promises them."""
    learned, before = [], []
    for first in yes:
        for second in no:
            likes = [vectors[rows] for rows in yes if rows is not first]
            unlikes = [vectors[rows] for rows in no if rows is not second]
            places = learner.places(np.concatenate([more[0], *likes]), np.concatenate([more[1], *unlikes]))
            for shares, each in ((learned, (1 - weight) * plain + weight * places), (before, plain)):
                shares.append(np.mean(each[first][:, None] < each[second]))
    return np.mean(learned), np.mean(before)


@pytest.mark.parametrize("rejected", [0, 1, 2])
def test_each_pair_is_ordered_by_what_the_others_teach(rejected):
    vectors, _ = two_kinds(60)
    yes, no = (
        [np.array([0, 2, 4]), np.array([6]), np.array([8, 10])],
        [np.array([1, 3]), np.array([5, 7, 9])][: rejected or 1],
    )
    more = vectors[12:14], vectors[15 : 15 + rejected]
    plain = standard(RANDOM.normal(0, 1, 60))
    learner = Learner(vectors)
    held = learner.held_out(yes, no, more, plain, 0.7)
    assert held == pytest.approx(places_again(learner, vectors, yes, no, more, plain, 0.7))
    assert learner.held_out(yes, [], more, plain, 0.7) is None and learner.held_out([], no, more, plain, 0.7) is None


def test_nothing_to_learn_is_found_out():
    """Judgements by chance: what is learned from them orders others by chance, and not worse, as by leaving one out."""
    random = np.random.default_rng(0)
    vectors = random.normal(0, 1, (300, 40)).astype(np.float32)
    learner, none, shares = Learner(vectors), np.empty((0, 40), np.float32), []
    for _ in range(300):
        rows = random.permutation(300)[:13]
        yes, no = np.split(rows[1:, None], 2)
        shares.append(learner.held_out(list(yes), list(no), (vectors[rows[:1]], none), np.zeros(300), 1))
    assert np.mean(shares, axis=0) == pytest.approx([0.5, 0.5], abs=0.04)


def test_something_to_learn_is_found_out():
    vectors, _ = two_kinds()
    yes, no = [np.array([row]) for row in range(0, 12, 2)], [np.array([row]) for row in range(1, 12, 2)]
    held = Learner(vectors).held_out(yes, no, (vectors[20:22:2], vectors[:0]), np.zeros(200), 1)
    assert held.learned > 0.9 and held.plain == 0.5


@pytest.mark.once("it counts comparisons")
def test_many_judged_events_are_not_all_compared_with_each_other():
    vectors = RANDOM.normal(0, 1, (3000, 64)).astype(np.float32)
    learner = Learner(vectors)
    events = [np.arange(row, row + 3) for row in range(0, 2400, 3)]
    more, plain = (vectors[:1], vectors[:0]), np.zeros(3000)

    def held(count):
        learner.held_out(events[:count], events[400 : 400 + count], more, plain, 0.9)

    assert steps(lambda: held(400)) < 4 * steps(lambda: held(45)), "160,000 pairs against 2,025"


def test_the_same_again():
    vectors, _ = two_kinds()
    once, again = (Learner(vectors.copy()).places(vectors[:3], vectors[5:7]) for _ in range(2))
    assert (once == again).all()


def test_the_covariance_is_factored_once_for_all_confirmations(monkeypatch):
    vectors = np.abs(RANDOM.normal(0, 1, (500, 64))).astype(np.float32)
    learner = Learner(vectors)
    learner.places(vectors[:10], vectors[10:20])
    monkeypatch.setattr("scipy.linalg.cho_factor", lambda *_, **__: pytest.fail("factored again"))
    learner.places(vectors[:11], vectors[11:20])
    events = [np.arange(row, row + 3) for row in range(0, 60, 3)]
    learner.held_out(events[:10], events[10:], (vectors[:1], vectors[:0]), np.zeros(500), 0.9)


def test_the_factor_is_not_copied_for_each_confirmation():
    learner = Learner(RANDOM.standard_normal((1200, 1024)).astype(np.float32))
    yes, no = RANDOM.standard_normal((2, 3, 1024))
    learner.places(yes, no)
    tracemalloc.start()
    learner.places(yes, no)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1024 * 1024 * 8 / 2  # bytes; to set the number of threads takes some too
