"""How much of a network's own speed is left, in each precision: of decoded photos, and of photos in files.

On a processor, decoding takes its time from the network: the second row of a
network cannot reach the bare one. Its note says what it could reach.
"""

from typing import Any, Dict, Iterator

from benchmarks.bench import PRECISIONS, Bench
from benchmarks.process import Failed
from benchmarks.table import Row, row

_BARE = "the bare network"


def rows(bench: Bench) -> Iterator[Row]:
    """Both networks on the small photos."""
    for name, network in (("ResNet-50", bench.resnet()), (bench.network, bench.builtin())):
        for precision in PRECISIONS:
            work = f"small photos, {name} {precision}"
            task = bench.ours("share", folder=str(bench.small), network=network, precision=precision)
            try:
                found = bench.runner.run(task, f"the share of the network, {name} {precision}")
            except Failed as reason:
                yield row(f"decoded {work}", None, "photos/s", _BARE, None, note=str(reason))
                continue
            if "bare" not in found:  # it was not taken
                yield row(f"decoded {work}", None, "photos/s", _BARE, None, note=found["note"])
                continue
            yield _row(f"decoded {work}", "decoded", found)
            yield _row(f"files to features, {work}", "files", found)


def _row(work: str, way: str, found: Dict[str, Any]) -> Row:
    ours, bare = found[f"{way} processor"], found["bare processor"]
    note = f"median of turns, {found['photos']} photos; processor time {bare / ours:.2f}"
    if way == "files":
        note += f": {1000 * bare:.3g} of {1000 * ours:.3g} ms a photo are the network's, most of the others decoding"
    return row(work, found[way], "photos/s", _BARE, found["bare"], agreement=found["agreement"], note=note)
