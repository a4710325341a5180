"""JupyterLab of each environment, a browser, and a line to the kernel behind the notebook."""

import contextlib
import shutil
import sys
from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest

from tests.notebooks.checks import check_of
from tests.support.jupyter_lab import CHROMIUM, Lab, chromium, jupyter_lab, run_all, wait_until_it_has_run
from tests.support.places import ROOT
from tests.support.until import HANGS

TURI = ROOT / ".venv-turi" / "bin" / "python"


@pytest.fixture(
    scope="session",  # pytest sorts the tests by it: each JupyterLab is started once, and has ended before the next
    params=[
        "modern",
        pytest.param(
            "turi",
            marks=pytest.mark.skipif(not TURI.exists(), reason="no .venv-turi: Turi Create is not available here"),
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


@pytest.fixture(scope="package")
def profile(browser) -> Iterator[Any]:
    """A profile of the browser for pages of `http://kinframe.test/`, and of servers here, that keep nothing in it.

    To open one, and a process for a page, takes longer than to show most pages: the process is kept by a page of the
    same site that stays open; the port is no part of a site.
    """
    with contextlib.closing(browser.new_context()) as profile:
        for site in ("http://kinframe.test/", "http://127.0.0.1/"):
            kept = profile.new_page()
            kept.route(site, lambda route: route.fulfill(body="", content_type="text/html"))
            kept.goto(site)
        yield profile


@pytest.fixture
def blank(browser, profile, request) -> Iterator[Any]:
    """A new page, on which no error is left alone. Where its clock is set, it has a profile of its own."""
    page = (browser if "clock" in request.fixturenames else profile).new_page()
    page.set_default_timeout(60_000)
    errors: List[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert not errors


class Clock:
    """The clock of a page, and of all pages of its profile: it runs until it is stopped, and then only when told."""

    def __init__(self, page: Any) -> None:
        self._page = page
        page.clock.install(time=0)

    def stop(self) -> None:
        """From here on no time passes, however long the machine takes between two lines of a test.

        The page is told of less than a second at once then: what waits for an answer must have it before.
        """
        from playwright.sync_api import Error

        self._page.wait_for_function("model.sent.length === model.answered")
        while True:
            soon = self._page.evaluate("Date.now()") + 200  # ms: it can only be stopped at a time that has not come
            try:
                return self._page.clock.pause_at(soon / 1000)
            except Error as error:
                if "past" not in str(error):
                    raise

    def go_on(self, milliseconds: int) -> None:
        """Pass some time, with whatever was due in it."""
        self._page.clock.run_for(milliseconds)


@pytest.fixture
def clock(page) -> Clock:
    return Clock(page)


@pytest.fixture(scope="module")
def page(lab, browser) -> Iterator[Any]:
    """An empty page, a new one for each notebook: one with an unsaved notebook does not go to another address."""
    page = browser.new_page(viewport={"width": 1200, "height": 1400})
    page.set_default_timeout(60_000)
    yield page
    page.close()
    lab.end_kernels()
    lab.reset_settings()


@pytest.fixture(scope="module")
def run_notebook(lab, page) -> Callable[[str, str], Any]:
    """Opens a notebook, runs it, until something is on the page, and asks its kernel what `tests/notebooks` asks."""

    def run(name: str, until: str) -> Any:
        run_all(page, lab, f"notebooks/{name}")
        wait_until_it_has_run(page)
        page.locator(until).last.wait_for(timeout=300_000)
        with _client_of(lab) as client:
            asked = client.execute(check_of(Path(name).stem), silent=True, reply=True, timeout=300)
        assert asked["content"]["status"] == "ok", "\n".join(asked["content"]["traceback"])
        return page

    return run


@pytest.fixture(scope="module")
def kernel(lab, notebook) -> Iterator[Callable[[str], str]]:
    """Asks the notebook's own kernel for the value of an expression, as text."""
    with _client_of(lab) as client:

        def ask(expression: str) -> str:
            reply = client.execute("", silent=True, user_expressions={"it": expression}, reply=True, timeout=HANGS)
            return reply["content"]["user_expressions"]["it"]["data"]["text/plain"]

        yield ask


@contextlib.contextmanager
def _client_of(lab: Lab) -> Iterator[Any]:
    """A line of our own to the kernel of the notebook that is open."""
    from jupyter_client import BlockingKernelClient

    client = BlockingKernelClient(connection_file=str(lab.kernel()))
    client.load_connection_file()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=HANGS)
        yield client
    finally:
        client.stop_channels()
