"""Clusters of 10,000 photos: k-means, a suggestion of k, HDBSCAN; and odd ones out among small photos.

The features are made, as those of the index are: clusters of similar photos.
There is no peer; what stands beside a figure is what we want at most.
"""

import tempfile
import time
from typing import Any, Dict, Iterator

from benchmarks.bench import Bench
from benchmarks.child import peak_memory
from benchmarks.process import Task
from benchmarks.table import Row, row

_PHOTOS, _DIMENSION = 10_000, 1280
_MANY = 100_000
_WANTED = "wanted"
_RATE = 100.0  # photos/s
_CALLS = {
    "k-means, k = 10": ("kmeans", 10.0),
    "suggest_k, 2 to 12": ("suggest_k", 60.0),
    "HDBSCAN": ("hdbscan", 60.0),
}


def rows(bench: Bench) -> Iterator[Row]:
    """Seconds and memory of each call, from the features to the clusters."""
    for name, (call, wanted) in _CALLS.items():
        found = bench.runner.run(_task(call, _PHOTOS), f"{name}, {_PHOTOS:,} photos")
        note = f"{found['note']}; {found['peak']:.0f} MB at most, {found['before']:.0f} of them before"
        yield row(f"{name}, {_PHOTOS:,} x {_DIMENSION}", found["seconds"], "s", _WANTED, wanted, note=note)
    many = bench.runner.run(_task("kmeans", _MANY), f"k-means, {_MANY:,} photos")
    size = _MANY * _DIMENSION * 4 / 1e6
    note = f"{many['note']}; {many['seconds']:.1f} s; {size:.0f} MB of it are features in a memory map"
    yield row(f"peak memory, k-means, k = 10, {_MANY:,} x {_DIMENSION}", many["peak"], "MB", _WANTED, 1500.0, note=note)
    seen = bench.runner.run(Task("benchmarks.clusters:odd", {"folder": bench.photos("small", 1_000)}), "odd ones out")
    note = f"{seen['photos']} made photos of 320 x 240, without a model"
    yield row("odd ones out, small photos", seen["photos"] / seen["seconds"], "photos/s", _WANTED, _RATE, note=note)


def measure(call: str, photos: int, dimension: int = _DIMENSION) -> Dict[str, Any]:
    """One call, importing what it takes not counted."""
    import numpy as np
    import sklearn.cluster
    import sklearn.metrics  # noqa: F401

    from benchmarks.index import features
    from helpers.collection.clusters import cluster, suggest_k

    class Model:
        """What clusters ask of a model."""

        def __init__(self, vectors: np.ndarray) -> None:
            self.vectors, self.index = vectors, self
            self.metric = "euclidean"

    with tempfile.TemporaryDirectory() as folder:
        model = Model(features(photos, dimension, folder))
        cluster(Model(np.eye(100, 60, dtype=np.float32)), 3, progress=False)
        before, start = peak_memory(), time.perf_counter()
        if call == "suggest_k":
            note = suggest_k(model, progress=False).note
        else:
            note = cluster(model, 10 if call == "kmeans" else None, method=call, progress=False).note
        return {"seconds": time.perf_counter() - start, "note": note, "before": before, "peak": peak_memory()}


def odd(folder: str) -> Dict[str, Any]:
    """Look at every photo of a folder."""
    from helpers.collection.odd_photos import oddities
    from helpers.photos.load import load_photos

    data, _ = load_photos(folder, progress=False)
    oddities(data[:4], progress=False)
    start = time.perf_counter()
    oddities(data, progress=False)
    return {"photos": len(data), "seconds": time.perf_counter() - start}


def _task(call: str, photos: int) -> Task:
    return Task("benchmarks.clusters:measure", {"call": call, "photos": photos})
