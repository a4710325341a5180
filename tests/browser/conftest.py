"""A real JupyterLab on this machine, a real browser, and a line to the kernel behind the notebook."""

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Callable, Iterator, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
TURI = ROOT / ".venv-turi" / "bin" / "python"

_SETTINGS = {
    # All cells stay in the page, so that what a test looks for is there without scrolling.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


class Lab(NamedTuple):
    """A running JupyterLab."""

    name: str  # of its environment
    address: str
    token: str
    folder: Path  # holds notebooks/, a copy
    runtime: Path  # where it keeps the kernels' connection files


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
    for name, settings in _SETTINGS.items():
        path = home / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    port, token = _free_port(), secrets.token_hex(16)
    found = Lab(request.param, f"http://127.0.0.1:{port}", token, home, home / "runtime")
    python = str(TURI) if request.param == "turi" else sys.executable
    command = [python, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={home}"]
    command += [f"--LabApp.user_settings_dir={home / 'settings'}", f"--LabApp.workspaces_dir={home / 'workspaces'}"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment, not one that the user registered
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "PHOTOKIN_CACHE": str(shared_cache),
        "PHOTOKIN_MIRROR": str(shared_cache / "no-mirror"),
    }
    with (home / "lab.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=str(home))
        try:
            _wait_until_it_answers(found, server)
            yield found
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, which reaches nothing but this machine."""
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    quiet = ["quic", "gpu", "background-networking", "component-update", "sync"]
    arguments = ["--no-sandbox", "--no-first-run", "--no-proxy-server", *(f"--disable-{what}" for what in quiet)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(browser) -> Iterator[Any]:
    """An empty page."""
    page = browser.new_page(viewport={"width": 1200, "height": 1400})
    page.set_default_timeout(30_000)
    yield page
    page.close()


@pytest.fixture(scope="module")
def run_notebook(lab, page) -> Callable[[str, str], Any]:
    """Opens a notebook and runs it by the menu, until something is on the page."""
    from playwright.sync_api import TimeoutError

    def run(name: str, until: str) -> Any:
        page.goto(f"{lab.address}/doc/tree/notebooks/{name}?token={lab.token}")
        page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
        # The menu's commands belong to the notebook only once the notebook has the focus.
        page.locator(".jp-Notebook .jp-MarkdownCell").first.click()
        page.locator(".jp-Notebook .jp-Cell.jp-mod-active").wait_for()
        started = page.locator(".jp-CodeCell .jp-InputPrompt").filter(has_text=re.compile(r"\[[*\d]")).first
        for patience in (
            15_000,
            15_000,
            60_000,
        ):  # seen twice in eight starts: the click is lost while the page settles
            page.locator(".lm-MenuBar-itemLabel", has_text="Run").click()
            runs = page.locator(".lm-Menu-item:not(.lm-mod-disabled)")
            runs.get_by_text("Run All Cells", exact=True).click()
            with contextlib.suppress(TimeoutError):
                started.wait_for(timeout=patience)
                break
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


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_it_answers(lab: Lab, server: "subprocess.Popen[bytes]") -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 120
    while True:
        try:
            direct.open(f"{lab.address}/api?token={lab.token}", timeout=5).close()
            return
        except urllib.error.URLError:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail("JupyterLab did not start:\n" + (lab.folder / "lab.log").read_text()[-3000:])
            time.sleep(0.1)
