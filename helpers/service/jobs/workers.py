"""The processes that do the work of jobs: a Dask cluster on this machine, or one at an address.

Those on this machine start when there is work and end when there has been none
for a while. They run at low priority, so that searches are answered meanwhile,
and end with this process, however that ends, even while they are starting.

They communicate over sockets of the loopback, which everybody with an account on
the machine can reach, and in pickle, which runs code. So it goes through TLS, with
a certificate that is made for the time of the cluster and is on no disk: who does
not have it is refused before the first byte is read. A cluster at an address is as
safe as its own settings make it (`distributed.comm.tls` in Dask's configuration).

Dask's scheduler runs in this process and keeps records of all that it ever did, as
long as it runs. So there is a new one after some jobs, and nothing holds the old one.
"""

import contextlib
import gc
import logging
import os
import re
import shutil
import signal
import stat
import tempfile
import threading
import time
import weakref
from pathlib import Path
from typing import Any, Dict, List, Optional, cast

import dask
import distributed.core
from distributed import Client, LocalCluster, WorkerPlugin
from distributed.security import Security

from helpers.errors import ClusterError
from helpers.service.jobs.lease import has_ended, this_process
from helpers.service.settings import Settings

_IDLE = 60.0  # seconds without work, after which processes here end
_NICE = 10
_JOBS = 100  # of one cluster here
_NO_PAGES: Dict[str, List[str]] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}
_CONNECT = 10.0  # seconds
_CLOSE = 2.0  # seconds that somebody waits for the end of processes here and of the connection with them,
_LONGEST = 20.0  # and that it may take in the background
_FOLDER = "kinframe-workers-"
_OWNED = re.compile(rf"{_FOLDER}(\d+)-(\d+)-([0-9a-f-]{{36}})\.(\d+)-\w+")  # as `has_ended` takes it: on Linux

_log = logging.getLogger("kinframe.service.jobs")

# A connection that ends, with a worker that was killed or a cluster that was closed, is a traceback in Dask's own log.
# Jobs have errors of their own. `silence_logs` ends with its cluster, and what comes after that would be in the log.
for _handler in logging.getLogger("distributed").handlers:
    _handler.setLevel(logging.CRITICAL)


class Workers:
    """Workers for jobs; several threads may call `give_up` and `close`."""

    nice = _NICE  # of those on this machine
    jobs = _JOBS  # after which those on this machine are replaced

    def __init__(self, settings: Settings) -> None:
        self._address, self._count = settings.dask, settings.workers
        self._lock = threading.Lock()
        self._client: Optional[Client] = None
        self._cluster: Optional[LocalCluster] = None
        self._start: Optional[_Start] = None
        self._used, self._jobs = time.monotonic(), 0

    @property
    def are_here(self) -> bool:
        """Whether they are processes of this machine."""
        return not self._address

    def client(self) -> Client:
        """A client of the workers for one job; they are started where there are none. Raises `ClusterError`."""
        self._used = time.monotonic()
        self._jobs += 1
        fresh = self._jobs <= self.jobs or not self.are_here
        if self._client is not None and self._client.status == "running" and fresh:
            return self._client
        self.close()
        self._jobs = 1
        try:
            client = self._connected() if self._address else self._started()
        except (OSError, RuntimeError, ValueError) as error:
            scheduler = f"the Dask scheduler at {self._address} cannot be reached"
            trouble = scheduler if self._address else "Dask's processes cannot be started"
            self.close()
            raise ClusterError(f"{trouble} ({type(error).__name__}: {error})") from error
        self._client = client
        return client

    def give_up(self) -> None:
        """Wait no longer for processes that are starting here; they end as soon as they have started."""
        with self._lock:
            start, self._start = self._start, None
        if start is not None:
            start.give_up()

    def close(self) -> None:
        """End processes here, and disconnect from those elsewhere; work in progress is lost."""
        self.give_up()
        with self._lock:
            end = None if self._client is None and self._cluster is None else _End(self._client, self._cluster)
            self._client = self._cluster = None
        if end is not None:
            end.begin()

    def close_if_idle(self) -> None:
        """End processes here that have had nothing to do for a minute."""
        if self._cluster is not None and time.monotonic() - self._used > _IDLE:
            self.close()

    def _connected(self) -> Client:
        return Client(self._address, timeout=_CONNECT, set_as_default=False)

    def _started(self) -> Client:
        begun = time.monotonic()
        with self._lock:
            start = self._start = _Start(self._count)
        cluster = start.cluster()
        with self._lock:
            wanted, self._start = self._start is start, None
            self._cluster = cluster if wanted else None
        if not wanted:
            _End(None, cluster).begin()
            raise RuntimeError("nobody waits for them any longer")
        # By its address: early Python 3.13 never frees a client that has registered something, nor what that refers to.
        client = Client(cluster.scheduler_address, security=cluster.security, set_as_default=False)
        register: Any = getattr(client, "register_plugin", None) or client.register_worker_plugin  # type: ignore[attr-defined]
        register(_LowPriority(self.nice), name="kinframe-low-priority")
        _log.info("%d worker processes started in %.1f s", self._count, time.monotonic() - begun)
        return client


