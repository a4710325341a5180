"""From a folder to a model: the same ResNet-50 here, in Turi Create, and in PyTorch one photo after the other.

The weights are random, since the agreement that matters, with Turi Create's own
answer, does not need good ones. Then the built-in network, beside fastdup.
"""

import os
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping

from benchmarks.bench import PRECISIONS, Bench, agreement
from benchmarks.process import Competitor, Outcome, Task, competitor, faults
from benchmarks.table import Row, row

TURI, TORCH, FASTDUP = "Turi Create", "PyTorch, one by one", "fastdup"
_IN_TURI = "fp32 in its environment"


def rows(bench: Bench) -> Iterator[Row]:
    """ResNet-50, on small photos and on those of 12 megapixels."""
    network = bench.resnet()
    for photos, folder, rounds in _photo_sets(bench):
        competitors: Dict[str, Competitor] = {
            name: bench.ours("create", **_of(bench, folder, network, name)) for name in PRECISIONS
        }
        competitors[_IN_TURI] = competitor(bench.ours_in_turi, "create", **_arguments(folder, network))
        competitors[TURI] = competitor(bench.turi, folder=folder)
        competitors[TORCH] = competitor(bench.torch, folder)
        bench.forget_precisions()
        outcomes = bench.runner.alternate(competitors, rounds)
        for name in (*PRECISIONS, _IN_TURI):
            work = f"folder to model, {photos}, ResNet-50 {name}"
            for peer in (TURI, TORCH) if name in PRECISIONS else (TURI,):
                yield _row(work, name, peer, outcomes)


def builtin_rows(bench: Bench) -> Iterator[Row]:
    """The built-in network, on the same photos."""
    network = bench.builtin()
    for photos, folder, rounds in _photo_sets(bench):
        competitors: Dict[str, Competitor] = {
            name: bench.ours("create", **_of(bench, folder, network, name)) for name in PRECISIONS
        }
        competitors[FASTDUP] = competitor(bench.fastdup, folder)
        bench.forget_precisions()
        outcomes = bench.runner.alternate(competitors, rounds)
        for name in PRECISIONS:
            yield _row(f"folder to model, {photos}, {Path(network).name} {name}", name, FASTDUP, outcomes)


def small_task(bench: Bench) -> Task:
    """Ours on the small photos in fp32, the very task of `rows`."""
    return bench.ours("create", **_arguments(str(bench.small), bench.resnet()))


def large_task(bench: Bench) -> Task:
    """The same on the photos of 12 megapixels."""
    return bench.ours("create", **_arguments(bench.photos("large", bench.large), bench.resnet()))


def _photo_sets(bench: Bench) -> Iterator[Any]:
    yield "small photos", str(bench.small), bench.rounds
    if bench.large:
        yield "12-megapixel photos", bench.photos("large", bench.large), max(1, bench.rounds - 1)


def _arguments(folder: str, network: str, precision: str = "fp32") -> Dict[str, Any]:
    return {"folder": folder, "network": network, "precision": precision, "neighbours": True}


def _of(bench: Bench, folder: str, network: str, precision: str) -> Dict[str, Any]:
    """int8 is made for a collection once, in the first round; the others are what its photos take from then on."""
    arguments = _arguments(folder, network, precision)
    if precision == "int8":
        store = bench.scratch / f"int8-{Path(folder).name}-{Path(network).stem}.kinframe"
        arguments.update(store=str(store), new_store=True)
    return arguments


def _row(work: str, name: str, peer: str, outcomes: Mapping[str, Outcome]) -> Row:
    ours, theirs = outcomes[name], outcomes[peer]
    remarks = faults({"ours": ours, peer: theirs})
    if ours.best and theirs.best:
        remarks.append(f"best of {len(ours.answers)}, {ours.best['photos']} photos")
    if ours.best:
        worked = ours.best["seconds"] - ours.best["prepare"]
        remarks.append(f"{ours.best['photos'] / worked:.3g} photos/s once the network is ready")
        longest = max(answer["prepare"] for answer in ours.answers)
        if longest > 1:
            remarks.append(f"made for these photos once, in {longest:.1f} s")
    # In fp32 there is Turi Create's own answer to agree with; the others are to agree with fp32.
    reference = outcomes[TURI].best if name in ("fp32", _IN_TURI) and peer == TURI else {}
    if name not in ("fp32", _IN_TURI):
        reference = outcomes["fp32"].best
    same = agreement(ours.best, reference)
    if same is not None:
        whose = "fp32" if name in PRECISIONS[1:] else f"{TURI}, which resizes in its own way"
        remarks.append(f"agreement: of 10 neighbours, with {whose}")
    precision = ours.best.get("precision_at_10")
    if precision is not None:
        remarks.append(f"precision@10 {precision:.3f}")
    if theirs.best.get("threads", os.cpu_count()) != os.cpu_count():
        remarks.append(f"{peer} took {theirs.best['threads']} threads")
    return row(work, ours.speed, "photos/s", peer, theirs.speed, agreement=same, note="; ".join(remarks))
