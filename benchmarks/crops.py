"""Parts of photos through the network, as they are cut out where a detector found something, beside whole photos.

Boxes are drawn at random, of 10 to 40 % of the photo's sides, as animals are seen
by field cameras.
"""

import tempfile
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

from benchmarks.bench import Bench
from benchmarks.process import Task
from benchmarks.table import Row, row

_SEED = 7
_SMALLEST, _LARGEST = 0.1, 0.4  # of a photo's sides
_SMALL = 500  # photos


def rows(bench: Bench) -> Iterator[Row]:
    """Large photos and small ones, with a box and with three in each, and the second time."""
    environment = {"KINFRAME_CACHE": str(bench.scratch / "cache")}
    for kind, count, said in (("large", bench.large, "12 megapixels"), ("small", _SMALL, "320 x 240")):
        arguments = {"folder": bench.photos(kind, count), "network": bench.builtin()}
        found = bench.runner.run(Task("benchmarks.crops:measure", arguments, environment=environment), f"parts, {kind}")
        whole = found["photos"] / found["whole"]
        for each, seconds in zip(found["each"], found["parts"]):
            note = f"{found['photos']} photos with {each} boxes each, cut out and put through the network"
            work = f"parts of photos, {said}, {each} each"
            yield row(work, each * found["photos"] / seconds, "parts/s", "whole photos", whole, note=note)
        again = f"{found['last']} parts whose features are kept"
        yield row(
            f"parts of photos, {said}, the second time",
            found["again"],
            "s",
            "first time",
            found["parts"][-1],
            note=again,
        )


def measure(folder: str, network: str, each: Tuple[int, ...] = (1, 3)) -> Dict[str, Any]:
    """Seconds for whole photos, for so many parts of each, and for the last parts once more."""
    from helpers.features.embedding import embed
    from helpers.photos.load import load_photos
    from helpers.season.parts import Parts
    from helpers.similarity.build import create

    data, _ = load_photos(folder, progress=False)
    parts: List[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        store = Path(scratch) / "kept.kinframe"
        images = list(data["image"])
        settled = embed(images[:2], network, precision="fp32", progress=False).settled  # the network is ready
        start = time.perf_counter()
        embed(images, settled, progress=False, store=store)
        whole = time.perf_counter() - start
        model = create(data, model=network, precision="fp32", verbose=False, store=store)
        for count in each:
            boxes = boxes_for(model.labels, count)
            start = time.perf_counter()
            Parts.of(model, boxes, progress=False)
            parts.append(time.perf_counter() - start)
        start = time.perf_counter()
        Parts.of(model, boxes, progress=False)
        again = time.perf_counter() - start
    return {
        "photos": model.num_examples,
        "whole": whole,
        "each": list(each),
        "parts": parts,
        "again": again,
        "last": len(boxes),
    }


def boxes_for(labels: List[Any], count: int) -> List[Tuple[Any, Tuple[float, float, float, float]]]:
    """`count` boxes in each photo, others for each count."""
    import numpy as np

    rng = np.random.default_rng((_SEED, count))
    boxes = []
    for label in labels:
        for wide, high in rng.uniform(_SMALLEST, _LARGEST, (count, 2)):
            left, top = rng.uniform(0, 1 - wide), rng.uniform(0, 1 - high)
            boxes.append((label, (left, top, left + wide, top + high)))
    return boxes
