"""How well a word finds photos, by the network that is always there: on real photos, where they are at hand.

`../shared/data/forest` has 92 photos of a forest in Uruguay, with boxes drawn by hand (CC-BY-SA,
github.com/jumanbar/curso_camtrapR); `fieldcam` 111 photos of two cameras in Peru, judged by eye; `owls` 20 photos of
burrowing owls. Intervals are by resamples of whole events, since photos of a burst are nearly one photo.
"""

import csv
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Tuple

from benchmarks.bench import Bench
from benchmarks.process import ROOT, Task
from benchmarks.table import Row, row

if TYPE_CHECKING:
    import numpy as np

    from helpers.season.season import Season

DATA = ROOT.parent / "shared" / "data"
K = 10
PHOTOS = 100_000
_SPECIES = {
    "fox": ("Zorro Gris", "Zorro Perro"),
    "armadillo": ("Tatu", "Rabo Molle"),
    "skunk": ("Zorrillo",),
}
_RESAMPLES = 1000
_WINDOWS = [(left, top, left + 0.5, top + 0.5) for top in (0.0, 0.25, 0.5) for left in (0.0, 0.25, 0.5)]
_ASKED = ("fox", "red fox", "animal", "fox, car")  # of 100,000 photos, one after the other, all but the first time


def rows(bench: Bench) -> Iterator[Row]:
    """Both measures of each word on each set, and how long a query takes."""
    environment = {"KINFRAME_CACHE": str(bench.scratch / "cache")}
    found = bench.runner.run(Task("benchmarks.words:measure", {}, environment=environment), "words")
    for work, shown, total, measures in found["words"]:
        for measure, (value, low, high) in measures.items():
            note = f"95 %: {low:.2f} to {high:.2f}; {shown} of {total} photos show one"
            yield row(
                f"{work}: {measure}",
                value,
                "precision",
                "by chance",
                0.5 if measure == "AUC" else shown / total,
                note=note,
            )
    for name in found["absent"]:
        yield row(f"words, {name}", None, "", "", None, note=f"not at hand: {DATA / name}")
    timed = bench.runner.run(Task("benchmarks.words:timed", {}, environment=environment), "words of many photos")
    note = f"the slowest of {', '.join(_ASKED)}; before the first, all scores are made once, {timed['once']:.0f} s"
    yield row(f"a query in words, {PHOTOS:,} photos", timed["milliseconds"], "ms", "", None, note=note)


def measure() -> Dict[str, Any]:
    """For each word and set: its name, how many photos show one, of how many; by measure its value and interval."""
    start = time.perf_counter()
    found: List[Tuple[str, int, int, Dict[str, Any]]] = []
    absent = []
    for name, of_set in (("forest", _forest), ("fieldcam", _fieldcam)):
        if (DATA / name).is_dir() and (name == "forest" or (DATA / "owls").is_dir()):
            found += of_set()
        else:
            absent.append(name)
    return {"seconds": time.perf_counter() - start, "words": found, "absent": absent}


def _forest() -> Iterator[Tuple[str, int, int, Dict[str, Any]]]:
    import numpy as np

    from helpers.season.detection.read_results import read_detections
    from helpers.season.parts import Parts

    season = _season([DATA / "forest"], "{site}/{camera}")
    species = _shown(DATA / "forest" / "truth.csv", "species")
    detections = read_detections(DATA / "forest" / "boxes.json", season.data, progress=False)
    parts = _with(season, Parts.of(season.model, detections, progress=False))
    alone = _with(season, Parts.of(season.model, detections, surroundings=0, progress=False))
    boxed = parts.parts.photos
    for word, names in _SPECIES.items():
        truth = np.array([species.get(name) in names for name in season.names])
        for way, asked in (("whole frames", season), ("box and surroundings", parts), ("box alone", alone)):
            yield _measured(f"forest, {word}, {way}", asked, word, truth, boxed)
    yield _measured("forest, animal against blank, whole frames", season, "animal", boxed, np.ones(len(boxed), bool))


