"""Nobody is told that somebody uses this, and a person's home gets what is ours and little else."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import List, NamedTuple

import pytest
from PIL import Image

from helpers.networks.onnx.onnx_runtime import import_onnxruntime
from tests.support.app_server import free_port
from tests.support.places import ROOT
from tests.support.until import HANGS

IMPORT = re.compile(r"^\s*(?:import|from) onnxruntime\b", flags=re.MULTILINE)
USERS = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "helpers").rglob("*.py")
    if "import_onnxruntime()" in path.read_text("utf-8")
)

# Where the person has set something, the files would be elsewhere.
SET_BY_A_PERSON = re.compile(r"(XDG|JUPYTER|IPYTHON|MPL|KINFRAME|KERAS|DASK|ORT|PYTHON)|_proxy$", flags=re.IGNORECASE)

OURS = r"\.cache/kinframe/.+"
# What others keep on this machine, for themselves.
MATPLOTLIB = r"\.cache/matplotlib/fontlist-.+\.json"  # the fonts that there are: to look for them takes seconds
IPYTHON = r"\.ipython/profile_default/startup/README"  # whose own profile, with its settings, every kernel opens
JUPYTER = r"\.local/share/jupyter/runtime/.+"  # the servers and kernels that run, and a secret for their cookies
NPM = r"\.npm/_logs/.+"  # JupyterLab asks npm, where that is installed, for the folder of language servers

linux = pytest.mark.skipif(sys.platform != "linux", reason="the folders that are named here are those of Linux")


class Home(NamedTuple):
    """An empty home, and the environment in which a process and its children have it, and no way out."""

    folder: Path
    environment: dict
    attempts: Path

    def run(self, *arguments: str) -> str:
        command, kind = [sys.executable, "-W", "ignore", *arguments], subprocess.PIPE
        done = subprocess.run(command, env=self.environment, cwd=ROOT, stdout=kind, stderr=kind, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def others(self, *known: str) -> List[str]:
        """The files in it that are not known."""
        files = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if not path.is_dir())
        return sorted(name for name in files if not any(re.fullmatch(pattern, name) for pattern in known))

    def attempted(self) -> str:
        """What was tried to be reached beyond this machine."""
        return self.attempts.read_text(encoding="utf-8") if self.attempts.exists() else ""


@pytest.fixture()
def home(tmp_path):
    folder, attempts = tmp_path / "home", tmp_path / "attempts"
    folder.mkdir()
    kept = {name: value for name, value in os.environ.items() if not SET_BY_A_PERSON.search(name)}
    own = {
        "HOME": str(folder),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "KINFRAME_MIRROR": str(tmp_path / "no-mirror"),  # fetching weights is what a person asks for
        "PYTHONPATH": os.pathsep.join([str(ROOT / "tests" / "watch"), str(ROOT)]),
        "WATCHED": str(attempts),
    }
    return Home(folder, {**kept, **own}, attempts)


@pytest.mark.once("it tries the watch itself")
def test_the_watch_sees_who_wants_out_and_lets_the_others_be(home):
    child = """
import socket
with socket.socket() as there, socket.create_server(("127.0.0.1", 0)) as here:
    socket.create_connection(("localhost", here.getsockname()[1])).close()
    for wanted in lambda: there.connect(("192.0.2.1", 9)), lambda: socket.getaddrinfo("example.org", 443):
        try:
            wanted()
        except OSError as error:
            print(error)
"""
    said = home.run("-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)")
    assert said == "192.0.2.1 is not on this machine\nexample.org is not on this machine\n"
    tried = [line.split(",")[0] for line in home.attempted().splitlines()]
    assert tried == ["socket.connect 192.0.2.1", "socket.getaddrinfo example.org"]


@pytest.mark.slow("a notebook runs in a process of its own")
@linux
def test_the_demo_tells_nobody_and_leaves_only_what_is_named_here(home, tmp_path):
    for place, name in enumerate(["red", "blue"] * 3):
        (tmp_path / "photos" / name).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (60 + place, 40), name).save(tmp_path / "photos" / name / f"{place}.png")
    folder, build = str(tmp_path / "photos"), str(tmp_path / "build")
    run = "import sys, pathlib, helpers.demo; sys.exit(helpers.demo.demonstrate(*map(pathlib.Path, sys.argv[1:])))"
    assert "6 (0 left out)" in home.run("-c", run, folder, build)
    assert home.attempted() == ""
    assert home.others(OURS, MATPLOTLIB, IPYTHON) == []
    assert len(home.others(MATPLOTLIB, IPYTHON)) >= 2, "our own cache is in it: it is the home that was used"


@pytest.mark.parametrize("user", USERS)
@pytest.mark.once("all import it by one function; in both, one of them is tried", but=["helpers.networks.runtime"])
def test_onnx_runtime_is_imported_without_a_word(home, user):
    home.run("-c", f"import {user}, onnxruntime; {user}.import_onnxruntime()")
    assert home.others() == []
    assert home.attempted() == ""


def test_who_imported_it_before_is_told_here(monkeypatch):
    onnxruntime, told = import_onnxruntime(), []
    monkeypatch.setattr(onnxruntime, "disable_telemetry_events", lambda: told.append(True))
    assert import_onnxruntime() is onnxruntime
    assert told == [True]


def test_nothing_else_imports_it():
    files = [path for room in ("helpers", "benchmarks", "tools") for path in (ROOT / room).rglob("*.py")]
    assert [path.stem for path in files if IMPORT.search(path.read_text("utf-8"))] == ["onnx_runtime"]
    assert len(USERS) >= 4


def test_a_persons_own_choice_stays(home):
    home.environment["ORT_DISABLE_TELEMETRY"] = "0"
    assert home.run("-c", "import os, helpers; print(os.environ['ORT_DISABLE_TELEMETRY'])") == "0\n"


@pytest.mark.slow("a JupyterLab is started")
@linux
def test_jupyterlab_asks_nobody_for_news_or_updates(home, tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={tmp_path}"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=token"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, env=home.environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        try:
            notices = settings_of(f"http://127.0.0.1:{port}", "@jupyterlab/apputils-extension:notification", server)
        finally:
            server.terminate()
            server.wait(HANGS)
    defaults = {name: known["default"] for name, known in notices["schema"]["properties"].items()}
    assert (defaults["fetchNews"], defaults["checkForUpdates"]) == ("false", False), "make brings the settings along"
    assert home.attempted() == ""
    assert home.others(JUPYTER, NPM) == []


def settings_of(address, plugin, server):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + HANGS
    while True:
        try:
            direct.open(f"{address}/lab?token=token", timeout=HANGS).close()
            with direct.open(f"{address}/lab/api/settings/{plugin}?token=token", timeout=HANGS) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            assert server.poll() is None and time.monotonic() < deadline, "JupyterLab did not start"
            time.sleep(0.1)