def new_folder() -> str:
    """A new folder for the time of a cluster, closed to others; those of services that were killed are removed.

    Its name has the process whose it is. One of a process of which nothing can be known here is left: of another
    container, or from before the machine was started again.
    """
    temporary = Path(tempfile.gettempdir())
    for left in temporary.glob(f"{_FOLDER}*"):
        parts = _OWNED.fullmatch(left.name)
        if parts is None or not has_ended(":{}:{}:{}/{}".format(*parts.groups())):
            continue
        with contextlib.suppress(OSError):
            status = left.lstat()
            if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
                shutil.rmtree(left, ignore_errors=True)  # which follows no links
    _, process, began, place = this_process().rsplit(":", 3)
    return tempfile.mkdtemp(prefix=f"{_FOLDER}{process}-{began}-{place.replace('/', '.')}-", dir=temporary)


class _Start(threading.Thread):
    """Starts processes; the interpreter does not end before they have started, or ended again."""

    def __init__(self, count: int) -> None:
        super().__init__(name="kinframe-workers-start", daemon=False)  # whatever thread starts it
        self._count = count
        self._lock, self._over = threading.Lock(), threading.Event()
        self._cluster: Optional[LocalCluster] = None
        self._error: Optional[Exception] = None
        self._given_up = False
        self.start()

    def cluster(self) -> LocalCluster:
        """Wait for them; raises `RuntimeError` where they were given up, and what their start raised."""
        self._over.wait()
        with self._lock:
            if self._error is not None:
                raise self._error
            if self._cluster is None:
                raise RuntimeError("nobody waits for them any longer")
            return self._cluster

    def give_up(self) -> None:
        """Wait no longer for them; does nothing where they have started."""
        with self._lock:
            self._given_up = True
        self._over.set()

    def run(self) -> None:
        try:
            cluster = self._new()
        except Exception as error:
            with self._lock:
                self._error = error
        else:
            with self._lock:
                self._cluster = None if self._given_up else cluster
            if self._cluster is None:
                _End(None, cluster).begin()
        self._over.set()

    def _new(self) -> LocalCluster:
        # Dask puts its folder in front of all places from which Python imports, also in this process, and would take
        # one that another account has made: /tmp/dask-scratch-space.
        folder = new_folder()
        try:
            with dask.config.set({**_NO_PAGES, "temporary-directory": folder}):
                cluster = LocalCluster(
                    protocol="tls://",
                    security=Security.temporary(),
                    n_workers=self._count,
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",  # there is a port in any case; this takes a free one
                    scheduler_kwargs={"dashboard": False},
                    memory_limit=0,
                    silence_logs=logging.CRITICAL,
                )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        # At the latest when this process ends.
        cast("Any", cluster).remove_folder = weakref.finalize(cluster, shutil.rmtree, folder, ignore_errors=True)
        return cluster


class _End(threading.Thread):
    """Closes a client and a cluster, in the background where that takes long.

    A cluster that is left half closed never ends, and a client leaves its loop, with a thread and three descriptors.
    """

    def __init__(self, client: Optional[Client], cluster: Optional[LocalCluster]) -> None:
        super().__init__(name="kinframe-workers-end", daemon=False)
        self._client: Any = client
        self._cluster: Any = cluster

    def begin(self) -> None:
        """Begin, and wait for its end a little."""
        self.start()
        self.join(_CLOSE)

    def run(self) -> None:
        if self._client is not None:
            with contextlib.suppress(Exception):  # it may have failed already
                self._client.close(timeout=_LONGEST)
        if self._cluster is not None:
            with contextlib.suppress(Exception):
                self._cluster.close(timeout=_LONGEST)
                self._cluster.remove_folder()
        self._client = self._cluster = None
        _free_ended()


def _free_ended() -> None:
    """Free the schedulers that have ended, to which nobody refers but themselves and a cache in Dask of 2026."""
    clear = getattr(getattr(distributed.core, "_expects_comm", None), "cache_clear", None)
    if clear is not None:
        clear()
    gc.collect()  # Python would wait until many new objects have been made, and an idle service makes none


class _LowPriority(WorkerPlugin):
    """Gives a worker low priority on its machine, and leaves Ctrl+C to the service."""

    def __init__(self, nice: int) -> None:
        self._nice = nice

    def setup(self, worker: Any) -> None:
        if threading.current_thread() is threading.main_thread():  # in a terminal, Ctrl+C goes to all processes
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        if not hasattr(os, "setpriority"):
            return
        threads = [int(name) for name in os.listdir("/proc/self/task")] if os.path.isdir("/proc/self/task") else [0]  # noqa: PTH112, PTH208
        for thread in threads:  # on Linux each has its own priority, which threads that it starts inherit
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, thread, self._nice)