def _fieldcam() -> Iterator[Tuple[str, int, int, Dict[str, Any]]]:
    import numpy as np

    from helpers.season.parts import Parts

    season = _season([DATA / "fieldcam"])
    shows = _shown(DATA / "fieldcam-truth.csv", "shows")
    judged = np.array([shows.get(name) in ("animal", "blank") for name in season.names])
    animal = np.array([shows.get(name) == "animal" for name in season.names])
    yield _measured("fieldcam, animal against blank, whole frames", season, "animal", animal, judged)
    season = _season([DATA / "owls", DATA / "fieldcam"])
    owls = np.arange(len(season.names)) < len(list((DATA / "owls").glob("*.[jJ]*")))
    boxes = [(label, box) for label in season.labels for box in _WINDOWS]
    parts = _with(season, Parts.of(season.model, boxes, surroundings=0, progress=False))
    for word in ("owl", "bird", "animal"):
        for way, asked in (("whole frames", season), ("nine windows of a quarter each", parts)):
            yield _measured(f"owls among fieldcam, {word}, {way}", asked, word, owls, np.ones(len(owls), bool))


def _season(folders: List[Path], layout: str = "") -> "Season":
    from helpers.frames import SFrame
    from helpers.photos.load import load_photos
    from helpers.season.season import Season
    from helpers.similarity.build import create

    frames = [load_photos(folder, layout=layout or None, details=True, progress=False)[0] for folder in folders]
    data: Any = frames[0]
    for number, frame in enumerate(frames):
        frame["camera"] = frame["folder"]
        data = frame if number == 0 else data.append(frame)
    assert isinstance(data, SFrame)
    model = create(data, model="efficientnet-lite0", verbose=False, store=False)
    return Season(model, data)


def _with(season: "Season", parts: Any) -> "Season":
    from helpers.season.season import Season

    return Season(season.model, season.data, parts=parts)


def _shown(truth: Path, column: str) -> Dict[str, str]:
    with truth.open(encoding="utf-8", newline="") as lines:
        return {line["path"]: line[column] for line in reversed(list(csv.DictReader(lines)))}


def _measured(
    work: str, season: "Season", word: str, truth: "np.ndarray", counted: "np.ndarray"
) -> Tuple[str, int, int, Dict[str, Any]]:
    """AUC and precision@10 of a word among the photos that count, each with its interval by events."""
    import numpy as np

    frame = season.search(text=word, k=None, per="photo", hide_people=False)
    scores = np.full(len(truth), -1.0)
    for line in frame:
        scores[season.collection.row(line["reference_label"])] = line["score"]
    scores, truth, events = scores[counted], truth[counted], season.event_of_photo[counted]
    of_event = [np.flatnonzero(events == event) for event in np.unique(events)]
    random = np.random.default_rng(0)
    drawn = []
    for _ in range(_RESAMPLES):
        photos = np.concatenate([of_event[event] for event in random.integers(len(of_event), size=len(of_event))])
        if 0 < truth[photos].sum() < len(photos):
            drawn.append(_figures(scores[photos], truth[photos]))
    ends = np.percentile(drawn, (2.5, 97.5), axis=0)
    values = _figures(scores, truth)
    measures = {
        name: (float(value), float(low), float(high))
        for name, value, low, high in zip(("AUC", f"precision@{K}"), values, *ends)
    }
    return work, int(truth.sum()), len(truth), measures


def _figures(scores: "np.ndarray", truth: "np.ndarray") -> Tuple[float, float]:
    from sklearn.metrics import roc_auc_score

    from helpers.similarity.word_scores import best

    return float(roc_auc_score(truth, scores)), float(truth[best(scores, K)].mean())


def timed() -> Dict[str, Any]:
    """Milliseconds of the slowest word of 100,000 made-up features, and the seconds before the first."""
    import numpy as np

    from helpers.networks.classifier import classifier_of
    from helpers.networks.load import load_network
    from helpers.similarity.word_scores import WordScores
    from helpers.similarity.word_search import WordQuery, found_in_words

    classifier = classifier_of(load_network("efficientnet-lite0", progress=False))
    features = np.abs(np.random.default_rng(0).standard_normal((PHOTOS, 1280), dtype=np.float32))
    start = time.perf_counter()
    scores = WordScores.of(features, classifier)
    once = time.perf_counter() - start
    slowest = 0.0
    for text in _ASKED:
        taken = []
        for _ in range(6):
            begun = time.perf_counter()
            query = WordQuery.of(text)
            found = found_in_words(scores.of_words(query.words), np.ones(PHOTOS, bool), 10)
            query.names_of(scores, found.rows)
            taken.append(time.perf_counter() - begun)
        slowest = max(slowest, sorted(taken[1:])[2])
    return {"seconds": once, "once": once, "milliseconds": 1000 * slowest}
