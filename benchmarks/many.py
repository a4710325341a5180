"""Many photos in one go: the folder, the model, a query; the same a second time; and the explorer's first screen.

The photos are small ones, 320 x 240 and about 15 kB, which the benchmark makes
before: what is measured is all that a person waits for who has such files. The
precision is bf16 where the processor has it, and fp32 elsewhere: of pictures
that look like nothing none is much nearer than the others, so that `auto` finds
too little agreement to take it (the section `auto` has its times). Then ten
times as many by their features alone.

python -m benchmarks --only many                       5,000 photos, within three minutes
python -m benchmarks --only many --photos 100000       and 1,000,000 by their features
"""

import statistics
import time
from pathlib import Path
from typing import Any, Dict, Iterator, Optional

from benchmarks import again
from benchmarks.bench import Bench
from benchmarks.child import peak_memory
from benchmarks.explorer import FIRST
from benchmarks.process import Task
from benchmarks.table import Row, row
from helpers.networks.runtime import has_bf16

LEAST = 100
_WANTED = 600 / 100_000  # seconds a photo, from the folder to the model, on a processor with bf16
_TIMES = 10  # as many by their features alone
_DIFFERENT = 1_000  # photos that these are made of
_ASKED = 50
_WE_WANT = "what we want"


def rows(bench: Bench) -> Iterator[Row]:
    """Seconds, photos a second and memory, the first time and the second; a query; the explorer."""
    count, cache = bench.many, str(bench.scratch / "cache")
    folder, network = bench.photos("small", count), bench.builtin()
    store, saved = bench.scratch / "many.kinframe", bench.scratch / "many.model"
    again.forget(store, saved)
    bench.forget_precisions()
    precision = "bf16" if has_bf16() else "fp32"
    photos, environment = f"{count:,} small photos, {Path(network).name} {precision}", {"KINFRAME_CACHE": cache}

    def task(**more: str) -> Task:
        arguments = {"folder": folder, "network": network, "precision": precision, "store": str(store), **more}
        return Task("benchmarks.many:measure", arguments, environment=environment)

    first = bench.runner.run(task(save=str(saved)), f"{count:,} photos, the first time")
    yield from _times(f"folder to model, {photos}, the first time", first, _WE_WANT, count * _WANTED)
    second = bench.runner.run(task(), f"{count:,} photos, the second time")
    yield from _times(f"folder to model, {photos}, the second time", second, "the first time", first["seconds"])
    yield from _queries(photos, second)
    opened = Task("benchmarks.explorer:opened", {"model": str(saved), "cache": cache}, environment=environment)
    seen = bench.runner.attempt(opened, f"the explorer, {count:,} photos")
    note = seen.error or f"the widget itself is made in {seen.best['made']:.0f} ms before"
    yield row(f"the explorer's first screen, {photos}", seen.best.get("first"), "ms", _WE_WANT, FIRST, note=note)
    yield from _alone(bench, _TIMES * count)


def _alone(bench: Bench, count: int) -> Iterator[Row]:
    """A model of so many made features, opened and asked."""
    model = str(bench.scratch / f"features-{count}.model")
    environment = {"KINFRAME_CACHE": str(bench.scratch / "cache")}
    arguments = {"folder": bench.photos("small", _DIFFERENT), "model": model, "each": max(1, count // _DIFFERENT)}
    made = Task("benchmarks.explorer:make_model", arguments, environment=environment)
    bench.runner.run(made, f"making {count:,} features")
    asked = Task("benchmarks.many:ask", {"saved": model}, environment=environment)
    found = bench.runner.run(asked, f"a model of {count:,} features")
    photos = f"{found['photos']:,} photos by their features alone"
    yield row(f"opening a saved model, {photos}", found["seconds"], "s", "", None, note=found["size"])
    yield row(f"peak memory, {photos}", found["peak"], "MB", "", None, note="with what is shared with other processes")
    yield from _queries(photos, found)


def _times(work: str, found: Dict[str, Any], peer: str, theirs: float) -> Iterator[Row]:
    rate = found["photos"] / found["seconds"]
    note = f"{rate:.0f} photos/s: folder {found['load']:.1f} s, model {found['model']:.1f} s"
    note += f"; {found['cpu']:.3g} s of processor time, {found['busy']:.2f} cores busy"
    yield row(work, found["seconds"], "s", peer, theirs, note=note)
    yield row(f"peak memory, {work}", found["peak"], "MB", "", None, note=found["size"])


def _queries(photos: str, found: Dict[str, Any]) -> Iterator[Row]:
    note = f"median of {_ASKED}, after a first one of {found['first_query']:.0f} ms"
    yield row(f"one query, {photos}", found["query"], "ms", "", None, note=note)


def measure(folder: str, network: str, precision: str, store: str, save: Optional[str] = None) -> Dict[str, Any]:
    """Folder to model and queries, in this process. Importing what a notebook imports is not counted."""
    from helpers import tc
    from helpers.photos.load import load_photos

    create = tc.image_similarity.create
    start, worked = time.perf_counter(), time.process_time()
    data, _ = load_photos(folder, progress=False)
    load = time.perf_counter() - start
    model = create(data, model=network, precision=precision, store=store, verbose=False)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    answer = {"seconds": seconds, "load": load, "model": seconds - load, "busy": worked / seconds}
    answer.update(_asked(model), cpu=worked)
    if save is not None:
        model.save(save)
    return answer


def ask(saved: str) -> Dict[str, Any]:
    """Open a saved model and ask."""
    from helpers import tc

    start = time.perf_counter()
    model = tc.load_model(saved)
    return {"seconds": time.perf_counter() - start, **_asked(model)}


def _asked(model: Any) -> Dict[str, Any]:
    """Milliseconds of queries with photos of the collection, and the memory up to then."""
    taken = []
    for number in range(_ASKED + 1):
        start = time.perf_counter()
        found = model.search(like=model.labels[number * 7919 % model.num_examples], k=10)
        taken.append(1000 * (time.perf_counter() - start))
        assert len(found) == min(10, model.num_examples)
    features = f"its features are {model.vectors.nbytes / 1e6:,.0f} MB"
    figures = {"photos": model.num_examples, "peak": peak_memory(), "size": features}
    return {**figures, "first_query": taken[0], "query": statistics.median(taken[1:])}
