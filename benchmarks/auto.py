"""The first time with `precision="auto"`, beside fp32: what a person waits for who has never done it before.

`auto` may take bf16 where that pays. Nothing is prepared: neither the pace of
the network on this processor is known nor its file compiled, and no feature is
kept. Beside it stands the same with the pace known from an earlier folder.
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
                name: bench.ours("first_time", precision=precision, forget=name != "known", **arguments)
                for name, precision in (("fp32", "fp32"), ("auto", "auto"), ("known", "auto"))
            }
            outcomes = bench.runner.alternate(competitors, rounds)
            exact = outcomes["fp32"].answers
            for name, known in (("auto", "nothing prepared"), ("known", "the network's pace known")):
                answers = outcomes[name].answers
                work = f"the first time, {count} small photos, {Path(network).stem}, auto, {known}"
                if not answers or not exact:
                    yield row(work, None, "s", "fp32", None, note=outcomes[name].error or outcomes["fp32"].error)
                    continue
                note = f"{answers[0]['note']}; median of {len(answers)}"
                yield row(work, _median(answers), "s", "fp32", _median(exact), note=note)


def _median(answers: list) -> float:
    return statistics.median(answer["seconds"] for answer in answers)
