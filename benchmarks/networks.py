"""How fast each network of the table is, and the descriptors: from the files of small photos to features.

The weights are random, which changes no speed; the layers and the sizes of the files are the real ones.
"""

from typing import Iterator

from benchmarks.bench import Bench
from benchmarks.table import Row, row
from helpers.networks.descriptors import DESCRIPTORS
from helpers.networks.table import MODELS


def rows(bench: Bench) -> Iterator[Row]:
    """One for each network and descriptor."""
    place = str(bench.scratch / "random weights")
    for name in (*MODELS, *DESCRIPTORS):
        if name == "vgg16-fc1":  # all but the same network as vgg16
            continue
        task = bench.ours("speed", folder=str(bench.small), network=name, place=place)
        found = bench.runner.run(task, name)
        note = f"{found['dimension']} features, {found['megabytes']:.0f} MB as it is run; {found['photos']} photos"
        yield row(f"folder to model, small photos, {name}", found["rate"], "photos/s", "", None, note=note)
