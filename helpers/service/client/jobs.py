"""The part of a client that has work done in the background, and waits for it."""

import time
from typing import Any, Optional, Sequence

from helpers.errors import FrameError, Unavailable
from helpers.service.client.answers import bad_photos_frame, job_of, jobs_frame, understood
from helpers.service.client.connection import Connection
from helpers.service.client.parameters import listed_all, one
from helpers.service.records import ENDED, Job

_POLL = (0.2, 1.0)  # seconds between two looks at a job, at first and later
_AWAY = 120.0  # seconds that a service may be away while a job is waited for: it goes on after a restart


class JobCalls:
    """What is declared here, `Client` has."""

    _line: Connection

    @property
    def url(self) -> str:
        """The service's address."""
        return self._line.url

    def index(
        self,
        folder: Optional[str] = None,
        photos: Optional[Sequence[Any]] = None,
        wait: bool = False,
        progress: bool = True,
    ) -> Job:
        """Have a folder indexed in the background, or some photos: a job, at once.

        Both are below the photo root of the service, with `/`; an empty
        `folder` is all of it. One of `photos` is a path, or a path and the ids
        of the products that it shows. What is kept already is not computed
        again. With `wait` the job is handed back as `wait` does.
        """
        if (folder is None) == (photos is None):
            raise FrameError("index() takes a folder or photos= of the service's own, one of them; '' is all it has")
        body = {"folder": folder} if photos is None else {"photos": listed_all(photos)}
        answer = self._line.json("POST", "/index", may_repeat=False, json=body)
        with understood(self.url):
            job = job_of(answer)
        return self.wait(job.id, progress) if wait else job

    def wait(self, id: str, progress: bool = True) -> Job:
        """The job when it has ended, well or not: its `state` says so, and `error` why not.

        A service that is started again meanwhile is waited for, two minutes.
        """
        from tqdm.auto import tqdm

        pause, away_since = _POLL[0], None  # type: float, Optional[float]
        with tqdm(unit=" photos", delay=2, disable=not progress) as bar:
            while True:
                try:
                    job, away_since = self.job(id), None
                except Unavailable:
                    away_since = away_since or time.monotonic()
                    if time.monotonic() - away_since > _AWAY:
                        raise
                else:
                    bar.total, bar.n = job.total, job.done
                    bar.refresh()
                    if job.state in ENDED:
                        return job
                time.sleep(pause)
                pause = min(_POLL[1], pause * 1.5)

    def job(self, id: str) -> Job:
        """A job as it is now."""
        answer = self._line.json("GET", f"/jobs/{one(id)}")
        with understood(self.url):
            return job_of(answer)

    def bad(self, id: str) -> Any:
        """The first photos that a job left out, and why: an SFrame of path and reason."""
        answer = self._line.json("GET", f"/jobs/{one(id)}")
        with understood(self.url):
            return bad_photos_frame(answer["bad_photos"])

    def jobs(self) -> Any:
        """The newest jobs, the newest first: an SFrame of id, state, total, done, new, bad, error and created (UTC)."""
        answer = self._line.json("GET", "/jobs")
        with understood(self.url):
            return jobs_frame(answer["jobs"])

    def cancel(self, id: str) -> Job:
        """Have a job end: at once where it waits, and soon where it runs; what it did stays."""
        answer = self._line.json("DELETE", f"/jobs/{one(id)}")
        with understood(self.url):
            return job_of(answer)
