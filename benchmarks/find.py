"""How well `find_animals` finds the animals of field cameras: on real photos, where they are at hand, and drawn ones.

The real ones are the forest of `benchmarks.animals`, and `../shared/data/fieldcam`: 111 photos of two cameras in Peru,
animals and blanks judged by eye, with boxes drawn by hand. What are neither animals nor blanks count for nothing. A box
fits from an overlap of 0.3 on (the area in both, as a share of that in either).
"""

import csv
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from benchmarks.animals import FOREST, SetOfPhotos, scores_of, sets
from benchmarks.bench import Bench
from benchmarks.process import ROOT, Task
from benchmarks.table import Row, row

if TYPE_CHECKING:
    import numpy as np

    from helpers.season.detection.detections import Detections

FIELDCAM = ROOT.parent / "shared" / "data" / "fieldcam"
_FITS = 0.3
_THRESHOLD = 0.2
_DRAWN = "drawn season"
_EVERY = 2  # event of the drawn season is taken
_FOLDERS = {"forest": FOREST, "fieldcam": FIELDCAM, _DRAWN: None}
_SHARES = {
    "animals whose best box fits": 0.70,
    f"animals with a box that fits, of those from {_THRESHOLD} on": None,
    "AUC, animal against blank": 0.93,
}


class Judged(NamedTuple):
    """A set of photos of which it is known what they show."""

    photos: Path
    boxes: Path  # of the animals, drawn by hand
    shows: Dict[str, str]  # path → animal or blank
    layout: str = "{site}/{camera}"


def rows(bench: Bench) -> Iterator[Row]:
    """The table: how many are found, how many boxes are wrong, how fast it is, and what the boxes are worth."""
    environment = {"KINFRAME_CACHE": str(bench.scratch / "cache")}
    arguments = {"scratch": str(bench.scratch)}
    for place, folder in _FOLDERS.items():
        if folder is not None and not folder.is_dir():
            yield row(place, None, "", "", None, note=f"not at hand: {folder}")
            continue
        task = Task("benchmarks.find:measure", {**arguments, "place": place}, environment=environment)
        for precision, figures in bench.runner.run(task, f"finding animals: {place}")["found"].items():
            yield from _rows_of(f"{place}, {precision}", figures)
    if FOREST.is_dir():
        task = Task("benchmarks.find:worth", {**arguments, "network": bench.builtin()}, environment=environment)
        worth = bench.runner.run(task, "what found boxes are worth")
        for way, measures in worth["found"].items():
            for measure, (value, low, high, count) in measures.items():
                drawn = worth["drawn"][way][measure][0]
                note = f"95 %: {low:.2f} to {high:.2f}, {count} queries"
                yield row(f"forest, {way}: {measure}", value, "precision", "boxes drawn by hand", drawn, note=note)


def _rows_of(work: str, figures: Dict[str, Any]) -> Iterator[Row]:
    for name, wanted in _SHARES.items():
        value, low, high = figures[name]
        note = f"95 %: {low:.2f} to {high:.2f}; {figures['animals']} animals, {figures['blanks']} blanks"
        yield row(f"{work}: {name}", value, "precision", "what we want" if wanted else "", wanted, note=note)
    note = f"of animals {figures['animals above']:.2f}, of blanks {figures['blanks above']:.2f} score {_THRESHOLD}"
    yield row(f"{work}: boxes in a blank photo", figures["wrong"], "boxes", "", None, note=note)
    note = f"from the file to the boxes; {figures['spent']:.2f} s of one core a photo"
    yield row(f"{work}: speed", figures["speed"], "photos/s", "what we want", 8.0, note=note)


def measure(scratch: str, place: str) -> Dict[str, Any]:
    """The figures of a set by precision; the drawn season in the faster one alone."""
    from helpers.networks.runtime import has_bf16

    start = time.perf_counter()
    judged = judged_sets(Path(scratch))[place]
    precisions = ["bf16", "fp32"] if has_bf16() else ["fp32"]
    found = {
        precision: figures_of(judged, precision, Path(scratch) / f"found-{place}-{precision}.json")
        for precision in (precisions[:1] if place == _DRAWN else precisions)
    }
    return {"seconds": time.perf_counter() - start, "found": found}


def worth(scratch: str, network: str) -> Dict[str, Any]:
    """What boxes that were found on the forest are worth beside those that were drawn by hand."""
    start = time.perf_counter()
    forest = sets(Path(scratch))["forest"]
    ways: Dict[str, Dict[str, float]] = {"box and surroundings": {}}
    file = next(Path(scratch) / f"found-forest-{name}.json" for name in ("bf16", "fp32") if _found(scratch, name))
    found = scores_of(SetOfPhotos(forest.photos, file, forest.truth), network, ways)
    drawn = scores_of(forest, network, ways)
    return {"seconds": time.perf_counter() - start, "found": found, "drawn": drawn}


def _found(scratch: str, precision: str) -> bool:
    return (Path(scratch) / f"found-forest-{precision}.json").exists()


