"""From a folder to a model: the same ResNet-50 here, in Turi Create, and in PyTorch one photo after the other.

The weights are random, since the agreement that matters, with Turi Create's own
answer, does not need good ones. Then the built-in network, beside fastdup. Each
precision has a row for the first time, when nothing of it is prepared, and one
for later, when it is; the peers open their network in every run.
"""

import os
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping

from benchmarks.bench import PRECISIONS, Bench, agreement
from benchmarks.process import Competitor, Outcome, Task, competitor, faults
from benchmarks.table import Row, row

TURI, TORCH, FASTDUP = "Turi Create", "PyTorch, one by one", "fastdup"
_IN_TURI = "fp32 in its environment"


def rows(bench: Bench) -> Iterator[Row]:
    """ResNet-50, on small photos and on those of 12 megapixels."""
    network = bench.resnet()
    for photos, folder, rounds, share in _photo_sets(bench):
        competitors = _precisions(bench, folder, network)
        competitors[_IN_TURI] = competitor(bench.ours_in_turi, "create", **_arguments(folder, network))
        competitors[TURI] = competitor(bench.turi, folder=folder)
        competitors[TORCH] = competitor(bench.torch, folder)
        outcomes = bench.runner.alternate(competitors, rounds, share)
        for name in (*PRECISIONS, _IN_TURI):
            work = f"folder to model, {photos}, ResNet-50 {name}"
            for peer in (TURI, TORCH) if name in PRECISIONS else (TURI,):
                yield from _rows(work, name, peer, outcomes)


def builtin_rows(bench: Bench) -> Iterator[Row]:
    """The built-in network, on the same photos."""
    network = bench.builtin()
    for photos, folder, rounds, share in _photo_sets(bench):
        competitors = _precisions(bench, folder, network)
        competitors[FASTDUP] = competitor(bench.fastdup, folder)
        outcomes = bench.runner.alternate(competitors, rounds, share)
        for name in PRECISIONS:
            yield from _rows(f"folder to model, {photos}, {Path(network).name} {name}", name, FASTDUP, outcomes)


def _precisions(bench: Bench, folder: str, network: str) -> Dict[str, Competitor]:
    """Ours in each precision, of which nothing is prepared in the first round."""
    bench.forget_precisions()
    return {name: bench.ours("create", **_of(bench, folder, network, name)) for name in PRECISIONS}


def small_task(bench: Bench) -> Task:
    """Ours on the small photos in fp32, the very task of `rows`."""
    return bench.ours("create", **_arguments(str(bench.small), bench.resnet()))


def large_task(bench: Bench) -> Task:
    """The same on the photos of 12 megapixels."""
    return bench.ours("create", **_arguments(bench.photos("large", bench.large), bench.resnet()))


def _photo_sets(bench: Bench) -> Iterator[Any]:
    """What the photos are called, their folder, the rounds, and the share of the time that is left for them."""
    yield "small photos", str(bench.small), bench.rounds, 0.5 if bench.large else 1.0
    if bench.large:
        yield "12-megapixel photos", bench.photos("large", bench.large), max(1, bench.rounds - 1), 1.0


def _arguments(folder: str, network: str, precision: str = "fp32") -> Dict[str, Any]:
    return {"folder": folder, "network": network, "precision": precision, "neighbours": True}


def _of(bench: Bench, folder: str, network: str, precision: str) -> Dict[str, Any]:
    """int8 is made for a collection once, in the first round; the others are what its photos take from then on."""
    arguments = _arguments(folder, network, precision)
    if precision == "int8":
        store = bench.scratch / f"int8-{Path(folder).name}-{Path(network).stem}.kinframe"
        arguments.update(store=str(store), new_store=True)
    return arguments


def _rows(work: str, name: str, peer: str, outcomes: Mapping[str, Outcome]) -> Iterator[Row]:
    """The first time, when nothing was prepared; then the best of all rounds, without preparing the network."""
    ours, theirs = outcomes[name], outcomes[peer]
    if not ours.answers:
        yield row(work, None, "photos/s", peer, theirs.speed, note="; ".join(faults({"ours": ours, peer: theirs})))
        return
    first = ours.answers[0]
    ready = min(ours.answers, key=_worked)
    remarks = [f"{first['prepare']:.1f} of {first['seconds']:.1f} s prepared the network"]
    yield _row(f"{work}, first time", first["seconds"], first, name, peer, outcomes, remarks)
    remarks = [f"best of {len(ours.answers)}, the network ready"]
    yield _row(f"{work}, ready", _worked(ready), ready, name, peer, outcomes, remarks)


def _worked(answer: Mapping[str, Any]) -> float:
    return float(answer["seconds"] - answer["prepare"])


def _row(
    work: str,
    seconds: float,
    answer: Mapping[str, Any],
    name: str,
    peer: str,
    outcomes: Mapping[str, Outcome],
    remarks: List[str],
) -> Row:
    theirs = outcomes[peer]
    remarks += [f"{answer['photos']} photos, {answer['busy']:.2f} of {os.cpu_count()} cores busy"]
    remarks += faults({peer: theirs})
    # In fp32 there is Turi Create's own answer to agree with; the others are to agree with fp32.
    reference = outcomes[TURI].best if name in ("fp32", _IN_TURI) and peer == TURI else {}
    if name not in ("fp32", _IN_TURI):
        reference = outcomes["fp32"].best
    same = agreement(dict(answer), reference)
    if same is not None:
        whose = "fp32" if name in PRECISIONS[1:] else f"{TURI}, which resizes in its own way"
        remarks.append(f"agreement: of 10 neighbours, with {whose}")
    precision = answer.get("precision_at_10")
    if precision is not None:
        remarks.append(f"precision@10 {precision:.3f}")
    if theirs.best.get("threads", os.cpu_count()) != os.cpu_count():
        remarks.append(f"{peer} took {theirs.best['threads']} threads")
    speed = answer["photos"] / seconds
    return row(work, speed, "photos/s", peer, theirs.speed, agreement=same, note="; ".join(remarks))
