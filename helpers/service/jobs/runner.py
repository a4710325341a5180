"""Jobs in the background: one thread that takes them from the storage, one after the other, until it is stopped.

The storage alone holds the jobs and their progress. A job whose service is gone
is taken up by another one: at once where its process is known to have ended,
else when its lease has run out.
"""

import contextlib
import logging
import secrets
import threading
import time
from typing import Any, Dict, Optional, Tuple

from helpers.errors import ClusterError, KinframeError, NotFound, StoreError, Unavailable
from helpers.service.jobs.indexing import Indexing, normalized
from helpers.service.jobs.lease import SECONDS, JobEnded, Lease, has_ended, held, this_process
from helpers.service.jobs.workers import Workers
from helpers.service.photo_root import PhotoRoot
from helpers.service.query_network import QueryNetwork
from helpers.service.records import Job
from helpers.service.settings import Settings
from helpers.service.storage.storage import Storage
from helpers.service.valid_text import places_here, without_places

_LOOK = 2.0  # seconds between two looks for jobs that other services left
_PAUSES = (0.1, 5.0)  # seconds before a database that is away is tried again: at first, and at most
_ATTEMPTS = 3  # in a row with workers that fail before a batch is done
_STOP = 4.0  # seconds for the thread to end

_log = logging.getLogger("kinframe.service.jobs")


class Runner:
    """The jobs of one service."""

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        network: QueryNetwork,
        root: PhotoRoot,
        workers: Optional[Workers] = None,
    ) -> None:
        self._storage, self._network, self._root = storage, network, root
        self._workers = workers or Workers(settings)
        self.owner = f"{secrets.token_hex(4)}@{this_process()}"  # there may be several in a process
        self._awake, self._stopping = threading.Event(), threading.Event()
        self._thread: Optional[threading.Thread] = None
        self._lock = threading.Lock()
        self._lease: Optional[Lease] = None
        self._job = ""

    def start(self) -> None:
        """Begin with the jobs that are queued, and those that were left unfinished."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._work, name="kinframe-jobs", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End within a few seconds; an unfinished job waits for the next start, and keeps its progress."""
        thread, self._thread = self._thread, None
        self._stopping.set()
        self._awake.set()
        with self._lock:
            if self._lease is not None:
                self._lease.end("stopped")
        self._workers.give_up()
        if thread is not None:
            thread.join(_STOP)
        self._workers.close()

    def submit(self, request: Dict[str, Any]) -> Job:
        """Queue a job, which begins when those before it are done; raises what `normalized` raises."""
        job = self._storage.jobs.create(normalized(self._root, request))
        self._awake.set()
        return job

    def cancel(self, job: str) -> Job:
        """Have a job end soon; what it has indexed stays. Raises `NotFound`."""
        row = self._storage.jobs.cancel(job)
        with self._lock:
            if self._lease is not None and self._job == job and row.cancelling:
                self._lease.end("cancelled")
        return row

    def _work(self) -> None:
        pause = _PAUSES[0]
        while not self._stopping.is_set():
            self._awake.clear()
            try:
                job = self._next()
                pause = _PAUSES[0]
                if job is not None:
                    self._do(job)
                    continue
            except Unavailable as error:
                _log.warning("jobs have to wait: %s", error)
                self._stopping.wait(pause)
                pause = min(_PAUSES[1], 2 * pause)
                continue
            except Exception:
                _log.exception("jobs have to wait")
                self._stopping.wait(_PAUSES[1])
                continue
            self._workers.close_if_idle()
            if not self._stopping.is_set():
                self._awake.wait(_LOOK)

    def _next(self) -> Optional[Job]:
        if not self._storage.jobs.unfinished():  # looked up often, so without writing anything
            return None
        for job, owner in held(self._storage.database):
            if has_ended(owner):
                _log.info("job %s was left by a process that has ended", job)
                with contextlib.suppress(NotFound):  # another service noticed it too
                    self._storage.jobs.end(job, "queued", owner=owner)
        return self._storage.jobs.claim(self.owner, SECONDS)

    def _do(self, job: Job) -> None:
        begun = time.monotonic()
        _log.info("job %s begins (attempt %d)", job.id, job.attempts)
        with Lease(self._storage.jobs, job, self.owner, self._workers.close) as lease:
            with self._lock:
                self._lease, self._job = lease, job.id
            if self._stopping.is_set():
                lease.end("stopped")
            state, error = self._outcome(job, lease)
            with self._lock:
                self._lease = None
        try:  # callers read it, and the log below is for those who run the service
            self._record(job, state, without_places(error, str(self._root.path), *places_here()))
        except NotFound:
            state = "lost"  # another service has it
        with contextlib.suppress(KinframeError):  # not worth waiting for a database
            job = self._storage.jobs.get(job.id)
        photos = f"{job.done} photos, {job.new} new, {job.bad} left out"
        seconds = time.monotonic() - begun
        _log.info("job %s: %s after %.1f s: %s%s", job.id, state, seconds, photos, f": {error}" if error else "")

    def _outcome(self, job: Job, lease: Lease) -> Tuple[str, str]:
        try:
            indexing = Indexing(self._storage, self._network.settled, self._root, job, lease)
            indexing.prepare()
            self._compute(indexing, lease)
            return "done", ""
        except JobEnded:
            return lease.why, ""
        except KinframeError as error:
            return (lease.why, "") if lease.why else ("failed", str(error))
        except Exception as error:  # one job must not end the others
            if lease.why:  # workers that are ended amid their work raise anything
                return lease.why, ""
            _log.exception("job %s failed", job.id)
            return "failed", f"{type(error).__name__}: {error}"[:500]

    def _compute(self, indexing: Indexing, lease: Lease) -> None:
        failed = progressed = 0
        while not indexing.is_done:
            lease.check()
            try:
                return indexing.compute(self._workers.client(), self._workers.are_here)
            except ClusterError as error:
                lease.check()
                failed = failed + 1 if indexing.progressed == progressed else 1
                progressed = indexing.progressed
                if failed == _ATTEMPTS:
                    raise
                _log.warning("its workers are started again: %s", error)
                self._workers.close()
                self._stopping.wait(failed)

    def _record(self, job: Job, state: str, error: str) -> None:
        """Record how it ended, as soon as the database is there; raises `NotFound` where another service has it."""
        pause, longest = _PAUSES
        while state != "lost":
            try:
                return self._storage.jobs.end(job.id, "queued" if state == "stopped" else state, error, self.owner)
            except (Unavailable, StoreError) as trouble:
                _log.warning("job %s is %s, which cannot be recorded yet: %s", job.id, state, trouble)
                if self._stopping.wait(pause):
                    return None  # its lease runs out, and whoever takes it has nothing left to do
                pause = min(longest, 2 * pause)
        return None