def judged_sets(scratch: Path) -> Dict[str, Judged]:
    """The sets that are at hand."""
    found = {}
    for name, of_set in sets(scratch).items():
        if name == _DRAWN:
            found[name] = Judged(of_set.photos, of_set.boxes, _drawn(of_set.truth))
        else:
            found[name] = Judged(of_set.photos, of_set.boxes, {})
    if FIELDCAM.is_dir():
        with (FIELDCAM.parent / "fieldcam-truth.csv").open(encoding="utf-8", newline="") as lines:
            shows = {line["path"]: line["shows"] for line in csv.DictReader(lines)}
        found["fieldcam"] = Judged(FIELDCAM, ROOT / "tests" / "support" / "fieldcam-boxes.json", shows)
    return found


def _drawn(truth: Path) -> Dict[str, str]:
    """What the photos of every second event show."""
    kinds = {"blank": "blank", "person": "person"}
    with truth.open(encoding="utf-8", newline="") as lines:
        every = list(csv.DictReader(lines))
    events = sorted({int(line["event"]) for line in every})[::_EVERY]
    return {line["path"]: kinds.get(line["species"], "animal") for line in every if int(line["event"]) in events}


def figures_of(judged: Judged, precision: str, file: Path) -> Dict[str, Any]:
    """The figures of one set; the boxes are left in the file."""
    import numpy as np

    from helpers.photos.events import add_events
    from helpers.photos.load import load_photos
    from helpers.season import find_animals, read_detections

    cards, _ = load_photos(judged.photos, layout=judged.layout, progress=False)
    if judged.shows:
        cards = cards[cards["path"].apply(lambda path: int(path in judged.shows))]
    find_animals(cards[:2], precision=precision, store=False, progress=False)  # the network is compiled once
    start, spent = time.perf_counter(), time.process_time()
    found = find_animals(cards, precision=precision, store=False, progress=False)
    seconds, spent = time.perf_counter() - start, time.process_time() - spent
    found.save(file)
    drawn = read_detections(judged.boxes, cards, progress=False).above(0)
    shows = [judged.shows.get(path) for path in cards["path"]] if judged.shows else _by_boxes(drawn)
    events = np.array(add_events(cards)["event"])
    pace = {"speed": len(cards) / seconds, "spent": spent / len(cards)}
    return {**_scored(found.above(0), drawn, np.array(shows), events), **pace}


def _by_boxes(drawn: "Detections") -> List[Optional[str]]:
    return ["animal" if animal else "blank" for animal in drawn.animals.tolist()]


def _scored(found: "Detections", drawn: "Detections", shows: "np.ndarray", events: "np.ndarray") -> Dict[str, Any]:
    import numpy as np

    best = np.zeros(len(shows))
    np.maximum.at(best, found.rows, found.scores)
    animals, blanks = np.flatnonzero(shows == "animal"), np.flatnonzero(shows == "blank")
    first = np.array([_fits(found, drawn, row, alone=True) for row in animals])
    some = np.array([_fits(found, drawn, row, alone=False) for row in animals])
    names = iter(_SHARES)
    counted = found.rows[found.scores >= _THRESHOLD]
    return {
        next(names): _with_interval(lambda places: float(first[places].mean()), events[animals]),
        next(names): _with_interval(lambda places: float(some[places].mean()), events[animals]),
        next(names): _auc(best, animals, blanks, events),
        "animals": len(animals),
        "blanks": len(blanks),
        "wrong": float(np.isin(counted, blanks).sum()) / max(1, len(blanks)),
        "animals above": float((best[animals] >= _THRESHOLD).mean()),
        "blanks above": float((best[blanks] >= _THRESHOLD).mean()),
    }


def _fits(found: "Detections", drawn: "Detections", row: int, *, alone: bool) -> bool:
    """Whether the photo's best box, or any that scores enough, overlaps one that was drawn."""
    boxes = found.boxes[(found.rows == row) & (alone | (found.scores >= _THRESHOLD))][: 1 if alone else None]
    return any(_overlap(box, other) >= _FITS for box in boxes for other in drawn.boxes[drawn.rows == row])


def _overlap(first: "np.ndarray", second: "np.ndarray") -> float:
    import numpy as np

    sides = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
    both = float(np.prod(np.maximum(sides, 0)))
    return both / float(np.prod(first[2:] - first[:2]) + np.prod(second[2:] - second[:2]) - both)


def _auc(
    scores: "np.ndarray", animals: "np.ndarray", blanks: "np.ndarray", events: "np.ndarray"
) -> Tuple[float, float, float]:
    import numpy as np

    rows = np.concatenate([animals, blanks])

    def area(places: "np.ndarray") -> float:
        right, wrong = (scores[rows[places[(places < len(animals)) == of]]] for of in (True, False))
        if not len(right) or not len(wrong):
            return float("nan")
        return float((right[:, None] > wrong).mean() + (right[:, None] == wrong).mean() / 2)

    return _with_interval(area, events[rows])


def _with_interval(of: Any, events: "np.ndarray") -> Tuple[float, float, float]:
    """A figure of places, and where it lies 95 of 100 times when events are drawn again."""
    import numpy as np

    groups = [np.flatnonzero(events == event) for event in np.unique(events)]
    random = np.random.default_rng(0)
    drawn = [
        of(np.concatenate([groups[each] for each in random.integers(0, len(groups), len(groups))])) for _ in range(500)
    ]
    low, high = np.nanpercentile(drawn, (2.5, 97.5))
    return of(np.arange(len(events))), float(low), float(high)
