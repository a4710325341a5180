"""The first time with `precision="auto"`, beside fp32: what a person waits for who has never done it before.

`auto` may take bf16 where that pays. Nothing is prepared: no feature is kept,
and how fast the network is on this processor is not known. With the network
ready, each precision by itself stands in the sections `pipeline` and `builtin`.
"""

import statistics
from pathlib import Path
from typing import Dict, Iterator

from benchmarks.bench import Bench
from benchmarks.process import Competitor
from benchmarks.table import Row, row

_ROUNDS = {50: 7, 199: 7, 1_000: 7, 10_000: 1}  # photos → how often; a run of 10,000 takes minutes


def rows(bench: Bench) -> Iterator[Row]:
    """Photos of 320 x 240, through ResNet-50 of random weights and through the built-in network."""
    for network in (bench.resnet(), bench.builtin()):
        for count, rounds in _ROUNDS.items():
            count, rounds = min(count, bench.collection), min(rounds, 2 * bench.rounds + 1)
            folder = bench.photos("small", count)
            arguments = {"folder": folder, "network": network, "store": str(bench.scratch / "auto.kinframe")}
            competitors: Dict[str, Competitor] = {
                precision: bench.ours("first_time", precision=precision, **arguments) for precision in ("fp32", "auto")
            }
            outcomes = bench.runner.alternate(competitors, rounds)
            exact, answers = outcomes["fp32"].answers, outcomes["auto"].answers
            work = f"the first time, nothing prepared, {count} small photos, {Path(network).stem}, auto"
            if answers and exact:
                note = f"{answers[0]['note']}; median of {len(answers)}"
                yield row(work, _median(answers), "s", "fp32", _median(exact), note=note)
            else:
                yield row(work, None, "s", "fp32", None, note=outcomes["auto"].error or outcomes["fp32"].error)


def _median(answers: list) -> float:
    return statistics.median(answer["seconds"] for answer in answers)
