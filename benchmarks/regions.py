"""Search by region beside search by whole photos: small toys pasted into photos, asked for by a box in another photo.

Of 200 photos, four have the same toy. Recall@10 is the share of questions that
have a photo with the toy among their first ten answers, recall@1 among the first
one; the stricter figure beside them counts how many of the four are among the ten.
"""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List

from benchmarks.bench import Bench
from benchmarks.process import Task
from benchmarks.table import Row, row

_SEED = 2026  # not one by which anything was chosen
_TOYS, _EACH = 50, 4
_K = 10
_WHOLE = "whole photos"


def rows(bench: Bench) -> Iterator[Row]:
    """Both figures, of both searches."""
    arguments = {"folder": str(bench.small), "network": bench.builtin(), "toys": bench.toys}
    environment = {"KINFRAME_CACHE": str(bench.scratch / "cache")}
    found = bench.runner.run(
        Task("benchmarks.regions:measure", arguments, environment=environment), "search by region, pasted toys"
    )
    note = (
        f"{found['asked']} boxes, {found['photos']} photos, a toy of 8 to 25 % of the width in each; "
        f"{found['regions']}, "
        f"{1000 * found['make']:.0f} ms to make; {found['search']:.0f} ms a search"
    )
    work = f"region search, {bench.network}"
    whole = found["whole"]
    for name, figure, said in (
        ("recall@10", "any", note),
        ("recall@1", "first", "the first answer has the toy"),
        ("all four among ten", "share", "the share of the four photos with the toy that is among the first ten"),
    ):
        yield row(f"{work}, {name}", found["region"][figure], "recall", _WHOLE, whole[figure], note=said)
    boxed = f"without regions: the box's own feature beside those of {_WHOLE}"
    yield row(f"{work}, box only, recall@10", found["box"]["any"], "recall", _WHOLE, whole["any"], note=boxed)


def measure(folder: str, network: str, toys: int = _TOYS, each: int = _EACH, seed: int = _SEED) -> Dict[str, Any]:
    """How well the photos with a toy are found by it."""
    import numpy as np

    from benchmarks.made_photos.toys import paste
    from helpers.features.embedding import embed
    from helpers.features.index import Index
    from helpers.photos.load import load_photos
    from helpers.similarity.regions import Regions, region_feature

    data, _ = load_photos(folder, progress=False)
    with tempfile.TemporaryDirectory() as scratch:
        made = paste([Path(file) for file in data["file"]], Path(scratch), seed=seed, toys=toys, each=each)
        among, asked = made["among"], made["asked"]
        whole = embed([photo.path for photo in [*among, *asked]], network, precision="fp32", progress=False)
        settled, index = whole.settled, Index(whole.vectors[: len(among)])
        Regions.of([among[0].path], [None], settled.loaded, progress=False)  # the network is made
        start = time.perf_counter()
        regions = Regions.of([photo.path for photo in among], [None] * len(among), settled.loaded, progress=False)
        make = (time.perf_counter() - start) / len(among)
        answers: Dict[str, List[Any]] = {"region": [], "whole": [], "box": []}
        spent = []
        for number, photo in enumerate(asked, len(among)):
            start = time.perf_counter()
            answers["region"].append(regions.search(photo.path, photo.box, _K)[0])
            spent.append(time.perf_counter() - start)
            answers["whole"].append(index.search(whole.vectors[number : number + 1], _K)[0][0])
            answers["box"].append(index.search(region_feature(photo.path, photo.box, settled)[None], _K)[0][0])
    toy_of = np.array([photo.toy for photo in among])
    figures = {
        name: _figures([toy_of[found] == photo.toy for found, photo in zip(each_found, asked)], each)
        for name, each_found in answers.items()
    }
    return {
        **figures,
        "asked": len(asked),
        "photos": len(among),
        "regions": regions.note.partition(": ")[2],
        "make": make,
        "search": 1e3 * statistics.median(spent),
    }


def _figures(hits: List[Any], each: int) -> Dict[str, float]:
    return {
        "share": statistics.mean(float(hit.sum()) / each for hit in hits),
        "first": statistics.mean(float(hit[0]) for hit in hits),
        "any": statistics.mean(float(hit.any()) for hit in hits),
    }
