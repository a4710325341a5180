"""`make bench`: the table, and the same as `build/bench.json` and `build/bench.md`.

python -m benchmarks                          how fast it is, within half an hour: three minutes a section at most
python -m benchmarks --quality --full         how right it is, and what that takes
python -m benchmarks --only pipeline,query    some sections
python -m benchmarks --small FOLDER           other small photos, one folder for each kind of thing
python -m benchmarks --full                   every section as long as it takes: more rounds, more photos
python -m benchmarks --only many --photos 100000
"""

import argparse
import math
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, Sequence

from benchmarks import (
    again,
    animals,
    atlas,
    auto,
    clusters,
    crops,
    duplicates,
    explorer,
    find,
    kinds,
    machine,
    many,
    memory,
    metadata,
    networks,
    pipeline,
    query,
    regions,
    season,
    share,
    start,
    table,
    words,
)
from benchmarks.bench import LONGEST, WHOLE, Bench
from benchmarks.process import ROOT, Failed, Task
from benchmarks.service import section as service
from benchmarks.table import Row

BUILD = ROOT / "build"
SMALL = (ROOT.parent / "shared" / "data" / "cartoons", ROOT / "data" / "robots")


def _index(bench: Bench) -> Iterable[Row]:
    return bench.runner.run(Task("benchmarks.index:rows", {}), "searching features")["rows"]


def _million(bench: Bench) -> Iterable[Row]:
    return bench.runner.run(Task("benchmarks.index:million", {}), "searching 1,000,000 features")["rows"]


SPEED: Dict[str, Callable[[Bench], Iterable[Row]]] = {
    "pipeline": pipeline.rows,
    "builtin": pipeline.builtin_rows,
    "auto": auto.rows,
    "again": again.rows,
    "share": share.rows,
    "query": query.rows,
    "many": many.rows,
    "index": _index,
    "million": _million,
    "start": start.rows,
    "explorer": explorer.rows,
    "networks": networks.rows,
    "atlas": atlas.rows,
    "clusters": clusters.rows,
    "metadata": metadata.rows,
    "crops": crops.rows,
    "memory": memory.rows,
}
QUALITY: Dict[str, Callable[[Bench], Iterable[Row]]] = {
    "kinds": kinds.rows,
    "duplicates": duplicates.rows,
    "regions": regions.rows,
    "animals": animals.rows,
    "find": find.rows,
    "season": season.rows,
    "words": words.rows,
}
SECTIONS = {**SPEED, **QUALITY, "service": service.rows}  # the last one has `make bench-service`


def main(arguments: Sequence[str]) -> int:
    """Measure, print, write; the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast Kinframe is, and its peers.")
    parser.add_argument("--only", help=f"some of {','.join(SECTIONS)}")
    parser.add_argument(
        "--quality", action="store_true", help=f"those that measure how right it is: {','.join(QUALITY)}"
    )
    parser.add_argument("--small", type=Path, help="a folder of small photos")
    parser.add_argument("--full", action="store_true", help="every section as long as it takes")
    parser.add_argument("--photos", type=int, help="of the section `many`, which then takes as long as it takes")
    chosen = parser.parse_args(arguments)
    usual = QUALITY if chosen.quality else SPEED
    names = list(usual) if chosen.only is None else [name for name in chosen.only.split(",") if name]
    unknown = [name for name in names if name not in SECTIONS]
    if unknown or not names:
        parser.error(f"--only takes some of {','.join(SECTIONS)}, not {chosen.only!r}")
    small = (chosen.small or next(folder for folder in SMALL if folder.is_dir())).expanduser().absolute()
    if not small.is_dir():
        parser.error(f"{small}: no such folder")
    if chosen.photos is not None and chosen.photos < many.LEAST:
        parser.error(f"--photos takes {many.LEAST} or more, not {chosen.photos}")
    bench = Bench(small=small, scratch=BUILD / "bench")
    if chosen.photos is not None:
        bench.many, bench.full = chosen.photos, ["many"]
    if chosen.full:
        bench.full = list(SECTIONS)
    try:
        measure(bench, names, BUILD)
    except KeyboardInterrupt:
        print(f"\nended; what was measured before is in {BUILD / 'bench.json'}", file=sys.stderr)
        return 130
    return 0


def measure(bench: Bench, names: Sequence[str], build: Path) -> List[Row]:
    """The rows of these sections; written after each one, so that a run that is ended leaves what it has.

    A section takes three minutes at most, and twice its share of what is left of half an hour.
    """
    bench.scratch.mkdir(parents=True, exist_ok=True)
    facts = {**machine.facts(), "small photos": str(bench.small)}
    print("\n".join(f"{name}: {value}" for name, value in facts.items()), flush=True)
    rows: List[Row] = []
    start = time.monotonic()
    for place, name in enumerate(names):
        print(f"{name}:", file=sys.stderr, flush=True)
        begun = time.monotonic()
        share = 2 * max(0.0, start + WHOLE - begun) / (len(names) - place)
        bench.runner.allow(math.inf if name in bench.full else min(LONGEST, share))
        for row in section(name, bench):
            rows.append(row)
            table.write(rows, facts, build)
        print(f"  {name} took {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    print("\n" + table.text(rows))
    print(f"\nwritten: {build / 'bench.json'}, {build / 'bench.md'}")
    return rows


def section(name: str, bench: Bench) -> Iterator[Row]:
    """The rows of one section; where it fails, those it had, and one that says why."""
    try:
        yield from SECTIONS[name](bench)
    except Failed as reason:
        yield from reason.rows
        yield table.row(name, None, "", "", None, note=str(reason))
    except Exception as error:  # a fault of one section is no reason to lose the others
        traceback.print_exc()
        yield table.row(name, None, "", "", None, note=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what was started is ended then, too
    sys.exit(main(sys.argv[1:]))
