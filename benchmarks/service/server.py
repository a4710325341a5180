"""The search service as `make serve` starts it, for a benchmark; and how much memory it and its database take."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from benchmarks.process import ROOT, Failed

_READY = re.compile(r"Kinframe serves .* on (http://\S+)")
_PATIENCE = 1800.0  # seconds: an index of 100,000 vectors is built on the way
_END = 30.0
_STEP = 1.0  # seconds between two looks at the memory


class Server(NamedTuple):
    """A service that can be asked."""

    url: str  # ends with /
    pid: int
    seconds: float  # from its start to the line that says it serves


@contextlib.contextmanager
def serving(photos: Path, log: Path, *arguments: str, environment: Dict[str, str]) -> Iterator[Server]:
    """The service, from the moment it can be asked to its end; raises `Failed` with what it said last."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "helpers.service", f"--photos={photos}", "--port=0", *arguments]
    with log.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(
            command, cwd=str(ROOT), env={**os.environ, **environment}, stdout=said, stderr=subprocess.STDOUT
        )
    try:
        url = _url(process, log)
        yield Server(url.rstrip("/") + "/", process.pid, time.perf_counter() - start)
    finally:
        _end(process)


def _url(process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        ended = process.poll() is not None  # before the last look at what it said
        said = log.read_text(encoding="utf-8", errors="replace")
        found = _READY.search(said)
        if found:
            return found[1]
        if ended:
            raise Failed(f"the service ended with status {process.returncode}, and said: {said.strip()[-200:]}")
        time.sleep(0.02)
    raise Failed(f"the service was not ready after {_PATIENCE / 60:.0f} minutes")


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Watch:
    """Looks at the memory of processes, and of those that they started, while something goes on: `with Watch(…)`."""

    def __init__(self, pids: Iterable[int]) -> None:
        self.pids = list(pids)
        self.seen: List[Tuple[float, List[Optional[float]]]] = []  # seconds from the start, MB of each
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._start = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def at(self, seconds: float, place: int = 0) -> Optional[float]:
        """MB of one of the processes at the first look after so many seconds, else at the last."""
        late = [memory for moment, memory in self.seen if moment >= seconds] or [each for _, each in self.seen[-1:]]
        return late[0][place] if late else None

    def last(self, place: int = 0) -> Optional[float]:
        """MB of one of the processes at the last look."""
        return self.seen[-1][1][place] if self.seen else None

    def _look(self) -> None:
        while True:
            now = time.monotonic() - self._start
            self.seen.append((now, [memory(pid) for pid in self.pids]))
            if self._over.wait(_STEP):
                return


def memory(pid: int) -> Optional[float]:
    """MB of a process and all that it started; what several of them share counts once. None where Linux is not."""
    if not Path("/proc/self/smaps_rollup").exists():
        return None
    total = 0.0
    for each in family(pid):
        with contextlib.suppress(OSError, StopIteration):  # it may be over by now
            lines = Path(f"/proc/{each}/smaps_rollup").read_text(encoding="ascii").splitlines()
            total += int(next(line.split()[1] for line in lines if line.startswith("Pss:"))) / 1e3
    return total


def family(pid: int) -> List[int]:
    """A process and all that it started, as far as Linux says it."""
    children: Dict[int, List[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            text = status.read_text(encoding="utf-8", errors="replace")
            parent = int(text.rpartition(")")[2].split()[1])  # a program's name may have brackets of its own
            children.setdefault(parent, []).append(int(status.parent.name))
    found: List[int] = []
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        found.append(each)
        waiting += children.get(each, [])
    return found
