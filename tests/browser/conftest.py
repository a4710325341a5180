"""JupyterLab of each environment, a browser, and a line to the kernel behind the notebook."""

import shutil
import sys
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from tests.jupyter_lab import CHROMIUM, Lab, chromium, jupyter_lab, run_all

ROOT = Path(__file__).resolve().parents[2]
TURI = ROOT / ".venv-turi" / "bin" / "python"


@pytest.fixture(
    scope="module",
    params=[
        "modern",
        pytest.param(
            "turi",
            marks=pytest.mark.skipif(not TURI.exists(), reason="no .venv-turi: Turi Create is not to be had here"),
        ),
    ],
)
def lab(request, tmp_path_factory, shared_cache) -> Iterator[Lab]:
    """JupyterLab of one environment, on a copy of the notebooks, so that the repository stays as it is."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    (home / "data").symlink_to(ROOT / "data")
    python = str(TURI) if request.param == "turi" else sys.executable
    with jupyter_lab(home, shared_cache, name=request.param, python=python) as lab:
        yield lab


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Chromium; ended with these tests, for while Playwright is there nobody else can run an event loop."""
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: apt-get install chromium")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(lab, browser) -> Iterator[Any]:
    """An empty page, a new one for each JupyterLab: one with an unsaved notebook does not go to another address."""
    page = browser.new_page(viewport={"width": 1200, "height": 1400})
    page.set_default_timeout(60_000)
    yield page
    page.close()


@pytest.fixture(scope="module")
def run_notebook(lab, page) -> Callable[[str, str], Any]:
    """Opens a notebook and runs it, until something is on the page."""

    def run(name: str, until: str) -> Any:
        run_all(page, lab, f"notebooks/{name}")
        page.locator(until).last.wait_for(timeout=300_000)
        return page

    return run


@pytest.fixture(scope="module")
def kernel(lab, notebook) -> Iterator[Callable[[str], str]]:
    """Asks the notebook's own kernel for the value of an expression, as text."""
    from jupyter_client import BlockingKernelClient

    (connection,) = lab.runtime.glob("kernel-*.json")
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=60)

    def ask(expression: str) -> str:
        reply = client.execute("", silent=True, user_expressions={"it": expression}, reply=True, timeout=60)
        return reply["content"]["user_expressions"]["it"]["data"]["text/plain"]

    yield ask
    client.stop_channels()
