"""The jobs of a service: what is to be done, who does it, and how far it has come; they outlast whoever does them."""

import hashlib
import json
import secrets
from typing import Any, Dict, List, Optional, Sequence

from helpers.database.interface import Database, Session, marks_of, parts
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
    """The jobs that are kept in a database. Several services may take them from one.

    The request of a job that is about listed photos is the whole list for who
    claims it alone; all others get `{"photos": 3}`, since there may be 100,000.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._now, self._skipping = _NOW[database.kind], _SKIPPING[database.kind]

    def create(self, request: Dict[str, Any]) -> Job:
        """A job for this request: one that has not ended and was not cancelled, or else a new one, queued."""
        text = json.dumps(request, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        with self._database.transaction() as session:
            found = _jobs(session, "WHERE digest = ? AND ended IS NULL AND cancelling = 0", digest)
            if found:
                return found[0]
            id = secrets.token_hex(8)
            session.rows(
                "INSERT INTO kinframe_jobs"  # noqa: S608
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
        """The jobs that were asked for last, newest first."""
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
        """The oldest job that nobody does: it is the owner's for `lease` seconds, and begins anew.

        That is one that is queued, or whose owner let the lease run out; one of
        these that was to be cancelled is so now. None where there is none.
        """
        now, free = self._now, _FREE.format(now=self._now)
        with self._database.transaction() as session:
            session.rows(
                f"UPDATE kinframe_jobs SET state = 'cancelled', ended = {now}, owner = NULL, lease = NULL"  # noqa: S608
                f" WHERE cancelling = 1 AND {free}"
            )
            taken = session.rows(
                f"UPDATE kinframe_jobs SET state = 'running', owner = ?, lease = {now} + ?,"  # noqa: S608
                f" attempts = attempts + 1, started = COALESCE(started, {now}),"
                " total = NULL, done = 0, added = 0, bad = 0 WHERE number = ("
                f"SELECT number FROM kinframe_jobs WHERE {free} ORDER BY number LIMIT 1 {self._skipping}"
                ") RETURNING id",
                *(owner, lease),
            )
            if not taken:
                return None
            session.rows("DELETE FROM kinframe_bad_photos WHERE job = ?", *taken[0])
            ((request,),) = session.rows("SELECT request FROM kinframe_jobs WHERE id = ?", *taken[0])
            return _job(session, *taken[0])._replace(request=json.loads(request))

    def beat(self, id: str, owner: str, lease: float) -> bool:
        """Keep a job for `lease` seconds from now; True where it is to end. Raises `NotFound` where another has it."""
        with self._database.transaction() as session:
            held = session.rows(
                f"UPDATE kinframe_jobs SET lease = {self._now} + ?"  # noqa: S608
                " WHERE id = ? AND owner = ? AND state = 'running' RETURNING cancelling",
                *(lease, id, owner),
            )
        if not held:
            raise NotFound(f"Job {id} is not {owner}'s any more")
        return bool(held[0][0])

    def counted(self, id: str, total: int) -> None:
        """Say how many photos a job is to look at; raises `NotFound`."""
        with self._database.transaction() as session:
            _found(id, session.rows("UPDATE kinframe_jobs SET total = ? WHERE id = ? RETURNING id", total, id))

    def step(
        self, session: Session, id: str, *, done: int, new: int, bad: Sequence[BadPhoto], owner: Optional[str] = None
    ) -> None:
        """Say what a job did: with how many photos, and which it left out (a photo counts once).

        Raises `NotFound`; with `owner`, also where the job is another's by now.
        """
        reasons = {_kept(each.path): _kept(each.reason) for each in bad}
        for part in parts(list(reasons)):
            session.rows(
                f"DELETE FROM kinframe_bad_photos WHERE job = ? AND path IN ({marks_of(part)})",  # noqa: S608
                *(id, *part),
            )
        mine = "" if owner is None else " AND owner = ?"
        found = session.rows(
            f"UPDATE kinframe_jobs SET done = done + ?, added = added + ? WHERE id = ?{mine} RETURNING id",  # noqa: S608
            *(done, new, id, *(() if owner is None else (owner,))),
        )
        _found(id, found)
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
        """Say that a job is `done`, `failed` (and why) or `cancelled`; or `queued`, so that it is taken up again.

        One that has ended stays as it is. Raises `NotFound`; with `owner`, also
        where the job is another's.
        """
        if state not in (*ENDED, "queued"):
            raise ValueError(f"a job does not end as {state!r}")
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
                f"UPDATE kinframe_jobs SET state = ?, error = ?, ended = {ended}, owner = NULL, lease = NULL"  # noqa: S608
                " WHERE id = ?",
                *(state, _kept(error), id),
            )

    def cancel(self, id: str) -> Job:
        """Ask a job to end: one that is queued has ended now, one that runs soon will. Raises `NotFound`."""
        with self._database.transaction() as session:
            session.rows(
                f"UPDATE kinframe_jobs SET state = 'cancelled', ended = {self._now} WHERE id = ? AND state = 'queued'",  # noqa: S608
                id,
            )
            session.rows("UPDATE kinframe_jobs SET cancelling = 1 WHERE id = ? AND state = 'running'", id)
            return _job(session, id)

    def unfinished(self) -> int:
        """How many have not ended."""
        with self._database.transaction(write=False) as session:
            return int(session.rows("SELECT count(*) FROM kinframe_jobs WHERE ended IS NULL")[0][0])


def _jobs(session: Session, condition: str, *values: Any) -> List[Job]:
    rows = session.rows(f"SELECT {_COLUMNS} FROM kinframe_jobs {condition}", *values)  # noqa: S608
    return [_record(*row) for row in rows]


def _job(session: Session, id: str) -> Job:
    return _found(id, _jobs(session, "WHERE id = ?", id))[0]


def _found(id: str, rows: List[Any]) -> List[Any]:
    if not rows:
        raise NotFound(f"There is no job {id}")
    return rows


def _record(id: str, state: str, request: str, *rest: Any) -> Job:
    total, done, new, bad, attempts, cancelling, error, *times = rest
    created, started, ended = (None if each is None else moment(each) for each in times)
    assert created is not None
    what = json.loads(request)
    return Job(id, state, what, total, done, new, bad, attempts, bool(cancelling), error, created, started, ended)


def _kept(text: str) -> str:
    """A text that both databases hold: what they do not, such as half a character of a file's name, is written out."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()
