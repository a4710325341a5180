"""The lease by which one service holds a job, and how the work waits for a database that is away."""

import logging
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any, Callable, List, Optional, Tuple, TypeVar

from helpers.database.interface import Database
from helpers.errors import NotFound, StoreError, Unavailable
from helpers.service.records import Job
from helpers.service.storage.jobs import JobTable

SECONDS = 15.0  # for which a job is held, unless the lease is renewed
_BEAT = 3.0  # seconds between two renewals
_PAUSES = (0.1, 5.0)  # seconds before the database is tried again: at first, and at most
_GRACE = 1.5  # seconds for the work to end by itself

_log = logging.getLogger("kinframe.service.jobs")

Result = TypeVar("Result")


class JobEnded(Exception):
    """The work has to end; `Lease.why` is the reason."""


class Lease:
    """A job that is held by a service: `with Lease(…) as lease: …` renews it until the end of the work.

    `why` is empty while the work may go on; then `cancelled`, `stopped`, or
    `lost` where another service has the job. `interrupt` is called where the
    work does not end by itself soon after.
    """

    def __init__(self, jobs: JobTable, job: Job, owner: str, interrupt: Callable[[], None]) -> None:
        self.why = ""
        self.owner = owner
        self._jobs, self._job, self._interrupt = jobs, job, interrupt
        self._until = time.time() + SECONDS
        self._ending, self._over, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="kinframe-lease", daemon=True)

    def __enter__(self) -> "Lease":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._ending.set()
        self._thread.join(_GRACE)  # it may be waiting for a database

    def end(self, why: str) -> None:
        """Have the work end; the first reason counts."""
        with self._lock:
            self.why = self.why or why
        self._ending.set()

    def check(self) -> None:
        """Raises `JobEnded` where the work has to end."""
        if self.why:
            raise JobEnded(self.why)

    def call(self, work: Callable[..., Result], *values: Any, **named: Any) -> Result:
        """`work(…)`, again and again while the database is away, with growing pauses; raises `JobEnded`."""
        return self.once(lambda: work(*values, **named))

    def once(self, work: Callable[[], Result], was_done: Optional[Callable[[], bool]] = None) -> Any:
        """`call` for work that must not be done twice; `was_done` checks whether it was, although it failed."""
        pause, longest = _PAUSES
        while True:
            self.check()
            try:
                if time.time() > self._until:  # this process stood still
                    self._beat()
                    self.check()
                return work()
            except NotFound:
                self._beat()
                self.check()  # another service has the job
                raise
            except Unavailable as error:
                _log.warning("job %s waits: %s", self._job.id, error)
            while True:
                self._ending.wait(pause)
                self.check()
                pause = min(longest, 2 * pause)
                try:
                    self._beat()
                    if self.why or was_done is None or not was_done():
                        break
                    return None
                except Unavailable:
                    continue

    def _watch(self) -> None:
        while not self._ending.wait(_BEAT):
            try:
                self._beat()
            except Unavailable:
                continue  # nobody else can take the job either
            except StoreError as error:
                _log.warning("job %s: its lease cannot be renewed: %s", self._job.id, error)
        if not self._over.wait(_GRACE):
            self._interrupt()

    def _beat(self) -> None:
        until = time.time() + SECONDS
        try:
            if self._jobs.beat(self._job.id, self.owner, SECONDS):
                self.end("cancelled")
        except NotFound:
            self.end("lost")
        self._until = until


def held(database: Database) -> List[Tuple[str, str]]:
    """The ids of running jobs, and their owners."""
    with database.transaction(write=False) as session:
        return [
            (str(job), str(owner or ""))
            for job, owner in session.rows("SELECT id, owner FROM kinframe_jobs WHERE state = ?", "running")
        ]


def this_process() -> str:
    """A name that no other process has, on any machine, and by which `has_ended` can find out whether it still runs.

    It consists of host, process number, start time, and the boot and process
    namespace that the number belongs to; elsewhere than on Linux, of the time.
    """
    began = _began(os.getpid())
    place = _place()
    return f"{socket.gethostname()}:{os.getpid()}:{began}:{place}" if began and place else _unknown()


def has_ended(owner: str) -> bool:
    """Whether the process of this name ran here and has ended; False where that cannot be known."""
    _, *rest = owner.rsplit(":", 3)
    if len(rest) != 3 or rest[2] != _place() or not rest[0].isdigit() or not rest[2]:
        return False
    return _began(int(rest[0])) != rest[1]


def _unknown() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{time.time_ns()}:"


def _place() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid').strip('pid:[]')}"
    except OSError:
        return ""


def _began(process: int) -> str:
    """When a process began, in ticks since the start of the machine; empty where it has ended, or is a zombie."""
    try:
        state, *fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if state in "ZX" else fields[18]
