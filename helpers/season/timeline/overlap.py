"""How much the daily activity of two species overlaps.

The coefficient is the area under both activity curves: 0 where the species are
never active at the same time, 1 where their curves are the same. It is estimated
as Δ4 of M. S. Ridout and M. Linkie, "Estimating overlap of daily activity
patterns from camera trap data" (2009), Journal of Agricultural, Biological and
Environmental Statistics 14, 322-337. They found it better than Δ1, the area
itself, unless the smaller sample has fewer than about 50 observations.
"""

from typing import NamedTuple, Optional, Sequence, Tuple

import numpy as np

from helpers.season.timeline.activity import (
    FEW,
    LARGEST,
    MOMENTS,
    concentration_of,
    density,
    hours_array,
    kernel,
    kernel_concentration,
)

SMALL = 50  # observations of the smaller sample, below which Δ1 is the better one
RESAMPLES = 1000

_MINUTES = 24 * 60
_NARROWER = 0.8  # of the kernel's concentration for Δ1, as Ridout and Linkie have it


class Overlap(NamedTuple):
    """The overlap of two activity curves, 0 to 1; None where one of the species has no time of day."""

    delta4: Optional[float]
    low: Optional[float]  # the 95 % interval of delta4
    high: Optional[float]
    delta1: Optional[float]
    observations: Tuple[int, int]

    @property
    def note(self) -> str:
        """The overlap in one line."""
        counts = " and ".join(map(str, self.observations))
        if self.delta4 is None:
            return f"no overlap is known ({counts} observations)"
        text = f"overlap Δ4 {self.delta4:.2f}, 95 % interval {self.low:.2f} to {self.high:.2f} ({counts} observations"
        if min(self.observations) < FEW:
            return f"{text}: too few to rely on)"
        return f"{text}; Δ1, better for so few, {self.delta1:.2f})" if min(self.observations) < SMALL else f"{text})"


def overlap(hours: Sequence[float], other: Sequence[float]) -> Overlap:
    """The overlap of the activity curves of observations at these hours of the day, 0 to 24.

    The kernels are those of `helpers.season.timeline.activity`. Δ4 is the mean of
    `min(1, g/f)` at the observations of one species and of `min(1, f/g)` at those
    of the other, where f and g are their densities; Δ1 is the integral of the
    smaller density, with a kernel of 0.8 of the concentration.

    The interval is from 1,000 smoothed resamples, always the same ones: times
    drawn from each curve, with a concentration of their own. Resamples overlap
    less than the species do, on average, so that their percentiles are moved by
    that difference, as M. Meredith and M. S. Ridout advise ("Overview of the
    overlap package", 2014, `basic0`). Raises `FrameError` for hours out of range.

    >>> found = overlap([5, 6, 6.5, 7], [6, 7, 7.5, 8])
    >>> round(found.delta4, 2), round(overlap([6, 7], [6, 7]).delta4, 2)
    (0.61, 1.0)
    """
    times = hours_array(hours), hours_array(other)
    counts = len(times[0]), len(times[1])
    if not all(counts):
        return Overlap(None, None, None, None, counts)
    kernels = [concentration_of(each) for each in times]
    one, two = (np.array([density(at, each, k) for each, k in zip(times, kernels)]) for at in times)
    delta4 = (_ratio(one[1], one[0]).mean() + _ratio(two[0], two[1]).mean()) / 2
    grid = np.arange(_MINUTES) / 60
    delta1 = np.minimum(*(density(grid, each, _NARROWER * k) for each, k in zip(times, kernels))).mean() * 24
    drawn = _resampled(times, kernels)
    low, high = np.clip(np.percentile(drawn, (2.5, 97.5)) + delta4 - drawn.mean(), 0, 1)
    return Overlap(float(delta4), float(min(low, delta4)), float(max(high, delta4)), float(delta1), counts)


def _ratio(other: np.ndarray, own: np.ndarray) -> np.ndarray:
    """min(1, other / own); where both are 0, which no observation can be, 1."""
    return np.minimum(1.0, np.divide(other, own, out=np.ones_like(own), where=own > 0))


def _resampled(times: Sequence[np.ndarray], concentrations: Sequence[float]) -> np.ndarray:
    """Δ4 of smoothed resamples, to the minute: float64 [RESAMPLES]."""
    random = np.random.default_rng(0)
    counts, densities = [], []
    for each, concentration in zip(times, concentrations):
        size = (RESAMPLES, len(each))
        hours = each[random.integers(0, len(each), size)] + random.vonmises(0, concentration, size) * (12 / np.pi)
        minutes = np.floor(hours * 60).astype(np.int64) % _MINUTES
        of_minute = np.zeros((RESAMPLES, _MINUTES))
        np.add.at(of_minute, (np.arange(RESAMPLES)[:, None], minutes), 1.0)
        counts.append(of_minute / len(each))
        densities.append(_smoothed(of_minute, len(each)))
    shares = [_ratio(densities[1], densities[0]), _ratio(densities[0], densities[1])]
    return np.asarray(sum((count * share).sum(axis=1) for count, share in zip(counts, shares)) / 2)


def _smoothed(counts: np.ndarray, observations: int) -> np.ndarray:
    """The activity curve of each row of counts by minute, with a kernel of its own: float64 [rows, minutes]."""
    from scipy.special import ive

    transformed = np.fft.rfft(counts)  # its coefficients are the trigonometric moments, times the observations
    concentrations = np.concatenate([np.linspace(0, 10, 1000, endpoint=False), np.geomspace(10, LARGEST, 1000)])
    likeliest = np.zeros(len(counts))
    for order in range(1, MOMENTS + 1):
        lengths = ive(order, concentrations) / ive(0, concentrations)
        likeliest = np.maximum(likeliest, np.interp(abs(transformed[:, order]) / observations, lengths, concentrations))
    kernels = kernel(np.arange(_MINUTES) / 60, kernel_concentration(likeliest, observations)[:, None])
    return np.asarray(np.fft.irfft(transformed * np.fft.rfft(kernels), _MINUTES) / observations)
