"""The explorer with 100,000 photos, in Chromium inside JupyterLab: its first screen, and the answer to *Find similar*.

The photos are 1,000 small ones, each a hundred times, with features of their
own: the explorer treats them as 100,000. Their thumbnails are kept already.
"""

import contextlib
import json
import re
import statistics
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Dict, Iterator

from benchmarks.bench import Bench
from benchmarks.process import Failed, Task
from benchmarks.table import Row, row

_PHOTOS, _EACH, _DIMENSION = 1_000, 100, 1280
FIRST, _ANSWER = 1_000.0, 200.0  # ms, what we want at most
_CLICKS = 15

# Milliseconds from a call until every photo on screen is painted, and its likeness too where `found` says so.
_UNTIL = """([act, found]) => new Promise((resolve, reject) => {
    const start = performance.now();
    const before = document.querySelector('.kinframe-explorer')?.querySelector('.kf-chip')?.title;
    const look = () => {
        const gallery = document.querySelector('.kf-gallery');
        const edge = gallery?.getBoundingClientRect();
        const tiles = [...(gallery?.querySelectorAll('.kf-tile') ?? [])].filter(tile => {
            const { top, bottom } = tile.getBoundingClientRect();
            return bottom > edge.top && top < edge.bottom;
        });
        const answered = !found || document.querySelector('.kf-chip')?.title !== before;
        const painted = tile => tile.querySelector('img')?.complete && (!found || tile.querySelector('.kf-likeness'));
        if (tiles.length && answered && tiles.every(painted)) {
            return requestAnimationFrame(() => resolve(performance.now() - start));
        }
        if (performance.now() - start > 60000) return reject(new Error('not painted within a minute'));
        requestAnimationFrame(look);
    };
    if (act === 'run') jupyterapp.commands.execute('notebook:run-cell');
    else {
        const tile = document.querySelectorAll('.kf-tile')[act];
        const { left, top } = tile.getBoundingClientRect();
        const where = { bubbles: true, button: 0, pointerId: 1, clientX: left + 50, clientY: top + 50 };
        tile.querySelector('.kf-ask').dispatchEvent(new PointerEvent('pointerdown', where));
        tile.closest('.kf-gallery').dispatchEvent(new PointerEvent('pointerup', where));
    }
    look();
})"""


def rows(bench: Bench) -> Iterator[Row]:
    """Both times, beside those that we want."""
    folder = bench.photos("small", _PHOTOS)
    arguments = {
        "folder": folder,
        "model": str(bench.scratch / "explorer.model"),
        "cache": str(bench.scratch / "cache"),
    }
    task = Task("benchmarks.explorer:measure", arguments, environment={"KINFRAME_CACHE": arguments["cache"]})
    found = bench.runner.run(task, f"the explorer, {_PHOTOS * _EACH:,} photos")
    photos, wanted = f"the explorer, {found['photos']:,} photos", "what we want"
    note = f"from running the cell, thumbnails kept; the widget itself is made in {found['made']:.0f} ms before"
    yield row(f"{photos}, first screen of {found['screen']}", found["first"], "ms", wanted, FIRST, note=note)
    painted = f"from the press of the mouse to {found['answer']} painted thumbnails"
    note = f"{painted}; median of {_CLICKS}, the longest {found['worst']:.0f}"
    yield row(f"{photos}, a click", found["click"], "ms", wanted, _ANSWER, note=note)


def measure(folder: str, model: str, cache: str) -> Dict[str, Any]:
    """The times of a model of made photos. Raises `Failed` where there is no browser."""
    browser_here()
    make_model(folder, model, _EACH)
    return opened(model, cache)


def browser_here() -> None:
    """Raises `Failed` where there is no browser, or nothing to drive it with."""
    if find_spec("playwright") is None:
        raise Failed("the explorer is measured in a browser: there is no playwright")
    from tests.support.jupyter_lab import CHROMIUM

    if not CHROMIUM.exists():
        raise Failed(f"the explorer is measured in a browser: no {CHROMIUM}")


