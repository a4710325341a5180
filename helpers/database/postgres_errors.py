"""What is told of an error of PostgreSQL's: `Unavailable` where it passes, `StoreError` where somebody has to act."""

from helpers.errors import StoreError, Unavailable

_PASSING = (
    "08",
    "40",
    "53",
    "55",
    "57",
    "25P03",
)  # classes of SQLSTATE: lost, in conflict, too much, locked, ended, too slow
_REASONS = {  # by SQLSTATE, or the class of it
    "53100": "the disk of the server is full. Make room and go on: what was written before this is kept",
    "42501": "the user of the address may not do this. Let its owner GRANT what is missing, or name another user",
    "25006": "it may be read, not written: it follows another server. Name that one",
    "42P01": "a table is missing that a service made. Put back a copy, or start the service on an empty database",
    "XX001": "it is damaged. Put back a copy of it",
    "XX002": "it is damaged. REINDEX DATABASE mends it",
    "58": "the disk of the server fails. See to it and go on: what was written before this is kept",
}
_REFUSED = {  # by what the server says to one who connects: it tells no SQLSTATE
    "password authentication failed": "user or password are wrong",
    "no password supplied": "a password is needed, postgresql://user:password@…, or PGPASSWORD",
    "no pg_hba.conf entry": "the server lets nobody in from here; its pg_hba.conf says who may",
    "is not permitted to log in": "the user may not log in; ALTER ROLE … LOGIN allows it",
    "does not support SSL": "the server speaks no TLS, and sslmode= of the address asks for it",
    "certificate verify failed": "the server's certificate is not trusted; sslrootcert= names who signed it",
    "permission denied for database": "the user may not connect to it; GRANT CONNECT ON DATABASE allows it",
}


def explained(note: str, error: Exception) -> Exception:
    """What a caller is told of an error that came with a transaction; `note` says which database it is."""
    said = _said(error)
    state = getattr(error, "sqlstate", None) or "08"  # without one, the connection is lost
    reason = _REASONS.get(state) or _REASONS.get(state[:2])
    if reason:
        return StoreError(f"What is kept {note}: {reason} ({said})")
    if state.startswith(_PASSING):
        return Unavailable(f"What is kept {note} cannot be had just now; try again ({said})")
    return StoreError(f"What is kept {note}: not what the service's tables are for ({said})")


def not_connected(note: str, error: Exception) -> Exception:
    """What a caller is told who could not connect."""
    said = _said(error)
    for words, reason in _REFUSED.items():
        if words in str(error):
            return StoreError(f"What is kept {note} cannot be had: {reason} ({said})")
    if said.endswith("does not exist"):
        what = "the user has to be made first" if 'role "' in said else "make it first: createdb, CREATE DATABASE"
        return StoreError(f"What is kept {note} cannot be had: {what} ({said})")
    return Unavailable(f"What is kept {note} cannot be had just now: no PostgreSQL answers there ({said})")


def _said(error: Exception) -> str:
    """The line that says why; the others repeat the address, once for each of its hosts, or give advice."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    fatal = [line.rsplit("FATAL:", 1)[1].strip() for line in lines if "FATAL:" in line]
    return (fatal or lines or [type(error).__name__])[0]
