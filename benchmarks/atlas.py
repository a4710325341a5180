"""Maps: t-SNE of 10,000 photos and of 100,000 by landmarks, in seconds and MB; a poster; and what a map keeps.

The features of the many are made: 200 groups of different widths in 1,280
numbers. What is kept is measured on real features, of the drawn robots and of
the small photos: the share of each photo's ten nearest that lie in its folder.
"""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, Iterator

from benchmarks.bench import Bench
from benchmarks.child import peak_memory
from benchmarks.process import ROOT, Task
from benchmarks.table import Row, row

_DIMENSION, _GROUPS, _SEED = 1280, 200, 2026
_WANTED = 120.0  # seconds for 10,000 photos
_K = 10


def rows(bench: Bench) -> Iterator[Row]:
    """Time and memory, then what is kept."""
    environment = {"KINFRAME_CACHE": str(bench.scratch / "cache")}
    for photos, wanted in ((10_000, _WANTED), (100_000, None)):
        task = Task("benchmarks.atlas:measure", {"photos": photos}, environment=environment)
        found = bench.runner.run(task, f"a map of {photos:,} photos")
        note = f"{found['note']}; {found['cpu']:.0f} s of one processor; one photo more in {found['place']:.0f} ms"
        yield row(f"map of {photos:,}", found["seconds"], "s", "what we want" if wanted else "", wanted, note=note)
        note = f"{found['features']:.0f} MB are the features, {found['before']:.0f} were there before the map"
        yield row(f"map of {photos:,}: peak memory", found["peak"], "MB", "", None, note=note)
    folder = bench.photos("small", 1_000)
    arguments = {"folder": folder, "each": 10, "path": str(bench.scratch / "montage.png")}
    found = bench.runner.run(Task("benchmarks.atlas:poster", arguments, environment=environment), "a montage")
    first = f"{found['first']:.0f} s the first time, which makes and keeps thumbnails"
    note = f"{found['montage']}; {first}; {found['peak']:.0f} MB at most"
    yield row(f"montage of {found['photos']:,}, PNG", found["seconds"], "s", "", None, note=note)
    for place in dict.fromkeys((ROOT / "data" / "robots", bench.small)):
        arguments = {"folder": str(place), "network": bench.builtin()}
        found = bench.runner.run(
            Task("benchmarks.atlas:kept", arguments, environment=environment), f"{place.name} on a map"
        )
        note = f"{found['montage']:.3f} among the ten nearest in a montage"
        work = f"ten nearest on the map, same folder, {place.name}"
        yield row(work, found["map"], "recall", "in the features", found["features"], note=note)


def measure(photos: int, landmarks: int = 10_000) -> Dict[str, Any]:
    """A map of made features."""
    from helpers.collection.atlas import Atlas

    model = SimpleNamespace(vectors=_features(photos), metric="euclidean")
    before, start, processor = peak_memory(), time.perf_counter(), time.process_time()
    atlas = Atlas(model, landmarks=landmarks, progress=False)
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    peak = peak_memory()
    other = atlas._axes.reduced(model.vectors[:1])
    atlas._layout.place(other)  # what it needs for placing is made
    start = time.perf_counter()
    atlas._layout.place(other)
    return {
        "seconds": seconds,
        "cpu": processor,
        "place": 1e3 * (time.perf_counter() - start),
        "before": before,
        "peak": peak,
        "features": model.vectors.nbytes / 1e6,
        "note": atlas.note,
    }


def poster(folder: str, each: int, path: str) -> Dict[str, Any]:
    """A montage of photos, each several times, at places that were drawn."""
    import numpy as np

    from helpers.collection.poster import montage

    files = sorted(str(file) for file in Path(folder).iterdir()) * each
    centres = np.random.default_rng(_SEED).random((_GROUPS, 2))
    rng = np.random.default_rng(_SEED)
    positions = centres[rng.integers(0, _GROUPS, len(files))] + rng.normal(0, 0.02, (len(files), 2))
    model = SimpleNamespace(collection=SimpleNamespace(sources=files, identities=[None] * len(files)))
    atlas = SimpleNamespace(model=model, positions=positions)
    spent = []
    for _ in range(2):
        start = time.perf_counter()
        made = montage(atlas, path, progress=False)
        spent.append(time.perf_counter() - start)
    return {"seconds": spent[1], "first": spent[0], "photos": len(files), "montage": repr(made), "peak": peak_memory()}


def kept(folder: str, network: str) -> Dict[str, float]:
    """The share of the ten nearest in a photo's folder: on the map, in the features, and in the montage."""
    import numpy as np

    from helpers import tc
    from helpers.collection.atlas import Atlas
    from helpers.collection.poster import montage
    from helpers.features.nearest import neighbours
    from helpers.photos.load import load_photos

    data, _ = load_photos(folder, progress=False)
    model = tc.image_similarity.create(data, model=network, verbose=False)
    folders = np.array([name.rpartition("/")[0] for name in model.names])
    atlas = Atlas(model, progress=False)

    def share(near: Any) -> float:
        return float((folders[near] == folders[:, None]).mean())

    def nearest(places: Any) -> Any:
        apart = np.linalg.norm(places[:, None] - places[None], axis=2)
        return np.argsort(apart, axis=1, kind="stable")[:, 1 : _K + 1]

    return {
        "features": share(neighbours(model, _K)),
        "map": share(nearest(atlas.positions)),
        "montage": share(nearest(montage(atlas, progress=False).cells)),
    }


def _features(photos: int) -> Any:
    import numpy as np

    from helpers.files.cache import roomy_array

    rng, features = np.random.default_rng(_SEED), roomy_array((photos, _DIMENSION))
    centres = rng.normal(size=(_GROUPS, _DIMENSION)).astype(np.float32)
    widths = rng.uniform(0.5, 2, _GROUPS).astype(np.float32)
    for start in range(0, photos, 1_000):
        group = rng.integers(0, _GROUPS, min(1_000, photos - start))
        noise = rng.normal(size=(len(group), _DIMENSION)).astype(np.float32)
        features[start : start + len(group)] = centres[group] + widths[group, None] * noise
    return features
