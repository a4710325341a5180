"""The first time with `precision="auto"`, beside fp32: what a person waits for who has never done it before.

`auto` may take bf16 where that pays. Nothing is prepared: no feature is kept,
and how fast the network is on this processor is not known. Each precision by
itself, the first time and with the network ready, stands in the sections
`pipeline` and `builtin`.
"""

import statistics
from pathlib import Path
from typing import Dict, Iterator

from benchmarks.bench import Bench
from benchmarks.process import Competitor
from benchmarks.table import Row, row

_ROUNDS = {50: 7, 199: 7, 1_000: 7, 10_000: 1}  # photos → how often at most


def rows(bench: Bench) -> Iterator[Row]:
    """Photos of 320 x 240, through ResNet-50 of random weights and through the built-in network; few photos first."""
    networks = (bench.resnet(), bench.builtin())
    counts = sorted({min(count, bench.collection): rounds for count, rounds in _ROUNDS.items()}.items())
    each: Dict[str, float] = {}  # network → seconds of one photo, as far as is known
    for place, (count, rounds) in enumerate(counts):
        for network in networks:
            work = f"the first time, nothing prepared, {count:,} small photos, {Path(network).stem}, auto"
            expected = 2 * count * each.get(network, 0.0)
            if expected > bench.runner.left:
                note = f"not run: takes about {expected:.0f} s, and {bench.runner.left:.0f} s were left; --full does"
                yield row(work, None, "s", "fp32", None, note=note)
                continue
            arguments = {
                "folder": bench.photos("small", count),
                "network": network,
                "store": str(bench.scratch / "auto.kinframe"),
            }
            competitors: Dict[str, Competitor] = {
                precision: bench.ours("first_time", precision=precision, **arguments) for precision in ("fp32", "auto")
            }
            share = 0.5 / (len(counts) - place)
            outcomes = bench.runner.alternate(competitors, min(rounds, 2 * bench.rounds + 1), share)
            exact, answers = outcomes["fp32"].answers, outcomes["auto"].answers
            if answers and exact:
                each[network] = _median(exact) / count
                note = f"{answers[0]['note']}; median of {len(answers)}"
                yield row(work, _median(answers), "s", "fp32", _median(exact), note=note)
            else:
                yield row(work, None, "s", "fp32", None, note=outcomes["auto"].error or outcomes["fp32"].error)


def _median(answers: list) -> float:
    return statistics.median(answer["seconds"] for answer in answers)
