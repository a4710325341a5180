"""Duplicates: made copies found again among other photos, and 10,000 photos in seconds and MB.

Of 500 originals, 199 are the drawn robots that come with Kinframe, the others
and what they are hidden among are made photos. Of each kind of copy, recall is
the share that is in a group with its original; precision is the share, of
those that are in a group, whose group's best photo is of the same original.
"""

import shutil
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List

from benchmarks import again
from benchmarks.bench import Bench
from benchmarks.child import peak_memory
from benchmarks.made_photos import copies
from benchmarks.process import ROOT, Task
from benchmarks.table import Row, row

_ORIGINALS, _OTHERS = 500, 5_000
_KIND = "picture"


def rows(bench: Bench) -> Iterator[Row]:
    """Recall beside precision for each kind; then time and memory, and how fast a threshold is."""
    folder = bench.scratch / "duplicates"
    environment = {"KINFRAME_CACHE": str(bench.scratch / "cache")}
    arguments = {"folder": str(folder), "network": bench.builtin(), "originals": _ORIGINALS, "others": _OTHERS}
    found = bench.runner.run(
        Task("benchmarks.duplicates:measure", arguments, environment=environment), "duplicates, made copies"
    )
    among = f"{_ORIGINALS} of them and their originals among {_OTHERS:,} other photos"
    for name, (recall, precision) in found["kinds"].items():
        yield row(f"copies, {name}: recall", recall, "recall", "their precision", precision, note=among)
    note = f"of {found['rest']:,}; {found['wrong']} of {found['grouped']:,} copies have another photo's copy for best"
    yield row("other photos that are in a group", found["strangers"], "photos", "", None, note=note)
    again.first_time(bench)
    task = Task("benchmarks.duplicates:many", {"saved": again.saved(bench)}, environment=environment)
    many = bench.runner.run(task, f"duplicates of {bench.collection:,} photos")
    photos = f"{bench.collection:,} photos, duplicates"
    note = f"{many['read']:.0f} photos/s are read and hashed, which is kept; then {many['again']:.1f} s"
    yield row(f"{photos}: pictures", many["seconds"], "s", "", None, note=note)
    note = f"{many['before']:.0f} MB are the model's; the most of all kinds"
    yield row(f"{photos}: peak memory", many["peak"], "MB", "", None, note=note)
    note = f"groups at ten other thresholds, the slowest; pictures {many['slide']:.0f} ms"
    yield row(f"{photos}: near", many["near"], "s", "", None, note=f"neighbours and groups; {note}")
    yield row(f"{photos}: near, a threshold", many["slide_near"], "ms", "what we want", 500.0, note=note)


def measure(folder: str, network: str, originals: int, others: int) -> Dict[str, Any]:
    """Recall and precision by kind, from a collection that is made in `folder`."""
    from benchmarks.made_photos import photos
    from helpers import tc
    from helpers.collection.duplicates.duplicates import find_duplicates
    from helpers.photos.load import load_photos

    place = Path(folder)
    robots = sorted(path for path in (ROOT / "data" / "robots").glob("*/*") if path.suffix.lower() != ".csv")
    drawn = robots[: originals // 2]
    photos.make("small", 0, originals - len(drawn) + others, str(place / "photos"))
    (place / "robots").mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(drawn):
        shutil.copy(str(path), str(place / "robots" / f"{number:03d}{path.suffix}"))
    made = sorted((place / "photos").iterdir())[: originals - len(drawn)]
    sources = sorted((place / "robots").iterdir()) + made
    copies.make(sources, place / "copies")
    data, _ = load_photos(place, progress=False)
    model = tc.image_similarity.create(data, model=network, verbose=False)
    start = time.perf_counter()
    found = find_duplicates(model, _KIND, progress=False)
    seconds = time.perf_counter() - start
    kinds = list(copies.KINDS)
    of = {path.relative_to(place).as_posix(): number for number, path in enumerate(sources)}
    is_kind: Dict[str, str] = {}
    for number in range(len(sources)):
        for each, kind in enumerate(kinds):
            of[f"copies/{number}-{each}.jpg"] = number
            is_kind[f"copies/{number}-{each}.jpg"] = kind
    groups: List[List[str]] = [[model.name_of(label) for label in group] for group in found.groups]
    right, hits, grouped = dict.fromkeys(kinds, 0), dict.fromkeys(kinds, 0), dict.fromkeys(kinds, 0)
    strangers = 0
    for group in groups:
        with_original = {of[name] for name in group if name in of and name not in is_kind}
        strangers += sum(name not in of for name in group)
        for name in group:
            if name in is_kind:
                kind = is_kind[name]
                hits[kind] += of[name] in with_original
                grouped[kind] += 1
                right[kind] += of.get(group[0]) == of[name]
    return {
        "seconds": seconds,
        "kinds": {kind: (hits[kind] / len(sources), right[kind] / max(1, grouped[kind])) for kind in kinds},
        "strangers": strangers,
        "rest": others,
        "grouped": sum(grouped.values()),
        "wrong": sum(grouped.values()) - sum(right.values()),
    }


def many(saved: str) -> Dict[str, Any]:
    """Time and memory for a model from disk, and for ten thresholds."""
    from helpers import tc
    from helpers.collection.duplicates.finder import DuplicateFinder
    from helpers.collection.duplicates.fingerprints import fingerprints
    from helpers.files.cache import cache_folder

    model = tc.load_model(saved)
    photos = list(zip(model.collection.sources, model.collection.identities))
    kept = cache_folder() / "perceptual.kinframe"
    if kept.exists():
        kept.unlink()
    before, start = peak_memory(), time.perf_counter()
    fingerprints(photos)
    read = time.perf_counter() - start
    pictures, first = _timed(lambda: DuplicateFinder(model, "picture", progress=False))
    nears, near = _timed(lambda: DuplicateFinder(model, "near", progress=False))
    return {
        "seconds": read + first,
        "again": first,
        "read": len(photos) / read,
        "near": near,
        "slide": 1e3 * max(_slides(pictures)),
        "slide_near": 1e3 * max(_slides(nears)),
        "before": before,
        "peak": peak_memory(),
    }


def _slides(finder: Any) -> List[float]:
    return [_timed(lambda part=part: finder.groups(part / 10 * finder.farthest))[1] for part in range(1, 11)]


def _timed(work: Any) -> Any:
    start = time.perf_counter()
    done = work()
    return done, time.perf_counter() - start
