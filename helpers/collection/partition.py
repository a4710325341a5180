"""Features sorted into groups of neighbours: k-means, and HDBSCAN where nobody knows how many groups there are.

Both look at few numbers a photo instead of a thousand, see `components`.
"""

from typing import Any, Optional

import numpy as np

from helpers.features.blocks import blocks
from helpers.features.distance import Distance
from helpers.files.progress import progress_bar

MANY = 20_000  # photos above which k-means takes small batches, and HDBSCAN a sample

_SAMPLE = 10_000  # photos by which the components are chosen
_STARTS, _STARTS_OF_MANY = 10, 3  # k-means runs, the best of which counts
_BATCH = 4096  # photos
_NEAR = 2  # HDBSCAN's min_samples; with 5 it left up to twice as many photos in no group


def components(vectors: np.ndarray, metric: str, count: int, seed: int, progress: bool = False) -> np.ndarray:
    """The features' first principal components, float64 [photos, `count`]; all numbers where there are fewer.

    For `cosine`, those of the features' directions. They are found from 10,000
    photos at most, drawn by `seed`, and the features are read in blocks: a memory
    map stays one. On the drawn robots and the cartoons k-means finds the same
    groups in 50 components as in all 1,280 numbers. HDBSCAN does better with 20
    than with all, in which nearly every photo is about as far from its neighbours.
    """
    distance = Distance(vectors, metric)
    photos, dimension = distance.vectors.shape
    if min(photos, dimension) <= count:
        return distance.points(distance.vectors)
    from sklearn.utils.extmath import randomized_svd

    chosen = distance.points(distance.vectors[drawn(photos, _SAMPLE, seed)]).astype(np.float32)
    mean = chosen.mean(axis=0, dtype=np.float64)
    chosen -= mean.astype(np.float32)
    axes = randomized_svd(chosen, count, n_iter=4, random_state=seed)[2].astype(np.float64)
    reduced = np.empty((photos, count))
    with progress_bar(total=photos, show=progress) as shown:
        for part in blocks(photos, 8 * dimension):
            reduced[part] = (distance.points(distance.vectors[part]) - mean) @ axes.T
            shown.update(part.stop - part.start)
    return reduced


def k_means(
    points: np.ndarray, k: int, seed: int, runs: Optional[Any] = None, count: Optional[int] = None
) -> np.ndarray:
    """The number of each point's group, int64; some of the `k` are empty where fewer points differ.

    The best of ten runs of scikit-learn's KMeans, or of `count`. Of more than
    20,000 points, the best of three of MiniBatchKMeans. `runs` is a bar of them. It works in
    one thread, which adds up in the same order everywhere; several were never
    faster by much, and forty times slower beside another program.
    """
    import warnings

    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    best: Any = None
    for start in range(count or starts(len(points))):
        run = (
            KMeans(k, n_init=1, random_state=seed + start)
            if len(points) <= MANY
            else MiniBatchKMeans(k, n_init=1, random_state=seed + start, batch_size=_BATCH)
        )
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # of equal points, which callers see for themselves
            run.fit(points)
        best = run if best is None or run.inertia_ < best.inertia_ else best
        if runs is not None:
            runs.update()
    return best.labels_.astype(np.int64)


def starts(photos: int) -> int:
    """How many runs `k_means` makes."""
    return _STARTS if photos <= MANY else _STARTS_OF_MANY


def by_density(points: np.ndarray, smallest: int, seed: int) -> np.ndarray:
    """The number of each point's group, int64, -1 in none: scikit-learn's HDBSCAN.

    A group has `smallest` points or more. Of more than 20,000 points, those of
    a sample are sorted, among which a group may be as much smaller as the sample
    is; the others go with the nearest point of the sample.
    """
    from sklearn.cluster import HDBSCAN
    from sklearn.metrics import pairwise_distances_argmin
    from threadpoolctl import threadpool_limits

    if len(points) < max(smallest, _NEAR + 1):
        return np.full(len(points), -1, np.int64)
    chosen = drawn(len(points), MANY, seed)
    least = max(2, round(smallest * len(chosen) / len(points)))
    sorter = HDBSCAN(min_cluster_size=least, min_samples=_NEAR, copy=True)
    with threadpool_limits(1):
        sample = sorter.fit_predict(points[chosen]).astype(np.int64)
        if len(chosen) == len(points):
            return sample
        rest = np.setdiff1d(np.arange(len(points)), chosen)
        numbers = np.empty(len(points), np.int64)
        numbers[chosen], numbers[rest] = sample, sample[pairwise_distances_argmin(points[rest], points[chosen])]
    return numbers


def drawn(count: int, most: int, seed: int) -> np.ndarray:
    """All of `count` rows, or `most` of them drawn at random; ascending."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))
