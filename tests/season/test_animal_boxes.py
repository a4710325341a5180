"""Boxes around what is like an animal and unusual for its place, in maps that are made by hand."""

import numpy as np
import pytest

from helpers.season.detection.animal_boxes import NEAREST, boxes_in, score_of, unusual


def evidence(*patches, shape=(21, 28)):
    """A map of noise around 0, with a value in each patch of (rows, columns)."""
    values = np.random.default_rng(0).normal(0, 0.3, shape).astype(np.float32)
    for rows, columns, value in patches:
        values[rows, columns] = value
    return values


def overlap(first, second):
    sides = [min(first[side + 2], second[side + 2]) - max(first[side], second[side]) for side in (0, 1)]
    both = max(0.0, sides[0]) * max(0.0, sides[1])
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return both / (sum(areas) - both)


LEFT, RIGHT = (slice(4, 9), slice(3, 10)), (slice(12, 18), slice(18, 25))
LEFT_BOX, RIGHT_BOX = (3 / 28, 4 / 21, 10 / 28, 9 / 21), (18 / 28, 12 / 21, 25 / 28, 18 / 21)


def test_one_animal_has_one_box_around_it():
    [found] = boxes_in(evidence((*LEFT, 14)))
    assert overlap(found.box, LEFT_BOX) > 0.6 and found.score > 0.7


def test_two_animals_have_two_boxes_the_likelier_first():
    first, second = boxes_in(evidence((*LEFT, 12), (*RIGHT, 14)))
    assert overlap(first.box, RIGHT_BOX) > 0.6 and overlap(second.box, LEFT_BOX) > 0.5
    assert first.score > second.score > 0.5


def test_edges_are_exact_in_a_file_of_their_sums():
    for left, top, right, bottom in (found.box for found in boxes_in(evidence((*LEFT, 12), (*RIGHT, 14)))):
        assert left + (right - left) == right and top + (bottom - top) == bottom
        assert 0 <= left < right <= 1 and 0 <= top < bottom <= 1


@pytest.mark.parametrize("value", [0.0, -7.5])
def test_a_photo_without_any_difference_has_a_box_that_scores_nothing(value):
    [found] = boxes_in(np.full((21, 28), value, np.float32))
    assert found.box == (0, 0, 1, 1) and found.score < 0.06


def test_what_is_there_every_time_goes_and_what_comes_stays():
    """A stump with more evidence than the animal."""
    stump, animal = np.zeros((10, 14, 8), np.float32), np.zeros((10, 14, 8), np.float32)
    stump[..., 0] = animal[..., 0] = 1
    for looks in (stump, animal):
        looks[2:4, 2:5] = np.eye(8)[1]
    animal[6:9, 9:12] = np.eye(8)[2]
    values = evidence((*LEFT, 9), (*RIGHT, 6))
    [alone, *_] = boxes_in(values)
    assert overlap(alone.box, LEFT_BOX) > 0.5
    differs = unusual(animal, np.stack([stump] * NEAREST))
    assert differs is not None and differs[7, 10] == pytest.approx(1) and differs[3, 3] == pytest.approx(0)
    [found, *_] = boxes_in(values, differs)
    assert overlap(found.box, RIGHT_BOX) > 0.5 and found.score > 0.5


def test_too_few_others_are_no_measure_of_what_is_usual():
    looks = np.random.default_rng(0).normal(size=(4, 5, 8)).astype(np.float32)
    assert unusual(looks, np.stack([looks] * (NEAREST - 1))) is None
    assert unusual(looks, looks[None][:0]) is None
    assert unusual(looks, np.stack([looks] * NEAREST)) == pytest.approx(np.zeros((4, 5)), abs=1e-6)


def test_the_most_similar_of_the_others_count_not_all():
    looks, dark = np.zeros((4, 5, 3), np.float32), np.zeros((4, 5, 3), np.float32)
    looks[..., 0] = dark[..., 1] = 1
    by_day = np.stack([looks] * NEAREST)
    looks[1, 1] = (0, 0, 1)
    differs = unusual(looks, np.concatenate([np.stack([dark] * 20), by_day]))
    assert differs[1, 1] == pytest.approx(1) and np.count_nonzero(differs) == 1, "however many were taken by night"


def test_scores_rise_with_the_evidence_and_have_two_scales():
    for compared, middle in ((True, 14), (False, 9)):
        scores = [score_of(value, compared) for value in range(-40, 80)]
        assert scores == sorted(scores) and scores[0] >= 0 and scores[-1] <= 1
        assert score_of(middle, compared) == 0.5
    assert score_of(9.5, compared=True) == pytest.approx(0.2, abs=0.01)
