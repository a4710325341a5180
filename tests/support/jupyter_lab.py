"""A real JupyterLab on this machine, and a real browser that reaches nothing else."""

import contextlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Iterator, NamedTuple

from tests.support.app_server import free_port
from tests.support.until import HANGS

CHROMIUM = Path("/usr/bin/chromium")

_READY = """() => {
    const session = window.jupyterapp?.shell.currentWidget?.context?.sessionContext;
    return session?.isReady && session.kernelDisplayStatus === 'idle' &&
        session.session?.kernel?.connectionStatus === 'connected';
}"""
_POLLING = 200  # ms: by itself Playwright asks for each frame, and has the browser draw sixty a second until then
_HANGS = 120_000  # ms: no measure of speed, but where a test fails instead of standing still

_SETTINGS = {
    # All cells stay in the page, so that what one looks for is there without scrolling.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Lab(NamedTuple):
    """A running JupyterLab."""

    name: str  # of its environment
    address: str
    token: str
    folder: Path  # what it shows
    runtime: Path  # where it keeps the kernels' connection files

    def page_of(self, notebook: str) -> str:
        """The address of a notebook by itself, in a workspace of its own: others' tabs do not come back in it."""
        workspace = re.sub(r"\W", "-", notebook)
        return f"{self.address}/doc/workspaces/{workspace}/tree/{notebook}?token={self.token}"

    def kernel(self) -> Path:
        """The connection file of the kernel behind the one notebook that is open."""
        (session,) = self._ask("sessions")
        return self.runtime / f"kernel-{session['kernel']['id']}.json"

    def end_kernels(self) -> None:
        """Shut down the kernels of all notebooks, and wait until they have ended."""
        for session in self._ask("sessions"):
            self._ask(f"sessions/{session['id']}", "DELETE")

    def reset_settings(self) -> None:
        """What the person changed on the page, such as the theme, is as it was at first."""
        shutil.rmtree(str(self.folder / "settings"), ignore_errors=True)
        for setting, values in _SETTINGS.items():
            path = self.folder / "settings" / f"{setting}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))

    def _ask(self, what: str, method: str = "GET") -> Any:
        address = f"{self.address}/api/{what}?token={self.token}"
        request = urllib.request.Request(address, method=method)  # noqa: S310  # our own server
        with _DIRECT.open(request, timeout=HANGS) as answer:
            return json.loads(answer.read() or b"null")


@contextlib.contextmanager
def jupyter_lab(folder: Path, cache: Path, *, name: str = "modern", python: str = sys.executable) -> Iterator[Lab]:
    """JupyterLab on a folder, without the person's settings; raises `RuntimeError` where it does not start."""
    port, token = free_port(), secrets.token_hex(16)
    found = Lab(name, f"http://127.0.0.1:{port}", token, folder, folder / "runtime")
    found.reset_settings()
    command = [python, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]
    command += [f"--LabApp.user_settings_dir={folder / 'settings'}", f"--LabApp.workspaces_dir={folder / 'workspaces'}"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment, not one that the user registered
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
        "KINFRAME_CACHE": str(cache),
        "KINFRAME_MIRROR": str(cache / "no-mirror"),
    }
    with (folder / "lab.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=str(folder))
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


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    quiet = ["quic", "gpu", "background-networking", "component-update", "sync"]
    arguments = ["--no-sandbox", "--no-first-run", "--no-proxy-server", *(f"--disable-{what}" for what in quiet)]
    arguments.append("--process-per-site")  # of a profile: its pages share a process
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def wait_until_it_has_run(page: Any) -> None:
    """Until each code cell has run, or one has failed: then this fails too, with what it said."""
    page.wait_for_function(
        """() => {
            const failed = document.querySelector('.jp-CodeCell .jp-OutputArea-output[data-mime-type*="error"]');
            const prompts = [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputArea-prompt')];
            return failed || (prompts.length && prompts.every(prompt => /\\[\\d+\\]/.test(prompt.textContent)));
        }""",
        timeout=300_000,
        polling=_POLLING,
    )
    failed = page.locator('.jp-CodeCell .jp-OutputArea-output[data-mime-type*="error"]').all_inner_texts()
    assert not failed, failed
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=300_000)


def run_all(page: Any, lab: Lab, notebook: str) -> None:
    """Open a notebook and run it once, to where its first cell has begun.

    By the command that stands behind *Run All Cells*, once the kernel can be
    asked: before, the page says that it is idle too, and the command is lost.
    """
    page.goto(lab.page_of(notebook), timeout=_HANGS)
    # The commands belong to the notebook only once the notebook has the focus.
    page.locator(".jp-Notebook .jp-MarkdownCell").first.click()
    page.locator(".jp-Notebook .jp-Cell.jp-mod-active").wait_for()
    page.wait_for_function(_READY, timeout=_HANGS, polling=_POLLING)
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")  # which ends with the last cell
    started = page.locator(".jp-CodeCell .jp-InputPrompt").filter(has_text=re.compile(r"\[[*\d]")).first
    started.wait_for(timeout=_HANGS)


def _wait_until_it_answers(lab: Lab, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            _DIRECT.open(f"{lab.address}/api?token={lab.token}", timeout=5).close()
            return
        except urllib.error.URLError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                log = (lab.folder / "lab.log").read_text()[-3000:]
                raise RuntimeError(f"JupyterLab did not start:\n{log}") from error
            time.sleep(0.1)
