"""Make one of the two environments, and run something in it.

    python3 tools/environments.py auto                        make it, print where its Python is
    python3 tools/environments.py turi -- -m helpers.demo     make it, then run its Python with these arguments

`turi`    Python 3.8 with Turi Create, exactly as environment.lock lists it, which is environment.yml with hashes,
          in .venv-turi
`modern`  the newest Python from 3.10 on, exactly as requirements.lock lists it, in .venv
`auto`    `turi` where a working Python 3.8 on x86-64 is available, else `modern`
`turi?`   `turi`, or only a line that says why it is not available

The standard library alone is used here: this runs before anything is installed.
"""

import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEWEST, OLDEST = 14, 10  # the Python 3 minor versions that requirements.lock is made for
WAITED_FOR = "onnxruntime, openvino, usearch, openTSNE and h5py"  # what has no wheels for a newer one yet
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"


class Unavailable(Exception):
    """This machine cannot have the environment; the message says why, and the way out."""


def main(arguments):
    wanted, command = arguments[0] if arguments else "auto", arguments[2:]
    try:
        python = make(wanted)
    except Unavailable as reason:
        say(str(reason))
        return 0 if wanted == "turi?" else 1
    if not command:
        print(python)
        return 0
    with subprocess.Popen([str(python), *command], cwd=str(ROOT), env=clean_environment()) as process:
        while True:
            with contextlib.suppress(KeyboardInterrupt):  # the command has it too, and ends as it likes
                return process.wait()


def make(wanted):
    """The environment's Python, after installing whatever is missing."""
    if wanted in ("turi", "turi?"):
        return install(ROOT / ".venv-turi", turi_python(), ROOT / "environment.lock")
    if wanted == "modern":
        return install(ROOT / ".venv", modern_python(), ROOT / "requirements.lock")
    if wanted != "auto":
        raise Unavailable(f"ENV={wanted} is not known; there are ENV=auto, ENV=turi and ENV=modern")
    try:
        return make("turi")
    except Unavailable as reason:
        say(f"{reason}\nTaking the stand-in for Turi Create instead (ENV=modern).")
        return make("modern")


def turi_python():
    """A Python 3.8 on x86-64 that really runs: Turi Create has no wheel for any other."""
    if platform.system() not in ("Linux", "Darwin") or platform.machine() not in ("x86_64", "AMD64"):
        raise Unavailable(f"Turi Create has no wheel for {platform.system()} on {platform.machine()}.")
    found = first_that_runs(candidates(8), lambda version, machine: version == (3, 8) and machine == "x86_64")
    if found is None:
        raise Unavailable(
            "Turi Create needs Python 3.8, and none that runs was found on the PATH, under ~/.pyenv, "
            "in conda or in uv. To have one: pyenv install 3.8, or conda create -n py38 python=3.8, "
            "or uv python install 3.8."
        )
    return found


def modern_python():
    """The newest Python that the lock is made for."""
    for minor in range(NEWEST, OLDEST - 1, -1):
        found = first_that_runs(candidates(minor), lambda version, machine, minor=minor: version == (3, minor))
        if found is not None:
            return found
    newer = first_that_runs(candidates(NEWEST + 1), lambda version, machine: version > (3, NEWEST))
    if newer is not None:
        raise Unavailable(
            f"Kinframe needs Python 3.{OLDEST} to 3.{NEWEST}, and {newer} is newer: {WAITED_FOR} have no wheels for it "
            f"yet. To have another beside it: uv python install 3.{NEWEST}, or pyenv install 3.{NEWEST}, "
            f"or conda create -n py3{NEWEST} python=3.{NEWEST}, or an installer from python.org."
        )
    raise Unavailable(
        f"Kinframe needs Python 3.{OLDEST} to 3.{NEWEST} with its venv module, and none was found. "
        "On Debian and Ubuntu: apt-get install python3-venv; elsewhere: python.org, pyenv, conda or uv."
    )


