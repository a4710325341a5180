"""The time of day at which animals are active: a kernel density of times on the 24-hour circle.

The kernel is a von Mises density, and its concentration is chosen by Taylor's
rule as Ridout and Linkie took it to camera traps: "Estimating overlap of daily
activity patterns from camera trap data" (2009), Journal of Agricultural,
Biological and Environmental Statistics 14, 322-337; C. C. Taylor, "Automatic
bandwidth selection for circular density estimation" (2008), Computational
Statistics and Data Analysis 52, 3493-3500.

Times that may be even by chance have no peak. That is decided by Kuiper's test
in the form of M. A. Stephens, "Use of the Kolmogorov-Smirnov, Cramer-von Mises
and related statistics without extensive tables" (1970), Journal of the Royal
Statistical Society B 32, 115-122.
"""

from typing import Any, NamedTuple, Optional, Sequence

import numpy as np

from helpers.errors import FrameError

FEW = 10  # observations, below which a curve is not reliable

_STEPS = 480  # points of the curve: one every three minutes
MOMENTS = 3  # trigonometric moments that the concentration is estimated by
LARGEST = 500.0  # concentration of the observations, which is infinite for equal times
_RESAMPLES = 1000
_EVEN = 1.747  # Kuiper's statistic, below which evenness is not rejected at 5 %
_LONG = 12.0  # hours
_SAME = 1e-9  # densities, as a share, and hours that differ by less are equal: the last bits differ by machine


class Activity(NamedTuple):
    """The activity curve of some observations; hours are 0 to 24."""

    observations: int
    hours: np.ndarray  # float64 [481], from 0 to 24, both included
    density: np.ndarray  # float64 [481], the share of observations per hour: its integral is 1
    peak: Optional[float]  # the hour of the highest density, or None
    low: Optional[float]  # the 95 % interval of the peak goes from `low` to `high`,
    high: Optional[float]  # over midnight where `low` is more than `high`
    mean: Optional[float]  # the mean direction, as an hour
    resultant: float  # mean resultant length: 0 all round the clock, 1 always at the same time
    concentration: float  # of the kernel; more is narrower

    @property
    def few(self) -> bool:
        """Whether there are too few observations for a reliable curve."""
        return self.observations < FEW

    @property
    def note(self) -> str:
        """The peak in one line."""
        if not self.observations:
            return "no time of day is known"
        count = f"{self.observations} observation{'s' * (self.observations != 1)}"
        few = ": too few to rely on" if self.few else ""
        if self.peak is None or self.low is None or self.high is None:
            return f"no peak: about as even round the clock as by chance ({count}{few})"
        return f"peak {clock(self.peak)}, 95 % interval {clock(self.low)} to {clock(self.high)} ({count}{few})"


def activity(hours: Sequence[float]) -> Activity:
    """The activity curve of observations at these hours of the day, 0 to 24.

    The concentration of the times is the largest of the three that maximum
    likelihood gives for a von Mises distribution by the first, second and third
    trigonometric moment, so that two peaks a day are not smoothed into one; the
    kernel's is `(3 n k^2 I2(2k) / (4 sqrt(pi) I0(k)^2))^(2/5)` of it. The peak's
    interval is the percentile interval of 1,000 resamples, always the same ones,
    with the same kernel. There is no peak where Kuiper's test does not reject at 5 %
    that the times are even round the clock; with fewer than `FEW` observations,
    for which that test is weak, only where the interval is also 12 hours or
    longer. Raises `FrameError` for hours out of range.

    >>> curve = activity([5.5, 6, 6.25, 6.5, 7.5])
    >>> round(curve.peak, 1), curve.few
    (6.1, True)
    """
    times = hours_array(hours)
    grid = np.linspace(0, 24, _STEPS + 1)
    if not len(times):
        return Activity(0, grid, np.zeros(_STEPS + 1), None, None, None, None, 0.0, 0.0)
    angles = times * (np.pi / 12)
    moment = np.exp(1j * angles).mean()
    concentration = concentration_of(times)
    curve = density(grid, times, concentration)
    peak = float(_peaks(curve[None, :-1])[0])
    low, high = _interval(times, concentration, peak)
    flat = _even(times) and (len(times) >= FEW or high - low >= _LONG - _SAME)
    mean = float(np.angle(moment) * 12 / np.pi % 24)
    found = Activity(len(times), grid, curve, peak, low % 24, high % 24, mean, float(abs(moment)), concentration)
    return found._replace(peak=None, low=None, high=None) if flat else found


