"""How much of a network's own speed is left once photos are found, decoded, resized and collected."""

from typing import Iterator

from benchmarks.bench import Bench
from benchmarks.table import Row, row


def rows(bench: Bench) -> Iterator[Row]:
    """Both networks on the small photos."""
    for name, network in (("ResNet-50", bench.resnet()), (bench.network, bench.builtin())):
        task = bench.ours("share", folder=str(bench.small), network=network, rounds=bench.rounds)
        found = bench.runner.run(task, f"the share of the network, {name}")
        note = f"1: all else costs nothing; best of {bench.rounds}, {found['photos']} photos, network opened before"
        yield row(
            f"folder to model, small photos, {name} fp32",
            found["whole"],
            "photos/s",
            "the bare network",
            found["bare"],
            note=note,
        )
