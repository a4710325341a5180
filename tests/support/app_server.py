"""The command of `make app`, started on a folder and ended again."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

import pytest

from tests.support.places import ROOT
from tests.support.until import HANGS


class App(NamedTuple):
    """A running server."""

    address: str
    said: str  # until the page could be had
    process: "subprocess.Popen[str]"


@contextlib.contextmanager
def serving(folder: Path, cache: Path, python: str = sys.executable) -> Iterator[App]:
    """The page on a folder, from the moment it can be opened."""
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "FOLDER": str(folder),
        "KINFRAME_CACHE": str(cache),
        "KINFRAME_MIRROR": str(cache / "no-mirror"),
        "JUPYTER_CONFIG_DIR": str(cache / "no-jupyter-settings"),
    }
    command = [python, "-m", "helpers.app", f"--port={port}"]
    with subprocess.Popen(
        command, env=environment, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    ) as process:
        try:
            said = ""
            for line in process.stdout:
                said += line
                if "Ctrl+C stops it" in line:
                    break
            else:
                pytest.fail(f"make app did not start:\n{said}")
            yield App(f"http://127.0.0.1:{port}/", said, process)
        finally:
            end(process)


def end(process: "subprocess.Popen[str]") -> str:
    """End it as Ctrl+C does; what it said after the page could be had."""
    if process.poll() is not None:
        return ""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # by what started the tests, and so by the server too
    process.send_signal(signal.SIGTERM if ignored or os.name == "nt" else signal.SIGINT)
    try:
        return process.communicate(timeout=HANGS)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