def clock(hour: float) -> str:
    """An hour as a clock shows it: 6.5 as 06:30."""
    minutes = round(hour * 60) % (24 * 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def hours_array(hours: Sequence[float]) -> np.ndarray:
    """Hours of the day as float64; raises `FrameError` for those out of range."""
    times = np.array(list(hours), np.float64)
    if not ((times >= 0) & (times <= 24)).all():
        raise FrameError("hours of the day are numbers from 0 to 24")
    return times


def concentration_of(times: np.ndarray) -> float:
    """The concentration of the kernel for observations at these hours, by Taylor's rule."""
    from scipy.optimize import brentq
    from scipy.special import ive

    angles = times * (np.pi / 12)

    def likeliest(order: int) -> float:
        length = min(float(abs(np.exp(1j * order * angles).mean())), 1.0)

        def over(value: float) -> Any:  # the exponential factors of ive cancel out
            return ive(order, value) / ive(0, value) - length

        return LARGEST if over(LARGEST) <= 0 else float(brentq(over, 0.0, LARGEST)) if over(0.0) < 0 else 0.0

    return float(kernel_concentration(max(likeliest(order) for order in range(1, MOMENTS + 1)), len(times)))


def kernel_concentration(k: Any, observations: int) -> Any:
    """Taylor's rule: the concentration of the kernel, for that of so many observations."""
    from scipy.special import ive

    return (3 * observations * k**2 * ive(2, 2 * k) / (4 * np.sqrt(np.pi) * ive(0, k) ** 2)) ** 0.4


def density(at: np.ndarray, times: np.ndarray, concentration: float) -> np.ndarray:
    """The density at some hours, per hour, of observations at other hours: float64 [at]."""
    return np.asarray(kernel(at[:, None] - times, concentration).mean(axis=1))


def kernel(hours: np.ndarray, concentration: Any) -> np.ndarray:
    """The von Mises density, per hour, at distances in hours."""
    from scipy.special import ive

    return np.asarray(np.exp(concentration * (np.cos(hours * (np.pi / 12)) - 1)) / (24 * ive(0, concentration)))


def _peaks(densities: np.ndarray) -> np.ndarray:
    """The hour of the highest point of each curve, [curves, 480], by a parabola through three points.

    Of several that are as high, the earliest.
    """
    top = (densities >= densities.max(axis=1, keepdims=True) * (1 - _SAME)).argmax(axis=1)
    left, middle, right = (densities[np.arange(len(top)), (top + step) % _STEPS] for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    bent = bend < -_SAME * middle
    shift = np.where(bent, (left - right) / (2 * np.where(bent, bend, -1)), 0)
    return (top + np.clip(shift, -0.5, 0.5)) * (24 / _STEPS) % 24


def _even(times: np.ndarray) -> bool:
    """Whether Kuiper's test does not reject that hours are even round the clock."""
    root = np.sqrt(len(times))
    ahead = np.arange(len(times)) / len(times) - np.sort(times % 24) / 24
    apart = float(np.ptp(ahead)) + 1 / len(times)
    return bool(apart * (root + 0.155 + 0.24 / root) < _EVEN)


def _interval(times: np.ndarray, concentration: float, peak: float) -> "tuple[float, float]":
    """The 95 % interval of the peak, as hours around it that may be outside 0 to 24."""
    minutes, counts = np.unique(np.round(times * 60) % (24 * 60), return_counts=True)
    drawn = np.random.default_rng(0).multinomial(len(times), counts / counts.sum(), size=_RESAMPLES)
    grid = np.linspace(0, 24, _STEPS, endpoint=False)
    peaks = _peaks(drawn @ kernel(grid - minutes[:, None] / 60, concentration))
    away = (peaks - peak + 12 + _SAME) % 24 - 12 - _SAME  # half a day counts as before
    low, high = np.percentile(away, (2.5, 97.5))
    return float(peak + low), float(peak + high)
