"""The table of jobs: their requests, owners and progress, which outlast the services that do them."""

import hashlib
import json
import secrets
from typing import Any, Dict, List, Optional, Sequence, Tuple

from helpers.database.interface import Database, DatabaseSession, marks_of, parts
from helpers.errors import NotFound
from helpers.service.records import ENDED, BadPhoto, Job
from helpers.service.storage.images import moment

_REQUEST = """CASE WHEN listed IS NULL THEN request ELSE '{"photos": ' || listed || '}' END"""
_COLUMNS = f"id, state, {_REQUEST}, total, done, added, bad, attempts, cancelling, error, created, started, ended"
_NOW = {  # the database's clock: those of two services may differ
    "embedded": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION)",
}
_SKIPPING = {"embedded": "", "postgresql": "FOR UPDATE SKIP LOCKED"}
_FREE = "(state = 'queued' OR (state = 'running' AND lease < {now}))"


class JobTable:
    """The jobs in a database, which several services may share.

    The request of a job for listed photos has the list only for the owner; all
    others get their number, `{"photos": 3}`, since there may be 100,000.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._now, self._skipping = _NOW[database.kind], _SKIPPING[database.kind]

    def create(self, request: Dict[str, Any]) -> Job:
        """A job for this request: one that has not ended and is not cancelled, or else a new one, queued."""
        text = json.dumps(request, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        with self._database.transaction() as session:
            for job in _jobs(session, "WHERE digest = ? AND ended IS NULL AND cancelling = 0", digest):
                return job
            id = secrets.token_hex(8)
            session.rows(
                "INSERT INTO kinframe_jobs"  # noqa: S608  # nosec B608  # names are ours, values are bound
                " (id, state, request, listed, digest, done, added, bad, attempts, cancelling, error, created)"
                f" VALUES (?, 'queued', ?, ?, ?, 0, 0, 0, 0, 0, '', {self._now})",
                *(id, text, len(request["photos"]) if "photos" in request else None, digest),
            )
            return _jobs(session, "WHERE id = ?", id)[0]

    def get(self, id: str) -> Job:
        """A job by its id; raises `NotFound`."""
        with self._database.transaction(write=False) as session:
            return _job(session, id)

    def newest(self, limit: int = 50) -> List[Job]:
        """The newest jobs, newest first."""
        with self._database.transaction(write=False) as session:
            return _jobs(session, "ORDER BY number DESC LIMIT ?", limit)

    def bad(self, id: str, limit: int) -> List[BadPhoto]:
        """The first photos that a job left out, in the order in which it met them."""
        with self._database.transaction(write=False) as session:
            rows = session.rows(
                "SELECT path, reason FROM kinframe_bad_photos WHERE job = ? ORDER BY number LIMIT ?",
                *(id, limit),
            )
        return [BadPhoto(*row) for row in rows]

    def claim(self, owner: str, lease: float) -> Optional[Job]:
        """Give the oldest free job to an owner for `lease` seconds, from its beginning; None where there is none.

        A job is free if it is queued, or its lease has run out; free jobs that
        have to be cancelled are cancelled.
        """
        now, free = self._now, _FREE.format(now=self._now)
        with self._database.transaction() as session:
            session.rows(
                f"UPDATE kinframe_jobs SET state = 'cancelled', ended = {now}, owner = NULL, lease = NULL"  # noqa: S608  # nosec B608  # names are ours, values are bound
                f" WHERE cancelling = 1 AND {free}"
            )
            taken = session.rows(
                f"UPDATE kinframe_jobs SET state = 'running', owner = ?, lease = {now} + ?,"  # noqa: S608  # nosec B608  # names are ours, values are bound
                f" attempts = attempts + 1, started = COALESCE(started, {now}),"
                " total = NULL, done = 0, added = 0, bad = 0 WHERE number = ("
                f"SELECT number FROM kinframe_jobs WHERE cancelling = 0 AND {free}"
                f" ORDER BY number LIMIT 1 {self._skipping}) RETURNING id",
                *(owner, lease),
            )
            if not taken:
                return None
            session.rows("DELETE FROM kinframe_bad_photos WHERE job = ?", *taken[0])
            ((request,),) = session.rows("SELECT request FROM kinframe_jobs WHERE id = ?", *taken[0])
            return _job(session, *taken[0])._replace(request=json.loads(request))

    def beat(self, id: str, owner: str, lease: float) -> bool:
        """Renew a lease for `lease` seconds; True where the job has to end. Raises `NotFound` where it is lost."""
        with self._database.transaction() as session:
            held = session.rows(
                f"UPDATE kinframe_jobs SET lease = {self._now} + ?"  # noqa: S608  # nosec B608  # names are ours, values are bound
                " WHERE id = ? AND owner = ? AND state = 'running' RETURNING cancelling",
                *(lease, id, owner),
            )
        if not held:
            raise NotFound(f"Job {id} is not {owner}'s any more")
        return bool(held[0][0])

    def counted(self, id: str, total: int) -> None:
        """Record how many photos a job is for; raises `NotFound`."""
        with self._database.transaction() as session:
            _existing(id, session.rows("UPDATE kinframe_jobs SET total = ? WHERE id = ? RETURNING id", total, id))

    def step(
        self,
        session: DatabaseSession,
        id: str,
        *,
        done: int,
        new: int,
        bad: Sequence[BadPhoto],
        owner: Optional[str] = None,
    ) -> None:
        """Add to the progress of a job: photos that are done, new ones, and those left out (each counts once).

        Raises `NotFound`; with `owner`, also where the job is not the owner's any more.
        """
        reasons = {_escaped(photo.path): _escaped(photo.reason) for photo in bad}
        for part in parts(list(reasons)):
            session.rows(
                f"DELETE FROM kinframe_bad_photos WHERE job = ? AND path IN ({marks_of(part)})",  # noqa: S608  # nosec B608  # names are ours, values are bound
                *(id, *part),
            )
        mine = "" if owner is None else " AND owner = ?"
        updated = session.rows(
            f"UPDATE kinframe_jobs SET done = done + ?, added = added + ? WHERE id = ?{mine} RETURNING id",  # noqa: S608  # nosec B608  # names are ours, values are bound
            *(done, new, id, *(() if owner is None else (owner,))),
        )
        _existing(id, updated)
        if reasons:
            session.many(
                "INSERT INTO kinframe_bad_photos (job, path, reason) VALUES (?, ?, ?)",
                [(id, path, reason) for path, reason in reasons.items()],
            )
            session.rows(
                "UPDATE kinframe_jobs SET bad = (SELECT count(*) FROM kinframe_bad_photos WHERE job = ?) WHERE id = ?",
                *(id, id),
            )

    def end(self, id: str, state: str, error: str = "", owner: Optional[str] = None) -> None:
        """End a job as `done`, `failed` (with the error) or `cancelled`; or as `queued`, to be taken up again.

        One that has ended stays as it is. Raises `NotFound`; with `owner`, also
        where the job is not the owner's any more.
        """
        with self._database.transaction() as session:
            job = _job(session, id)
            if job.state in ENDED:
                return
            if owner is not None and session.rows("SELECT owner FROM kinframe_jobs WHERE id = ?", id) != [(owner,)]:
                raise NotFound(f"Job {id} is not {owner}'s any more")
            if state == "queued" and job.cancelling:
                state = "cancelled"
            ended = "NULL" if state == "queued" else self._now
            session.rows(
                f"UPDATE kinframe_jobs SET state = ?, error = ?, ended = {ended}, owner = NULL, lease = NULL"  # noqa: S608  # nosec B608  # names are ours, values are bound
                " WHERE id = ?",
                *(state, _escaped(error), id),
            )

    def cancel(self, id: str) -> Job:
        """Cancel a job: a queued one ends at once, a running one soon. Raises `NotFound`."""
        with self._database.transaction() as session:
            session.rows(
                f"UPDATE kinframe_jobs SET state = 'cancelled', ended = {self._now} WHERE id = ? AND state = 'queued'",  # noqa: S608  # nosec B608  # names are ours, values are bound
                id,
            )
            session.rows("UPDATE kinframe_jobs SET cancelling = 1 WHERE id = ? AND state = 'running'", id)
            return _job(session, id)

    def unfinished(self) -> int:
        """The number of jobs that have not ended."""
        with self._database.transaction(write=False) as session:
            return int(session.rows("SELECT count(*) FROM kinframe_jobs WHERE ended IS NULL")[0][0])


def _jobs(session: DatabaseSession, condition: str, *values: Any) -> List[Job]:
    rows = session.rows(f"SELECT {_COLUMNS} FROM kinframe_jobs {condition}", *values)  # noqa: S608  # nosec B608  # names are ours, values are bound
    return [_record(row) for row in rows]


def _job(session: DatabaseSession, id: str) -> Job:
    return _existing(id, _jobs(session, "WHERE id = ?", id))[0]


def _existing(id: str, rows: List[Any]) -> List[Any]:
    if not rows:
        raise NotFound(f"There is no job {id}")
    return rows


def _record(row: Tuple[Any, ...]) -> Job:
    values = dict(zip(Job._fields, row))
    for name in ("created", "started", "ended"):
        values[name] = None if values[name] is None else moment(values[name])
    return Job(**{**values, "request": json.loads(values["request"]), "cancelling": bool(values["cancelling"])})


def _escaped(text: str) -> str:
    """The text with what databases cannot hold, such as half a character of a file name, escaped."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()