def opened(model: str, cache: str) -> Dict[str, Any]:
    """Opens JupyterLab, runs a notebook that loads a saved model, clicks. Raises `Failed` where there is no browser."""
    browser_here()
    from tests.support.jupyter_lab import chromium, jupyter_lab

    with tempfile.TemporaryDirectory() as home:
        _write_notebook(Path(home) / "explorer.ipynb", model)
        with jupyter_lab(Path(home), Path(cache), python=sys.executable) as lab, chromium() as browser:
            page = browser.new_page(viewport={"width": 1200, "height": 1000})
            page.set_default_timeout(60_000)
            page.goto(lab.page_of("explorer.ipynb"))
            page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
            model_cell, explorer_cell = (page.locator(".jp-CodeCell").nth(number) for number in (0, 1))
            _run(page, model_cell)
            made = model_cell.locator(".jp-OutputArea-output").last
            made.wait_for()
            page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
            _activate(page, explorer_cell)
            # One cell later, and before any thumbnail of it was sent.
            first = page.evaluate(_UNTIL, ["run", False])
            screen = page.locator(".kf-tile img").count()
            clicks = [page.evaluate(_UNTIL, [1 + number % 7, True]) for number in range(_CLICKS)]
            return {
                "seconds": first / 1000,
                **json.loads(made.inner_text()),
                "first": first,
                "screen": screen,
                "click": statistics.median(clicks),
                "worst": max(clicks),
                "answer": page.locator(".kf-tile img").count(),
            }


def _activate(page: Any, cell: Any) -> None:
    cell.locator(".jp-InputPrompt").click()
    page.wait_for_function("cell => cell.classList.contains('jp-mod-active')", arg=cell.element_handle())


def _run(page: Any, cell: Any) -> None:
    """Run a cell; a command that comes while the page settles is lost."""
    from playwright.sync_api import TimeoutError

    for patience in (10_000, 10_000, 60_000):
        _activate(page, cell)
        page.evaluate("() => { jupyterapp.commands.execute('notebook:run-cell') }")
        with contextlib.suppress(TimeoutError):
            return cell.locator(".jp-InputPrompt", has_text=re.compile(r"\[[*\d]")).wait_for(timeout=patience)


def make_model(folder: str, model: str, each: int) -> Dict[str, Any]:
    """Have a saved model of every photo so many times, each time with other features; and the photos' thumbnails."""
    import numpy as np

    from helpers import tc
    from helpers.files.cache import roomy_array
    from helpers.images.thumbnails import Thumbnails
    from helpers.networks.load import load_network
    from helpers.photos.load import load_photos
    from helpers.similarity.saved import ModelContents, write

    data, _ = load_photos(folder, progress=False)
    once = tc.image_similarity.create(data, model="efficientnet-lite0", precision="fp32", verbose=False)
    sources, identities = once.collection.sources, once.collection.identities
    Thumbnails().get_many(list(zip(sources, identities)))
    if Path(model).exists():
        return {}
    random, features = np.random.default_rng(0), roomy_array((len(data) * each, _DIMENSION))
    for number in range(each):
        noise = random.normal(0, once.vectors.std() / 2, once.vectors.shape)
        features[number * len(data) : (number + 1) * len(data)] = once.vectors + noise
    names = [f"card-{number:02}/{name}" for number in range(each) for name in once.names]
    contents = ModelContents(
        network=load_network("efficientnet-lite0", progress=False),
        precision="fp32",
        agreement=None,
        key=once.key,
        metric="euclidean",
        index="exact",
        feature="image",
        label=None,
        labels=list(range(len(names))),
        names=names,
        sources=sources * each,
        identities=identities * each,
        rows=np.arange(len(names)),
        vectors=features,
        timings={},
        bad=once.bad,
    )
    write(Path(model), contents)
    return {}


def _write_notebook(path: Path, model: str) -> None:
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    make = (
        "import json, time\n"
        "from helpers import tc\n"
        "from helpers.explorer.explorer import Explorer\n"
        f"model = tc.load_model({model!r})\n"
        "start = time.perf_counter()\n"
        "explorer = Explorer(model)\n"
        "made = 1000 * (time.perf_counter() - start)\n"
        "print(json.dumps({'photos': model.num_examples, 'made': made}))"
    )
    cells = [new_code_cell(make), new_code_cell("explorer")]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
