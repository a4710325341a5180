"""A season of field-camera photos, asked by event: how often the first answers show the same species.

The photos are those of `tools/draw_season.py`, whose truth is known, and the parts those of its simulated detector.
What learning gains is measured on real photos too, where the folder of the forest is beside this one: 92 photos with
their species and the boxes of the animals.
"""

import statistics
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List

from benchmarks.animals import FOREST, species_in
from benchmarks.bench import Bench
from benchmarks.process import ROOT, Task
from benchmarks.table import Row, row

_K = 5
_WHOLE = "whole photos"
_ITEMS, _DIMENSION, _EXAMPLES = 20_000, 1280, 20
_JUDGED = (2, 5, 10, 20)


def rows(bench: Bench) -> Iterator[Row]:
    """Precision at 5 over other events, by what is compared and what was learned; and how long learning takes."""
    environment = {"KINFRAME_CACHE": str(bench.scratch / "cache")}
    arguments = {"folder": str(bench.scratch / "season"), "network": bench.builtin()}
    found = bench.runner.run(Task("benchmarks.season:measure", arguments, environment=environment), "a drawn season")
    whole, queries = found["scores"][_WHOLE], found["queries"]
    for name, precision in found["scores"].items():
        if name != _WHOLE:
            note = f"{queries} queries, {found['photos']} photos, {found['events']} events"
            work = f"species precision@{_K} over other events, {name}"
            yield row(work, precision, "precision", _WHOLE, whole, note=note)
    gains = {"drawn season": found["gains"]}
    if FOREST.is_dir():
        task = Task("benchmarks.season:measure_forest", {"network": arguments["network"]}, environment=environment)
        gains["forest"] = bench.runner.run(task, "real photos of a forest")["gains"]
    for place, lines in gains.items():
        for line in lines:
            work = f"of the next {_K} events, {line['judged']} judged, {line['name']}, {place}"
            low, high = line["gain"]
            note = f"gain {low:+.2f} to {high:+.2f}; learned from in {line['learned']} of {line['queries']} queries"
            yield row(work, line["unjudged"], "precision", "without learning", line["unlearned"], note=note)
    same = found["shares"]
    note = f"own event {same[0][0]:.3f}; after, one photo an event and other events only"
    yield row("ten nearest, share of the own camera", same[1][1], "", f"{_WHOLE}, not by event", same[0][1], note=note)
    timed = bench.runner.run(Task("benchmarks.season:learn", {}, environment=environment), "learning")
    note = f"{_EXAMPLES} examples; the first time {timed['first']:.2f} s, with the covariance of all features"
    work = f"learning from confirmations, {_ITEMS:,} x {_DIMENSION}"
    yield row(work, 1000 * timed["again"], "ms", "what we want", 500.0, note=note)


def measure(folder: str, network: str) -> Dict[str, Any]:
    """The scores of each way to compare events."""
    import subprocess
    import sys

    import numpy as np

    from helpers import tc
    from helpers.photos.load import load_photos
    from helpers.season.detection.read_results import read_detections
    from helpers.season.learner import unit
    from helpers.season.parts import Parts
    from helpers.season.scores import neighbour_shares, species_precision
    from helpers.season.season import Season

    if not Path(folder).exists():
        subprocess.run([sys.executable, str(ROOT / "tools" / "draw_season.py"), folder], check=True)
    start = time.perf_counter()
    data, _ = load_photos(Path(folder) / "photos", progress=False)
    model = tc.image_similarity.create(data, model=network, metric="cosine", verbose=False)
    species = species_in(Path(folder) / "truth.csv", model.names)
    season = Season(model)
    detections = read_detections(Path(folder) / "megadetector.json", data, progress=False)
    parted = Season(model, parts=Parts.of(model, detections, progress=False))
    vectors, cameras = unit(model.vectors), [name.rpartition("/")[0] for name in model.names]
    number = np.unique(cameras, return_inverse=True)[1].reshape(-1)
    means = np.stack([vectors[number == each].mean(axis=0) for each in range(number.max() + 1)])
    others = {
        "without the camera's mean": vectors - means[number],
        "without the likest of the camera": vectors - _likest(vectors, number, season.event_of_photo),
    }
    ways = {
        _WHOLE: season,
        **{name: Season(model, parts=_as_parts(model, each)) for name, each in others.items()},
        "parts": parted,
    }
    scores, queries = {}, 0
    for name, asked in ways.items():
        found = species_precision(asked, species, _K, progress=False)
        scores[name], queries = found.precision, found.queries
    shares = [[line["event"], line["camera"]] for line in neighbour_shares(season, progress=False)]
    return {
        "seconds": time.perf_counter() - start,
        "scores": scores,
        "queries": queries,
        "photos": len(model.names),
        "events": len(season.events),
        "shares": shares,
        "gains": _gains({_WHOLE: season, "parts": parted}, species),
    }


