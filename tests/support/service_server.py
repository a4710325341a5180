"""The command of the service, started on a folder and ended again."""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterator, NamedTuple, Optional

import pytest

from tests.support.app_server import free_port
from tests.support.places import ROOT

_READY = "Kinframe serves "
_WAIT = 120.0  # seconds until it can be asked: the first one prepares its network
_own_cache: Optional[Path] = None


class Served(NamedTuple):
    """A running service."""

    url: str  # without a slash at its end
    process: "subprocess.Popen[bytes]"
    log: Path  # all that it says, grows while it runs


@contextlib.contextmanager
def serving(
    photos: Path,
    *arguments: str,
    database: str = "",
    port: int = 0,
    cache: Optional[Path] = None,
    **environment: str,
) -> Iterator[Served]:
    """`python -m helpers.service` on a folder, from the moment it can be asked until the block is left.

    `arguments` are more of its command line. Without `database` it keeps its
    collection in the cache folder, under the folder's name: started again, it
    has it still. Without `port` it takes a free one; without `cache`, a folder
    that goes when the tests end. `environment` is added to the process's. The
    block may end it in any way.
    """
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "helpers.service", "--photos", str(photos), "--port", str(port), *arguments]
    if database:
        command += ["--database", database]
    handle, name = tempfile.mkstemp(prefix="kinframe-service-", suffix=".log")
    log = Path(name)
    try:
        with os.fdopen(handle, "wb") as said, subprocess.Popen(
            command, env={**surroundings(cache), **environment}, cwd=str(ROOT), stdout=said, stderr=subprocess.STDOUT
        ) as process:
            try:
                _wait(process, log)
                yield Served(url, process, log)
            finally:
                stop(process)
    finally:
        log.unlink()


def stop(process: "subprocess.Popen[bytes]", within: float = 60.0) -> int:
    """End it as Ctrl+C does, and its workers with it, if it still runs; its exit status."""
    if process.poll() is None:
        ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # by what started the tests, and so by it too
        process.send_signal(signal.SIGTERM if ignored or os.name == "nt" else signal.SIGINT)
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
    return process.returncode


def surroundings(cache: Optional[Path] = None) -> "dict[str, str]":
    """The environment of a service: a cache of its own, no proxy, nothing of the person's."""
    global _own_cache
    if cache is None and _own_cache is None:
        _own_cache = Path(tempfile.mkdtemp(prefix="kinframe-service-cache-"))
        atexit.register(shutil.rmtree, _own_cache, ignore_errors=True)
    cache = cache or _own_cache
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    kept.pop("KINFRAME_DATABASE", None)
    return {**kept, "KINFRAME_CACHE": str(cache), "KINFRAME_MIRROR": str(cache / "no-mirror"), "PYTHONUNBUFFERED": "1"}


def _wait(process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + _WAIT
    while _READY not in log.read_text(encoding="utf-8", errors="replace"):
        if process.poll() is not None or time.monotonic() > end:
            pytest.fail(f"the service did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")
        time.sleep(0.05)