def candidates(minor):
    """Where a Python 3.`minor` may be, the likeliest first."""
    if sys.version_info[:2] == (3, minor):
        yield sys.executable
    for name in (f"python3.{minor}", "python3", "python"):
        if shutil.which(name):
            yield shutil.which(name)
    yield from map(str, sorted(PYENV.glob(f"3.{minor}[.-]*/bin/python"), reverse=True))
    if shutil.which("uv"):
        yield from output("uv", "python", "find", f"3.{minor}").splitlines()
    if shutil.which("conda"):
        for folder in json.loads(output("conda", "env", "list", "--json") or "{}").get("envs", []):
            yield str(Path(folder) / "bin" / "python")


def first_that_runs(pythons, fits):
    # A pyenv shim or a broken link is found on the PATH and fails when it is started: so each is started.
    question = "import sys, platform, venv, ensurepip; print(*sys.version_info[:2], platform.machine())"
    for python in dict.fromkeys(pythons):
        answer = re.match(r"(\d+) (\d+) (\S+)$", output(python, "-c", question).strip())
        if answer and fits((int(answer[1]), int(answer[2])), answer[3]):
            return python
    return None


def output(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""


def install(folder, python, lock):
    """Make or complete the environment in `folder`; the stamp says that it is whole."""
    inside = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    recipe = lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode()
    stamp = folder / "kinframe-installed"
    whole = hashlib.sha256(recipe).hexdigest()
    if stamp.exists() and stamp.read_text() == whole and output(str(inside), "-c", "print(1)"):
        return inside
    if not output(str(inside), "-c", "print(1)"):
        say(f"Making {folder.name} with {python}")
        shutil.rmtree(str(folder), ignore_errors=True)
        subprocess.run([python, "-m", "venv", str(folder)], check=True, stdout=sys.stderr)
    if stamp.exists():
        stamp.unlink()  # until the packages have been brought up to date
    # A lock is whole: nothing is looked for beside it, which an old pip would do, and then miss a hash.
    pip(inside, ["--require-hashes", "--no-deps", "-r", str(lock)], f"the packages of {lock.name}, this once")
    pip(inside, ["--no-deps", "--editable", str(ROOT)], "helpers")
    stamp.write_text(whole)
    return inside


def pip(python, arguments, what):
    """Install, with a line that moves, and with pip's own last words when it fails."""
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *arguments]
    environment = clean_environment()
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # old sources warn when they are compiled: once, here
    last = []
    with Moving(f"Installing {what}") as line, subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, env=environment
    ) as process:
        for text in process.stdout:
            last = [*last[-15:], text]
            line.found += text.startswith("Collecting")
            line.writes |= text.startswith("Installing collected")
    if process.returncode:
        say("".join(last))
        raise Unavailable(f"pip could not install {what} (its last lines are above); run the same command again.")
    say(f"Installed {what}: {line.seconds():.0f} s")


class Moving:
    """A line on how far pip is: it moves each second, also while pip is silent; in a log, a new one now and then."""

    IN_A_LOG = 20.0  # s

    def __init__(self, what):
        self.what, self.found, self.writes = what, 0, False
        self._start, self._ended, self._shown = time.monotonic(), threading.Event(), 0
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()
        if self._shown:
            say("\r" + " " * self._shown + "\r", end="")

    def seconds(self):
        return time.monotonic() - self._start

    def _show(self):
        moves = sys.stderr.isatty()
        while not self._ended.wait(1.0 if moves else self.IN_A_LOG):
            step = "writing them" if self.writes else f"{self.found} found"
            text = f"{self.what}: {step}, {self.seconds():.0f} s"
            say("\r" + text.ljust(self._shown) if moves else text, end="" if moves else "\n")
            self._shown = len(text) if moves else 0


def clean_environment():
    # The notebook's kernel must be this environment's, not one that another Jupyter registered for the user. And ONNX
    # Runtime tells nobody that it was imported, whoever imports it first.
    own = {"JUPYTER_PREFER_ENV_PATH": "1", "PYTHONNOUSERSITE": "1"}
    return {"ORT_DISABLE_TELEMETRY": "1", **os.environ, **own}


def say(text, end="\n"):
    print(text, end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
