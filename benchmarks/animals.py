"""How well the feature of an animal finds its species: on real photos, where they are at hand, and on drawn ones.

The real ones are `../shared/data/forest`: 92 photos of a forest in Uruguay, two sites, with boxes drawn by hand
(CC-BY-SA, github.com/jumanbar/curso_camtrapR). The drawn ones are those of `tools/draw_season.py`.

Same-site AUC: for each animal, how often one of its species at the same site, in another event, is nearer than one of
another species there. What a site's background gives away counts for nothing.
"""

import csv
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, NamedTuple, Tuple

from benchmarks.bench import Bench
from benchmarks.process import ROOT, Task
from benchmarks.table import Row, row

if TYPE_CHECKING:
    import numpy as np

    from helpers.season.season import Season

FOREST = ROOT.parent / "shared" / "data" / "forest"
K = 5
_UNKNOWN = "Desconocida"  # what the forest's observers wrote where they did not know
_WAYS: Dict[str, Dict[str, float]] = {
    "box alone": {"surroundings": 0},
    "box with a margin of 0.5": {"surroundings": 0, "margin": 0.5},
    "box with a margin of 1": {"surroundings": 0, "margin": 1},
    "box and surroundings": {},
    "box and surroundings, as much": {"surroundings": 1},
}
_BEFORE = "whole photo"


class SetOfPhotos(NamedTuple):
    """Photos whose species are known, with boxes."""

    photos: Path
    boxes: Path
    truth: Path  # CSV of path and species
    layout: str = "{site}/{camera}"


def sets(scratch: Path) -> Dict[str, SetOfPhotos]:
    """The sets that are at hand; the season is drawn first."""
    drawn = scratch / "season"
    if not drawn.exists():
        subprocess.run([sys.executable, str(ROOT / "tools" / "draw_season.py"), str(drawn)], check=True)
    found = {"drawn season": SetOfPhotos(drawn / "photos", drawn / "megadetector.json", drawn / "truth.csv")}
    if FOREST.is_dir():
        found["forest"] = SetOfPhotos(FOREST, FOREST / "boxes.json", FOREST / "truth.csv")
    return found


def rows(bench: Bench) -> Iterator[Row]:
    """Both measures of each way on each set, beside the whole photo."""
    environment = {"KINFRAME_CACHE": str(bench.scratch / "cache")}
    arguments = {"scratch": str(bench.scratch), "network": bench.builtin()}
    found = bench.runner.run(Task("benchmarks.animals:measure", arguments, environment=environment), "animals")
    for name, ways in found["sets"].items():
        for way, measures in ways.items():
            if way == _BEFORE:
                continue
            for measure, (value, low, high, count) in measures.items():
                note = f"95 %: {low:.2f} to {high:.2f}, {count} queries"
                work = f"{name}, {way}: {measure}"
                yield row(work, value, "precision", _BEFORE, ways[_BEFORE][measure][0], note=note)
    if "forest" not in found["sets"]:
        yield row("forest", None, "", "", None, note=f"not at hand: {FOREST}")


def measure(scratch: str, network: str) -> Dict[str, Any]:
    """By set, way and measure: the mean, the ends of its interval, and how many queries."""
    import time

    start = time.perf_counter()
    scores = {name: scores_of(photos, network) for name, photos in sets(Path(scratch)).items()}
    return {"seconds": time.perf_counter() - start, "sets": scores}


def scores_of(
    photos: SetOfPhotos, network: str, ways: Dict[str, Dict[str, float]] = _WAYS
) -> Dict[str, Dict[str, Tuple[float, float, float, int]]]:
    """By way and measure: the mean, the ends of its interval by events, and how many queries."""
    from helpers.photos.load import load_photos
    from helpers.season.detection.read_results import read_detections
    from helpers.season.parts import Parts
    from helpers.season.scores import species_precision
    from helpers.season.season import Season
    from helpers.similarity.build import create

    data, _ = load_photos(photos.photos, layout=photos.layout, progress=False)
    model = create(data, model=network, verbose=False, store=False)
    detections = read_detections(photos.boxes, data, progress=False)
    species = species_in(photos.truth, model.names)
    seasons: Dict[str, Callable[[], Season]] = {_BEFORE: lambda: Season(model)}
    for name, options in ways.items():
        seasons[name] = lambda options=options: Season(model, parts=Parts.of(model, detections, **options))
    scores = {}
    for name, made in seasons.items():
        season = made()
        by_site = same_site(season, species)
        precision = species_precision(season, species, K, progress=False)
        low, high = precision.interval or (0.0, 0.0)
        scores[name] = {
            "same-site AUC": by_site,
            f"precision@{K} over other events": (precision.precision, low, high, precision.queries),
        }
    return scores


def species_in(truth: Path, names: List[str]) -> List[Any]:
    """What each photo shows: its first species, None for none."""
    from helpers.season.scores import NOTHING

    shown: Dict[str, List[str]] = {}
    with truth.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            shown.setdefault(line["path"], []).append(line["species"])
    return [next((each for each in shown.get(name, []) if each not in (*NOTHING, _UNKNOWN)), None) for name in names]


def same_site(season: "Season", species: List[Any]) -> Tuple[float, float, float, int]:
    """The mean of the same-site AUC over animals, the ends of its interval by events, and how many animals."""
    import numpy as np

    from helpers.features.distance import Distance
    from helpers.similarity.evaluation.intervals import intervals

    features, rows = season.searched.vectors, season.searched.rows
    shown = np.array([species[row] or "" for row in rows], object)
    sites, events = np.array(list(season.data["site"]), object)[rows], season.event_of_photo[rows]
    distance = Distance(features, season.metric)
    areas, groups = [], []
    for place in np.flatnonzero(shown != ""):
        others = (sites == sites[place]) & (events != events[place]) & (shown != "")
        near = distance.to(distance.points(features[place][None])[0])
        right, wrong = (near[others & ((shown == shown[place]) == same)] for same in (True, False))
        if len(right) and len(wrong):
            areas.append(_area(right, wrong))
            groups.append(events[place])
    [span] = intervals(np.array(areas)[:, None], np.array(groups), 0)
    low, high = span or (0.0, 0.0)
    return float(np.mean(areas)), low, high, len(areas)


def _area(right: "np.ndarray", wrong: "np.ndarray") -> float:
    """The share of pairs in which the right one is nearer; half of those that are as near."""
    nearer, equal = right[:, None] < wrong, right[:, None] == wrong
    return float(nearer.mean() + equal.mean() / 2)