def measure_forest(network: str) -> Dict[str, Any]:
    """What learning gains on real photos."""
    from helpers import tc
    from helpers.photos.load import load_photos
    from helpers.season.detection.read_results import read_detections
    from helpers.season.parts import Parts
    from helpers.season.season import Season

    start = time.perf_counter()
    data, _ = load_photos(FOREST, layout="{site}/{camera}", progress=False)
    model = tc.image_similarity.create(data, model=network, verbose=False)
    detections = read_detections(FOREST / "boxes.json", data, progress=False)
    seasons = {_WHOLE: Season(model), "parts": Season(model, parts=Parts.of(model, detections, progress=False))}
    species = species_in(FOREST / "truth.csv", model.names)
    return {"gains": _gains(seasons, species), "seconds": time.perf_counter() - start}


def _gains(seasons: Dict[str, Any], species: List[Any]) -> List[Dict[str, Any]]:
    """The precision among events not judged yet, learned and not, by what is compared and how many were judged."""
    from helpers.season.scores import species_precision

    gains = []
    for name, season in seasons.items():
        for judged in _JUDGED:
            scores = species_precision(season, species, _K, judged=judged, metric="euclidean", progress=False)
            kept = ("unjudged", "unlearned", "gain", "learned", "queries", "judged")
            gains.append({"name": name, **{each: getattr(scores, each) for each in kept}})
    return gains


def learn() -> Dict[str, Any]:
    """How long learning takes."""
    import numpy as np

    from helpers.season.learner import Learner

    vectors = np.abs(np.random.default_rng(0).normal(size=(_ITEMS, _DIMENSION))).astype(np.float32)
    spent = []
    start = time.perf_counter()
    learner = Learner(vectors)
    for number in range(6):
        examples = vectors[number * _EXAMPLES : (number + 1) * _EXAMPLES]
        learner.places(examples[::2], examples[1::2])
        spent.append(time.perf_counter() - start)
        start = time.perf_counter()
    return {"seconds": sum(spent), "first": spent[0], "again": statistics.median(spent[1:])}


def _likest(vectors: Any, cameras: Any, events: Any, k: int = 20) -> Any:
    """The mean of the k likest photos of the same camera in other events: what it sees in that light."""
    import numpy as np

    means = np.zeros_like(vectors)
    for camera in range(cameras.max() + 1):
        rows = np.flatnonzero(cameras == camera)
        likeness = vectors[rows] @ vectors[rows].T
        likeness[events[rows][:, None] == events[rows]] = -np.inf
        means[rows] = vectors[rows[np.argsort(-likeness, axis=1)[:, :k]]].mean(axis=1)
    return means


def _as_parts(model: Any, vectors: Any) -> Any:
    """Whole photos of a model with other features, as parts."""
    import numpy as np

    from helpers.season.part_features import PhotoBox
    from helpers.season.parts import Parts

    boxes = [PhotoBox(row, (0.0, 0.0, 1.0, 1.0), "animal", 1.0) for row in range(len(vectors))]
    return Parts(model, boxes, vectors.astype(np.float32), np.zeros(len(vectors), bool))
