"""What a person waits for that is neither the network's work nor the disk's: imports, opening, and the second time.

Every figure is of a fresh process. Seconds are those of a processor, since the clock of a busy machine says little.
"""

import contextlib
import json
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

from benchmarks.bench import Bench, turi_python
from benchmarks.process import ROOT, Outcome, Task, competitor, faults
from benchmarks.table import Row, row

_NOTEBOOK = ROOT / "notebooks" / "01-find-similar-photos.ipynb"
_GRID = "show_matches(model"  # the last cell that is run
_THUMBNAILS = 1_000
_SCREENS = (10_000, 100_000)  # photos of an explorer
_DIMENSION = 1280

_NEEDED = "import numpy, PIL.Image"
_IMPORTS = {  # what a notebook begins with, and what it cannot do without
    "load_photos": ("from helpers.photos import load_photos", _NEEDED),
    "create and query": ("from helpers.similarity import create", _NEEDED),
    "show_matches": ("from helpers.similarity import show_matches", f"{_NEEDED}, matplotlib.figure"),
    "Explorer": ("from helpers.explorer import Explorer", f"{_NEEDED}, anywidget"),
}


def rows(bench: Bench) -> Iterator[Row]:
    """Imports, the second run of notebook 01, opening a network, thumbnails, loading, a store, the explorer."""
    for name, (code, needed) in _IMPORTS.items():
        yield _imports(bench, f"importing {name}", Task(_of("imports"), {"code": code}), needed)
    turi = competitor(lambda: Task(_of("imports"), {"code": _IMPORTS["load_photos"][0]}, turi_python()))
    yield _imports(bench, "importing load_photos, Turi Create's frames", turi, "import turicreate")
    yield _notebook(bench)
    opened = bench.runner.run(_task(bench, "network", network=bench.builtin()), "opening a network")
    note = "{load:.2f} to find and check the file, {engine:.2f} to import the engine, {compile:.2f} to read and compile"
    yield row("opening the built-in network", opened["seconds"], "s", "", None, note=note.format(**opened))
    photos = bench.photos("small", min(_THUMBNAILS, bench.collection))
    made = bench.runner.run(_task(bench, "thumbnails", folder=photos), "thumbnails")
    name = f"{made['photos']:,} thumbnails"
    yield row(f"{name}, kept", made["again"], "s", "the first time", made["seconds"], note="processor seconds")
    yield from _files(bench)
    for count in _SCREENS:
        screen = bench.runner.run(_task(bench, "explorer", folder=photos, count=count), f"explorer of {count:,}")
        note = "the kernel's part, with thumbnails kept and the card that stays in the notebook"
        yield row(f"the explorer's first screen, {count:,} photos", screen["seconds"], "s", "", None, note=note)


def _task(bench: Bench, name: str, **arguments: Any) -> Task:
    """A function of this module, with the cache of the benchmark."""
    return Task(_of(name), arguments, environment={"KINFRAME_CACHE": str(bench.scratch / "cache")})


def _of(name: str) -> str:
    return f"benchmarks.start:{name}"


def _imports(bench: Bench, work: str, task: Any, needed: str) -> Row:
    ours = bench.runner.attempt(task, work)
    other: Any = task if not isinstance(task, Task) else Task(_of("imports"), {"code": needed}, task.python)
    theirs = bench.runner.attempt(other, f"{needed} alone")
    note = "; ".join(faults({"ours": ours}) or ["processor seconds of a process; the peer is in it"])
    peer = needed.replace("import ", "", 1)
    return row(work, ours.best.get("seconds"), "s", f"{peer} alone", theirs.best.get("seconds"), note=note)


def _notebook(bench: Bench) -> Row:
    task = _task(bench, "notebook", network=bench.network)
    needed = Task(_of("imports"), {"code": _IMPORTS["show_matches"][1]})
    bench.runner.run(task, "notebook 01, so that all is kept")
    again: Outcome = bench.runner.attempt(_task(bench, "notebook", network=bench.network, again=True), "and again")
    theirs = bench.runner.attempt(needed, "its packages alone")
    slow = sorted(again.best.get("cells", []), reverse=True)[:4]
    note = "; ".join(faults({"ours": again}) or [f"{seconds:.2f} {line}" for seconds, line in slow])
    peer = "importing NumPy, Pillow and matplotlib alone"
    work = "notebook 01, second run, up to its first grid"
    return row(work, again.best.get("seconds"), "s", peer, theirs.best.get("seconds"), note=note)


