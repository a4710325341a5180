"""How exact a mean over photos is: Efron's percentile intervals.

See Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
"""

from typing import List, Optional, Tuple

import numpy as np

from helpers.features.blocks import parts

Interval = Tuple[float, float]

_RESAMPLES = 1000
_DRAWN = 1 << 22  # groups that are drawn at once
_PERCENTILES = (2.5, 97.5)


def intervals(values: np.ndarray, group: np.ndarray, seed: int) -> List[Optional[Interval]]:
    """The 95 % interval of the mean of each column, where nan does not count, by 1,000 resamples of whole groups.

    `values` is float64 [photos, columns], `group` the number of each photo's group. None where there is nothing but
    nan.
    """
    units, groups = np.unique(group, return_inverse=True)
    count = len(units)
    columns = [*np.nan_to_num(values).T, *(~np.isnan(values)).T.astype(float)]
    sums = np.stack([np.bincount(groups.reshape(-1), column, count) for column in columns], axis=1)
    totals, random = np.empty((_RESAMPLES, sums.shape[1])), np.random.default_rng(seed)
    for places in parts(np.arange(_RESAMPLES), max(1, _DRAWN // count)):
        times = np.empty((len(places), count))
        for line in times:
            line[:] = np.bincount(random.integers(count, size=count), minlength=count)
        totals[places] = times @ sums
    width = values.shape[1]
    bounds: List[Optional[Interval]] = []
    for column in range(width):
        drawn = totals[:, width + column] > 0
        if not drawn.any():
            bounds.append(None)
            continue
        low, high = np.percentile(totals[drawn, column] / totals[drawn, width + column], _PERCENTILES)
        bounds.append((float(low), float(high)))
    return bounds
