import numpy as np
import pytest
from scipy.stats import vonmises

import helpers.season.timeline.activity
from helpers.errors import FrameError
from helpers.season.timeline.activity import activity, clock


def drawn(peak, count, concentration=30.0, seed=0):
    angles = vonmises.rvs(concentration, size=count, random_state=np.random.RandomState(seed))
    return (peak + angles * 12 / np.pi) % 24


def away(one, other):
    return (one - other + 12) % 24 - 12


@pytest.mark.parametrize("truth", [6.0, 23.9])
def test_the_peak_of_50_draws_is_found(truth):
    every = [activity(drawn(truth, 50, seed=seed)) for seed in range(20)]
    errors = [abs(away(found.peak, truth)) for found in every]
    assert np.mean(errors) < 0.3 and max(errors) < 1
    found = every[1]
    assert abs(away(found.mean, truth)) < 0.3 and 0.9 < found.resultant < 1 and not found.few
    assert found.note.startswith(f"peak {clock(found.peak)}, 95 % interval ")


def test_the_density_is_that_of_scipy_and_its_integral_is_1():
    hours = drawn(5, 20)
    found = activity(hours)
    at = 137
    angle = (found.hours[at] - hours) * np.pi / 12
    assert found.density[at] == pytest.approx(vonmises.pdf(angle, found.concentration).mean() * np.pi / 12)
    assert found.density[:-1].sum() * 24 / 480 == pytest.approx(1)
    assert found.density[0] == pytest.approx(found.density[-1])


@pytest.mark.once("the statistics are arithmetic of ours; in both, a known peak is found")
def test_the_concentration_is_taylors_by_hand():
    from scipy.special import iv

    hours = drawn(12, 40, concentration=2.0)
    kappas = []
    for order in (1, 2, 3):
        length = abs(np.exp(1j * order * hours * np.pi / 12).mean())
        grid = np.linspace(0.001, 30, 300_000)
        kappas.append(grid[np.argmin(abs(iv(order, grid) / iv(0, grid) - length))])
    k = max(kappas)
    expected = (3 * 40 * k**2 * iv(2, 2 * k) / (4 * np.sqrt(np.pi) * iv(0, k) ** 2)) ** 0.4
    assert activity(hours).concentration == pytest.approx(expected, rel=1e-3)


def test_two_peaks_a_day_stay_two():
    found = activity([*drawn(5, 40), *drawn(17, 60)])
    assert abs(found.peak - 17) < 0.5
    assert found.density[100] > 5 * found.density[220]  # at 5 and at 11 o'clock


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    found = [activity(drawn(6, 50, 12.0, seed)) for seed in range(40)]
    inside = sum(away(each.low, 6) <= 0 <= away(each.high, 6) for each in found)
    assert inside >= 34


def test_the_same_twice():
    one, other = activity(drawn(3, 30)), activity(drawn(3, 30))
    assert (one.peak, one.low, one.high) == (other.peak, other.low, other.high)


@pytest.mark.parametrize("hours", [[3.0], [0, 24, 0], [0, 6, 12, 18], [1, 13]])
def test_a_few_are_told(hours):
    found = activity(hours)
    assert found.few and "too few" in found.note and np.isfinite(found.density).all()
    assert found.density[:-1].sum() * 24 / 480 == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize("hours", [np.arange(24), np.linspace(0, 24, 200), [0, 6, 12, 18], [1, 13]])
def test_even_times_have_no_peak(hours):
    found = activity(hours)
    assert found.peak is found.low is found.high is None
    assert found.note.startswith("no peak") and f"{len(hours)} observations" in found.note


@pytest.mark.parametrize(
    "hours", [np.arange(24), [0, 6, 12, 18], [1, 13], [2, 10, 18], [3, 9, 15], 20 * [5, 17], 20 * [0.025, 11.975]]
)
def test_the_last_bits_of_a_sum_decide_nothing(hours, monkeypatch):
    """Other processors add in another order: densities that are the same differ by a little."""
    found, exact = activity(hours), helpers.season.timeline.activity.kernel
    for seed in range(10):
        random = np.random.default_rng(seed)

        def nearly(distances, concentration, random=random):
            return exact(distances, concentration) * (1 + random.uniform(-1e-13, 1e-13, distances.shape))

        monkeypatch.setattr(helpers.season.timeline.activity, "kernel", nearly)
        other = activity(hours)
        assert (other.peak is None) == (found.peak is None)
        if found.peak is not None:
            now, then = ((each.peak, each.low, each.high) for each in (other, found))
            assert np.abs(away(np.array(now), np.array(then))).max() < 1e-6


def test_of_two_peaks_as_high_the_earlier_is_told():
    assert activity(20 * [5, 17]).peak == pytest.approx(5) and activity(20 * [17, 5]).peak == pytest.approx(5)


@pytest.mark.slow("hundreds of seasons")
@pytest.mark.once("the statistics are arithmetic of ours; in both, a known peak is found")
def test_a_peak_by_chance_is_about_as_rare_as_the_test_says():
    random = np.random.default_rng(0)
    found = [activity(random.uniform(0, 24, count)) for count in (10, 40) for _ in range(60)]
    assert sum(each.peak is not None for each in found) <= 12
    assert all(activity(drawn(6, 12, 4.0, seed)).peak is not None for seed in range(20))


def test_none_is_none():
    found = activity([])
    assert found.peak is found.mean is None and not found.density.any()
    assert found.note == "no time of day is known"


@pytest.mark.parametrize("hours", [[25], [-1], [np.nan]])
def test_what_is_no_hour(hours):
    with pytest.raises(FrameError, match="0 to 24"):
        activity(hours)


def test_clock():
    assert [clock(hour) for hour in (6.5, 23.999, 0, 24)] == ["06:30", "00:00", "00:00", "00:00"]