def _files(bench: Bench) -> Iterator[Row]:
    folder = bench.photos("small", bench.collection)
    with tempfile.TemporaryDirectory(dir=str(bench.scratch)) as place:
        environment = {"KINFRAME_CACHE": place}
        found = [
            bench.runner.run(Task(_of("load"), {"folder": folder, "turn": turn}, environment=environment), "loading")
            for turn in (1, 2)
        ]
        name, first = f"load_photos, {found[0]['photos']:,} files", found[0]["seconds"]
        note = f"processor seconds; {first / max(1, found[0]['photos']) * 1e6:.0f} microseconds a file"
        yield row(f"{name}, the first time", first, "s", "", None, note=note)
        yield row(f"{name}, known", found[1]["seconds"], "s", "the first time", first, note="processor seconds")
        arguments = {"folder": folder, "network": bench.builtin(), "store": str(Path(place) / "random.kinframe")}
        opened = bench.runner.run(Task(_of("store"), arguments, environment=environment), "a model from its store")
        note = f"processor seconds, {opened['wall']:.2f} by the clock; features at random, none computed"
        yield row(f"a model of {opened['photos']:,} from its store", opened["seconds"], "s", "", None, note=note)


# What is measured, each in a process of its own.


def imports(code: str, rounds: int = 5) -> Dict[str, float]:
    """Processor seconds of fresh processes that run some imports and nothing else, the median."""
    import os
    import statistics
    import subprocess
    import sys

    code = f"import time; {code}\nprint(time.process_time())"
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}  # compiled once, as for a person
    run = [
        subprocess.run(command, cwd=str(ROOT), env=environment, stdout=subprocess.PIPE, check=True).stdout
        for _ in range(rounds + 1)
    ]
    return {"seconds": statistics.median(float(said.split()[-1]) for said in run[1:])}


