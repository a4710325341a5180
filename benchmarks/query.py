"""One query with a photo of the collection: a lookup here, the network again in Turi Create."""

import sys
from typing import Iterator

from benchmarks import again
from benchmarks.bench import Bench, turi_python
from benchmarks.process import Outcome, Task, competitor, faults
from benchmarks.table import Row, row

TURI = "Turi Create"
_ASKED = 30  # queries to Turi Create, each of which takes a quarter of a second


def rows(bench: Bench) -> Iterator[Row]:
    """Milliseconds, in both environments, with Turi Create's own query over the small photos beside them."""
    attempt = bench.runner.attempt
    theirs = attempt(competitor(bench.turi, folder=str(bench.small), queries=_ASKED), "queries to Turi Create")
    fewer = f"theirs over {theirs.best.get('photos')} photos"
    photos = f"{bench.collection:,} photos"
    ours = attempt(competitor(_large, bench, sys.executable), "queries, the stand-in's frames")
    yield _row(f"{photos}, the stand-in's frames", ours, theirs, fewer)
    ours = attempt(competitor(lambda: _large(bench, turi_python())), "queries, Turi Create's frames")
    yield _row(f"{photos}, Turi Create's frames", ours, theirs, fewer)
    same = competitor(bench.ours_in_turi, "query", folder=str(bench.small), network=bench.resnet())
    ours = attempt(same, "queries, the same photos and network")
    yield _row("small photos, ResNet-50, Turi Create's frames", ours, theirs, "the same photos, network and Python")


def _large(bench: Bench, python: str) -> Task:
    again.first_time(bench)
    return bench.ours("query", python, folder=bench.photos("small", bench.collection), saved=again.saved(bench))


def _row(work: str, ours: Outcome, theirs: Outcome, remark: str) -> Row:
    note = "; ".join(faults({"ours": ours, TURI: theirs}) or ["median", remark])
    figures = [outcome.best.get("milliseconds") for outcome in (ours, theirs)]
    return row(f"one query, {work}", figures[0], "ms", TURI, figures[1], note=note)
