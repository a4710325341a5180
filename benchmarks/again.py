"""The second time: a folder whose features are kept, as it was and with photos added."""

import shutil
import time
from pathlib import Path
from typing import Any, Dict, Iterator

from benchmarks.bench import Bench
from benchmarks.process import Task
from benchmarks.table import Row, row

_SETTLED = 4  # seconds: of a file as young as this, nobody can tell by its times whether it has changed


def rows(bench: Bench) -> Iterator[Row]:
    """Seconds of the second time beside those of the first."""
    first = first_time(bench)
    folder, photos = Path(_arguments(bench)["folder"]), f"{bench.collection:,} small photos"
    second = bench.runner.run(bench.ours("create", **_arguments(bench)), "the second time")
    note = f"{first['photos'] / first['seconds']:.0f} photos/s the first time; importing not counted"
    yield row(
        f"second time, {photos}, nothing changed", second["seconds"], "s", "the first time", first["seconds"], note=note
    )
    more = Path(bench.photos("small", bench.added, first=bench.collection))
    added = [Path(shutil.copy(str(path), str(folder))) for path in sorted(more.iterdir())]
    try:
        third = bench.runner.run(bench.ours("create", **_arguments(bench)), "with photos added")
    finally:
        for path in added:
            path.unlink()
    work = f"second time, {photos}, {len(added)} added"
    yield row(work, third["seconds"], "s", "the first time", first["seconds"], note=f"{third['photos']:,} photos then")


def first_time(bench: Bench) -> Dict[str, Any]:
    """What the first model of the large collection took, which other sections need too; raises `Failed`."""
    task = first_task(bench)
    known = bench.runner.known(task)
    if known:
        return known
    forget(Path(task.arguments["store"]), Path(task.arguments["save"]))
    return bench.runner.run(task, f"the first time, {bench.collection:,} small photos")


def forget(store: Path, saved: Path) -> None:
    """Have no features kept and no model saved; and the photos old enough to be known again by their files' times."""
    for kept in store.parent.glob(store.name + "*"):
        kept.unlink()
    if saved.exists():
        shutil.rmtree(str(saved))
    time.sleep(_SETTLED)


def first_task(bench: Bench) -> Task:
    """Also saves the model."""
    return bench.ours("create", **_arguments(bench), save=saved(bench))


def saved(bench: Bench) -> str:
    """Where the model of the large collection is saved."""
    return str(bench.scratch / f"collection-{bench.collection}.model")


def _arguments(bench: Bench) -> Dict[str, Any]:
    return {
        "folder": bench.photos("small", bench.collection),
        "network": bench.builtin(),
        "store": str(bench.scratch / f"collection-{bench.collection}.kinframe"),
    }