def notebook(network: str, again: bool = False) -> Dict[str, Any]:
    """The cells of notebook 01 up to its first grid: processor seconds of each, its last line with it."""
    import ast
    import io
    import os

    os.chdir(str(_NOTEBOOK.parent))
    cells = [
        "".join(cell["source"])
        for cell in json.loads(_NOTEBOOK.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    last = next(place for place, cell in enumerate(cells) if _GRID in cell)
    names: Dict[str, Any] = {}
    taken: List[Tuple[float, str]] = []
    for cell in cells[: last + 1]:
        start = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            lines = ast.parse(cell).body
            shown = lines.pop() if isinstance(lines[-1], ast.Expr) else None
            exec(compile(ast.Module(lines, type_ignores=[]), "cell", "exec"), names)  # noqa: S102  # nosec B102  # cells of our own notebook
            names["MODEL"] = network
            if isinstance(shown, ast.Expr):
                _show(eval(compile(ast.Expression(shown.value), "cell", "eval"), names))  # noqa: S307  # nosec B307  # likewise
        taken.append((time.process_time() - start, cell.splitlines()[-1][:60]))
    return {"seconds": sum(seconds for seconds, _ in taken), "cells": taken, "again": again}


def _show(value: Any) -> None:
    """As a notebook would."""
    import io

    if hasattr(value, "savefig"):
        value.savefig(io.BytesIO(), dpi=72, bbox_inches="tight")
    elif hasattr(value, "_repr_html_"):
        value._repr_html_()
    else:
        repr(value)


def network(network: str) -> Dict[str, float]:
    """Processor seconds of finding a network, importing its engine and compiling it."""
    from helpers.networks.load import load_network
    from helpers.networks.runtime import Session, capabilities

    loaded, load = _timed(lambda: load_network(network, progress=False))
    _, engine = _timed(capabilities)
    _, compiled = _timed(lambda: Session(loaded, "fp32"))
    return {"seconds": load + engine + compiled, "load": load, "engine": engine, "compile": compiled}


def thumbnails(folder: str) -> Dict[str, float]:
    """Processor seconds of the thumbnails of a folder's photos, the first time and again."""
    from helpers.images.thumbnails import Thumbnails

    photos = [(str(path), None) for path in sorted(Path(folder).iterdir())]
    with tempfile.TemporaryDirectory(dir=str(Path(folder).parent)) as place:
        kept = Thumbnails(Path(place) / "thumbnails")
        _, first = _timed(lambda: kept.get_many(photos))
        _, again = _timed(lambda: kept.get_many(photos))
    return {"seconds": first, "again": again, "photos": len(photos)}


def load(folder: str, turn: int) -> Dict[str, float]:
    """Processor seconds of loading a folder, its imports not counted."""
    from helpers.photos.load import load_photos

    (data, _), seconds = _timed(lambda: load_photos(folder, progress=False))
    return {"seconds": seconds, "photos": len(data), "turn": turn}


def store(folder: str, network: str, store: str) -> Dict[str, float]:
    """Processor seconds of a model whose features, random ones, are all in its store."""
    import hashlib

    import numpy as np

    from helpers.features.store import FeatureStore
    from helpers.files.stamps import stamp
    from helpers.networks.load import load_network
    from helpers.networks.precision.settled import key_of
    from helpers.photos.load import load_photos
    from helpers.similarity.build import create

    data, _ = load_photos(folder, progress=False)
    loaded = load_network(network, progress=False)
    files, random = list(data["file"]), np.random.default_rng(0)
    directions = random.standard_normal((64, _DIMENSION)).astype(np.float32)
    with FeatureStore(store) as kept:
        for start in range(0, len(files), 1_000):
            some = files[start : start + 1_000]
            names = [hashlib.sha256(file.encode()).hexdigest() for file in some]
            vectors = np.maximum(random.standard_normal((len(some), 64)).astype(np.float32) @ directions, 0)
            known = [(file, stamp(file), name) for file, name in zip(some, names)]
            kept.add(key_of(loaded, "fp32"), names, vectors, known)
    begun = time.perf_counter()
    model, seconds = _timed(lambda: create(data, model=network, store=store, verbose=False))
    wall = time.perf_counter() - begun
    assert model.timings["kept"] == len(files)
    return {"seconds": seconds, "wall": wall, "photos": len(files)}


def explorer(folder: str, count: int) -> Dict[str, float]:
    """Processor seconds of making an explorer and showing it, as far as the kernel does that."""
    import numpy as np

    from helpers.explorer.explorer import Explorer
    from helpers.features.open_index import open_index
    from helpers.frames.columns import bad_frame
    from helpers.networks.load import LoadedModel
    from helpers.similarity.model import SimilarityModel
    from helpers.similarity.saved import ModelContents

    files = [str(path) for path in sorted(Path(folder).iterdir())]
    vectors = np.random.default_rng(0).standard_normal((count, 8)).astype(np.float32)
    contents = ModelContents(
        network=LoadedModel("random", Path(), (8, 8), 8, "", ""),
        precision="fp32",
        agreement=None,
        key="random",
        metric="euclidean",
        index="exact",
        feature="image",
        label=None,
        labels=list(range(count)),
        names=[f"card-{number // 1000:03}/IMG_{number % 1000:04}.JPG" for number in range(count)],
        sources=[files[number % len(files)] for number in range(count)],
        identities=[None] * count,
        rows=np.arange(count),
        vectors=vectors,
        timings={},
        bad=bad_frame([]),
    )
    model = SimilarityModel(contents, open_index("exact", vectors))
    show: Callable[[], Any] = lambda: Explorer(model)._repr_mimebundle_()  # noqa: E731
    show()
    return {"seconds": min(_timed(show)[1] for _ in range(3))}


def _timed(work: Callable[[], Any]) -> Tuple[Any, float]:
    start = time.process_time()
    return work(), time.process_time() - start
