"""The overlap of two species, against the definition worked by hand, and against the truth of drawn times."""

import math

import numpy as np
import pytest
from scipy.special import iv
from scipy.stats import vonmises

from helpers.errors import FrameError
from helpers.season import activity_overlap
from helpers.season.timeline.activity import activity, concentration_of
from helpers.season.timeline.overlap import _smoothed, overlap
from tests.support.sightings import WHEN, sightings


def by_hand(one, other):
    """Δ4 as Ridout and Linkie (2009) define it, in plain loops, with Taylor's rule for the kernels."""

    def concentration(hours):
        likeliest = []
        for order in (1, 2, 3):
            parts = (
                [math.cos(order * hour * math.pi / 12) for hour in hours],
                [math.sin(order * hour * math.pi / 12) for hour in hours],
            )
            length = math.hypot(*map(sum, parts)) / len(hours)
            low, high = 0.0, 500.0
            for _ in range(60):
                middle = (low + high) / 2
                low, high = (middle, high) if iv(order, middle) / iv(0, middle) < length else (low, middle)
            likeliest.append(low)
        k = max(likeliest)
        return (3 * len(hours) * k**2 * iv(2, 2 * k) / (4 * math.sqrt(math.pi) * iv(0, k) ** 2)) ** (2 / 5)

    def curve(hours):
        kappa = concentration(hours)

        def at(hour):
            kernels = [math.exp(kappa * math.cos((hour - each) * math.pi / 12)) / iv(0, kappa) for each in hours]
            return sum(kernels) / len(hours) / (2 * math.pi)

        return at

    f, g = curve(one), curve(other)
    first = sum(min(1, g(hour) / f(hour)) for hour in one) / len(one)
    second = sum(min(1, f(hour) / g(hour)) for hour in other) / len(other)
    return (first + second) / 2


@pytest.mark.parametrize(
    "one, other",
    [
        ([5, 6, 6.5, 7], [6, 7, 7.5, 8]),
        ([22, 23.5, 0.25, 1, 3], [20, 21, 23, 2]),
        ([2, 9, 16], [4, 5, 6, 18, 19, 20.5]),
    ],
)
def test_it_is_the_definition_by_hand(one, other):
    found = overlap(one, other)
    assert found.delta4 == pytest.approx(by_hand(one, other), abs=1e-9)
    assert overlap(other, one).delta4 == pytest.approx(found.delta4)
    assert found.low <= found.delta4 <= found.high and found.observations == (len(one), len(other))


def test_the_same_and_the_opposite():
    night, day = [23, 23.5, 0, 0.5, 1] * 4, [11, 11.5, 12, 12.5, 13] * 4
    assert overlap(night, night).delta4 == pytest.approx(1)
    apart = overlap(night, day)
    assert apart.delta4 < 1e-6 and apart.delta1 < 1e-3 and apart.high < 0.01


def test_delta1_is_the_area_under_both_curves():
    one, other = drawn(6, 40, 0), drawn(9, 30, 1)
    grid = np.linspace(0, 24, 2000, endpoint=False)

    def curve(hours):
        narrower = 0.8 * activity(hours).concentration
        return (vonmises.pdf((grid[:, None] - hours) * np.pi / 12, narrower) * np.pi / 12).mean(axis=1)

    assert overlap(one, other).delta1 == pytest.approx(np.minimum(curve(one), curve(other)).mean() * 24, abs=1e-4)


def drawn(peak, count, seed, concentration=4.0):
    return (peak + np.random.default_rng(seed).vonmises(0, concentration, count) * 12 / np.pi) % 24


@pytest.mark.slow("hundreds of intervals")
@pytest.mark.once("intervals are counted")
def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    grid = np.linspace(0, 24, 2400, endpoint=False)
    f, g = (vonmises.pdf((grid - peak) * np.pi / 12, 4) * np.pi / 12 for peak in (6, 9))
    truth = np.minimum(f, g).mean() * 24
    found = [overlap(drawn(6, 60, 2 * seed), drawn(9, 60, 2 * seed + 1)) for seed in range(25)]
    assert sum(each.low <= truth <= each.high for each in found) >= 21
    assert abs(np.mean([each.delta4 for each in found]) - truth) < 0.06


def test_the_kernel_of_resamples_is_that_of_the_species():
    minutes = np.random.default_rng(0).integers(0, 1440, 50)
    counts = np.bincount(minutes, minlength=1440).astype(float)[None]
    expected = vonmises.pdf((np.arange(1440)[:, None] - minutes) * np.pi / 720, concentration_of(minutes / 60))
    assert np.allclose(_smoothed(counts, 50)[0], (expected * np.pi / 12).mean(axis=1), rtol=1e-4, atol=1e-6)


def test_the_same_twice_and_few_are_said():
    few, some = overlap([5, 6], [6, 7]), overlap(drawn(6, 30, 0), drawn(7, 40, 1))
    assert few == overlap([5, 6], [6, 7])
    assert few.note.startswith("overlap Δ4 0.") and few.note.endswith("(2 and 2 observations: too few to rely on)")
    assert f"Δ1, better for so few, {some.delta1:.2f}" in some.note
    assert "Δ1" not in overlap(drawn(6, 60, 0), drawn(7, 80, 1)).note


def test_no_times():
    found = overlap([], [5])
    assert found[:4] == (None,) * 4 and found.note == "no overlap is known (0 and 1 observations)"
    with pytest.raises(FrameError, match="0 to 24"):
        overlap([5], [25])


def test_of_sightings_the_confirmed_events_count():
    def seen(*hours):
        rows = [("confirmed", WHEN(2026, 5, 1, hour), "ford") for hour in hours]
        return sightings(*rows, ("candidate", WHEN(2026, 5, 1, 12), "ford"))

    assert activity_overlap(seen(5, 6, 8), seen(6, 7, 9)) == overlap([5, 6, 8], [6, 7, 9])
    with pytest.raises(FrameError, match="time='moon' is not known"):
        activity_overlap(seen(5), seen(6), time="moon")
