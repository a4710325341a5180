"""Duplicates: made copies found again among other photos, and 10,000 photos in seconds and MB.

Of 500 originals, 199 are the drawn robots that come with Kinframe, the others
and what they are hidden among are made photos. Of each kind of copy, recall is
the share that is in a group with its original; precision is the share, of
those that are in a group, whose group's best photo is of the same original.

Then the same for pictures that are hard: skies, snow, fog and night, which are
drawn; the bursts of real field cameras and other real photos, where
`../shared/data` has them; and the folder of small photos, which may be one of
your own (`--small`). Copies keep the date of their photo. Originals that are
grouped among themselves count as one: whether they are, somebody has to see.
"""

import shutil
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

from benchmarks import again
from benchmarks.bench import Bench
from benchmarks.child import peak_memory
from benchmarks.made_photos import copies, skies
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
    for name, folder in {**dict.fromkeys(skies.KINDS), **_real(bench)}.items():
        arguments = {"name": name, "folder": folder, "place": str(bench.scratch / "hard"), "network": bench.builtin()}
        yield _hard_row(bench.runner.run(Task("benchmarks.duplicates:hard", arguments, environment=environment), name))
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


def _real(bench: Bench) -> Dict[str, str]:
    shared = ROOT.parent / "shared" / "data"
    folders = [shared / name for name in ("fieldcam", "forest", "owls", "cartoons")]
    return {folder.name: str(folder) for folder in [*folders, bench.small] if folder.is_dir()}


def _hard_row(found: Dict[str, Any]) -> Row:
    kinds = ", ".join(f"{kind} {recall:.2f} / {precision:.2f}" for kind, (recall, precision) in found["kinds"].items())
    note = (
        f"recall / precision of {kinds}; of {found['originals']} originals, {found['pairs']:,} pairs, "
        f"{found['joined']} are grouped with another"
    )
    return row(
        f"copies, {found['name']}: recall", found["recall"], "recall", "their precision", found["precision"], note=note
    )


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
    of = {path.relative_to(place).as_posix(): number for number, path in enumerate(sources)}
    counted = _counted(model, found, of)
    return {"seconds": seconds, "rest": others, **counted}


def hard(name: str, folder: Optional[str], place: str, network: str, most: int = 30, drawn: int = 24) -> Dict[str, Any]:
    """The same for the photos of a folder, `most` of them, or for drawn ones of a kind."""
    from helpers import tc
    from helpers.collection.duplicates.duplicates import find_duplicates
    from helpers.photos.load import load_photos

    shutil.rmtree(place, ignore_errors=True)
    originals = Path(place) / "originals"
    originals.mkdir(parents=True)
    if folder is None:
        for seed in range(drawn):
            skies.KINDS[name](seed).save(originals / f"{seed:03d}.jpg", quality=92)
    else:
        files = [Path(file) for file in load_photos(folder, progress=False)[0]["file"]]
        for number, file in enumerate(files[:: max(1, len(files) // most)]):
            shutil.copy(str(file), str(originals / f"{number:04d}{file.suffix}"))
    sources = sorted(originals.iterdir())
    of = {path.relative_to(place).as_posix(): number for number, path in enumerate(sources)}

    def grouped() -> Any:
        model = tc.image_similarity.create(load_photos(place, progress=False)[0], model=network, verbose=False)
        return model, find_duplicates(model, _KIND, progress=False)

    alone, twice = grouped()
    for group in twice.groups:
        of.update(dict.fromkeys((alone.name_of(label) for label in group), of[alone.name_of(group[0])]))
    copies.make(sources, Path(place) / "copies")
    counted = _counted(*grouped(), of)
    count = len(copies.KINDS) * len(sources)
    return {
        "name": name,
        "originals": len(sources),
        "pairs": len(sources) * (len(sources) - 1) // 2,
        "joined": sum(map(len, twice.groups)),
        "recall": counted["found"] / count,
        "precision": 1 - counted["wrong"] / max(1, counted["grouped"]),
        "kinds": counted["kinds"],
    }


def _counted(model: Any, found: Any, of: Dict[str, int]) -> Dict[str, Any]:
    """Recall and precision of the copies `copies/number-kind.jpg` of the photos `of`, path → what it shows."""
    kinds = list(copies.KINDS)
    shows, is_kind = dict(of), {}
    for number, original in enumerate(list(of)):
        for each, kind in enumerate(kinds):
            shows[f"copies/{number}-{each}.jpg"] = of[original]
            is_kind[f"copies/{number}-{each}.jpg"] = kind
    right, hits, grouped = dict.fromkeys(kinds, 0), dict.fromkeys(kinds, 0), dict.fromkeys(kinds, 0)
    strangers = 0
    for group in ([model.name_of(label) for label in group] for group in found.groups):
        with_original = {of[name] for name in group if name in of}
        strangers += sum(name not in shows for name in group)
        for name in group:
            if name in is_kind:
                kind = is_kind[name]
                hits[kind] += shows[name] in with_original
                grouped[kind] += 1
                right[kind] += shows.get(group[0]) == shows[name]
    return {
        "kinds": {kind: (hits[kind] / len(of), right[kind] / max(1, grouped[kind])) for kind in kinds},
        "strangers": strangers,
        "found": sum(hits.values()),
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
