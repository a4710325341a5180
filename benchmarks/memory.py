"""The most memory that a process has had once the model stands."""

from typing import Iterator

from benchmarks import again, pipeline
from benchmarks.bench import Bench
from benchmarks.process import Outcome, Task, competitor, faults
from benchmarks.table import Row, row

_FEWER = 10  # times


def rows(bench: Bench) -> Iterator[Row]:
    """Ours and Turi Create's on the small photos; then ours on ten times as many photos as before."""
    attempt = bench.runner.attempt
    ours = attempt(pipeline.small_task(bench), "memory, small photos")
    theirs = attempt(competitor(bench.turi, folder=str(bench.small)), "memory, Turi Create, small photos")
    yield _row("small photos, ResNet-50", ours, "Turi Create", theirs)
    if bench.large:
        ours = attempt(pipeline.large_task(bench), "memory, 12-megapixel photos")
        theirs = attempt(
            competitor(bench.turi, folder=bench.photos("large", bench.large)), "memory, Turi Create, 12 MP"
        )
        yield _row("12-megapixel photos, ResNet-50", ours, "Turi Create", theirs)
    count = bench.collection // _FEWER
    task = bench.ours("create", folder=bench.photos("small", count), network=bench.builtin())
    fewer = attempt(task, f"memory, {count:,} photos")
    many = attempt(competitor(_collection, bench), "memory, the large collection")
    yield _row(f"{bench.collection:,} small photos, {bench.network}", many, f"ours, {count:,} photos", fewer)


def _collection(bench: Bench) -> Task:
    again.first_time(bench)
    return again.first_task(bench)


def _row(photos: str, ours: Outcome, peer: str, theirs: Outcome) -> Row:
    note = "; ".join(faults({"ours": ours, peer: theirs}) or ["folder to model; what the libraries take is in it"])
    return row(f"peak memory, {photos}", ours.best.get("peak"), "MB", peer, theirs.best.get("peak"), note=note)
