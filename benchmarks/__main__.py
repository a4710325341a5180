"""`make bench`: the table, and the same as `build/bench.json` and `build/bench.md`.

python -m benchmarks                          everything, about half an hour on two cores
python -m benchmarks --only pipeline,query    some sections
python -m benchmarks --small FOLDER           other small photos, one folder for each kind of thing
"""

import argparse
import sys
import traceback
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Sequence

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
from benchmarks.bench import Bench
from benchmarks.process import ROOT, Failed, Task
from benchmarks.service import section as service
from benchmarks.table import Row

BUILD = ROOT / "build"
SMALL = (ROOT.parent / "shared" / "data" / "cartoons", ROOT / "data" / "robots")


def _index(bench: Bench) -> Iterable[Row]:
    return bench.runner.run(Task("benchmarks.index:rows", {}), "the index")["rows"]


SECTIONS: Dict[str, Callable[[Bench], Iterable[Row]]] = {
    "pipeline": pipeline.rows,
    "builtin": pipeline.builtin_rows,
    "auto": auto.rows,
    "again": again.rows,
    "share": share.rows,
    "query": query.rows,
    "index": _index,
    "start": start.rows,
    "regions": regions.rows,
    "explorer": explorer.rows,
    "networks": networks.rows,
    "atlas": atlas.rows,
    "clusters": clusters.rows,
    "kinds": kinds.rows,
    "duplicates": duplicates.rows,
    "metadata": metadata.rows,
    "crops": crops.rows,
    "animals": animals.rows,
    "find": find.rows,
    "season": season.rows,
    "words": words.rows,
    "memory": memory.rows,
    "service": service.rows,
}


def main(arguments: Sequence[str]) -> int:
    """Measure, print, write; the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast Kinframe is, and its peers.")
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"some of {','.join(SECTIONS)}")
    parser.add_argument("--small", type=Path, help="a folder of small photos")
    chosen = parser.parse_args(arguments)
    names = [name for name in chosen.only.split(",") if name]
    unknown = [name for name in names if name not in SECTIONS]
    if unknown or not names:
        parser.error(f"--only takes some of {','.join(SECTIONS)}, not {chosen.only!r}")
    small = (chosen.small or next(folder for folder in SMALL if folder.is_dir())).expanduser().absolute()
    if not small.is_dir():
        parser.error(f"{small}: no such folder")
    measure(Bench(small=small, scratch=BUILD / "bench"), names, BUILD)
    return 0


def measure(bench: Bench, names: Sequence[str], build: Path) -> List[Row]:
    """The rows of these sections; written after each one, so that an interrupted run leaves what it has."""
    bench.scratch.mkdir(parents=True, exist_ok=True)
    facts = {**machine.facts(), "small photos": str(bench.small)}
    print("\n".join(f"{name}: {value}" for name, value in facts.items()), flush=True)
    rows: List[Row] = []
    for name in names:
        print(f"{name}:", file=sys.stderr, flush=True)
        rows += section(name, bench)
        table.write(rows, facts, build)
    print("\n" + table.text(rows))
    print(f"\nwritten: {build / 'bench.json'}, {build / 'bench.md'}")
    return rows


def section(name: str, bench: Bench) -> List[Row]:
    """The rows of one section; where it fails, those it had, and one that says why."""
    rows: List[Row] = []
    try:
        for row in SECTIONS[name](bench):
            rows.append(row)
    except Failed as reason:
        rows.append(table.row(name, None, "", "", None, note=str(reason)))
    except Exception as error:  # a fault of one section is no reason to lose the others
        traceback.print_exc()
        rows.append(table.row(name, None, "", "", None, note=f"{type(error).__name__}: {error}"))
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
