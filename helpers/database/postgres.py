"""PostgreSQL with pgvector as a database: connections that come back, and what can go wrong."""

import contextlib
import functools
import os
import socket
import threading
from typing import Any, Dict, Iterable, Iterator, Sequence

from helpers.database.interface import Database
from helpers.errors import StoreError, Unavailable

_WAIT = 15.0  # seconds for a turn, while the server is there; that it is not is known at once
_WRITERS = 0x4B494E46  # the number of the writers' lock; "KINF"
_CONNECTING: Dict[str, Any] = {  # where the address does not say
    "application_name": "kinframe",
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # ms until a network that swallows everything is given up
}
# Seconds for the first answer to a reader, and to a writer with its turn: a server that stands still gives none.
_SILENT = {False: 5.0, True: 13.0}
_AUTHENTICATION = "!password,!md5"  # by SCRAM, a server that is not the right one does not learn the password
_PLACE = ("user", "host", "hostaddr", "port", "dbname", "sslmode", "application_name", "connect_timeout")
_KNOWS_AUTHENTICATION = 160000  # the version of libpq that can refuse the others
_SETTINGS = {
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    "TimeZone": "UTC",
}
_SET = "SELECT " + ", ".join(["set_config(%s, %s, false)"] * len(_SETTINGS))
_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITING = f"BEGIN; SELECT pg_advisory_xact_lock({_WRITERS})"


def is_address(text: str) -> bool:
    """Whether a text is the address of a PostgreSQL server, rather than the path of a file."""
    return text.startswith(("postgresql://", "postgres://"))


def check_of_file(url: str) -> None:
    """Raises `StoreError` for an address out of a file, anybody's perhaps, that has more than where the database is.

    It could have the password sent as it is (`require_auth`), or name files of this machine.
    """
    psycopg = _psycopg()
    try:
        more = set(psycopg.conninfo.conninfo_to_dict(_plain(url))) - set(_PLACE)
    except (psycopg.Error, ValueError):
        return  # which is reported when it is connected to
    if more:
        raise StoreError(
            f"the address in the model has {', '.join(sorted(more))}, and only {', '.join(_PLACE)} are taken from a "
            "model; build it again with create(…, index=…)"
        )


class PostgresDatabase(Database):
    """The database at `postgresql://user:password@host:port/name`.

    A writer holds an advisory lock, so that, as in a file, one writes after
    another, services on other machines included: no transaction fails because
    of another, and what was read stays true until the end. Readers see the
    tables as they were when they began, and wait for nobody.

    A connection that is lost in the very moment of its commit may have
    committed: `Unavailable` is raised, and doing it again has to be safe.
    """

    kind = "postgresql"

    def __init__(self, url: str, most: int = 20) -> None:
        self._psycopg = _psycopg()
        self._error = self._psycopg.Error
        try:
            self._parameters = {**_CONNECTING, **self._psycopg.conninfo.conninfo_to_dict(_plain(url))}
            if self._psycopg.pq.version() >= _KNOWS_AUTHENTICATION:
                self._parameters.setdefault("require_auth", _AUTHENTICATION)
        except (self._psycopg.Error, ValueError):
            form = "postgresql://user:password@host:5432/name, where a password has %40 for @ and %2F for /"
            raise StoreError(f"The address of the database cannot be read; it has the form {form}") from None
        named = self._parameters
        host = f"{named.get('host') or 'localhost'}:{named.get('port') or 5432}"
        note = f"in PostgreSQL, {named.get('dbname') or named.get('user') or 'the usual database'} at {host}"
        super().__init__(note, connections=most, wait=_WAIT)

    def rest(self) -> None:
        """Close the connections that are idle; the next transaction opens one again."""
        self._pool.clear()

    def _connect(self) -> Any:
        try:
            connection = self._psycopg.connect(**self._parameters, autocommit=True)
        except self._psycopg.Error as error:
            raise not_connected(self.note, error) from error
        try:
            connection.execute(_SET, [text for setting in _SETTINGS.items() for text in setting], prepare=False)
            _know_vectors(self._psycopg, connection)
        except self._psycopg.Error as error:
            connection.close()
            raise self._explained(error) from error
        return connection

    def _begin(self, write: bool) -> Any:
        statement = _WRITING if write else _READING
        connection = self._pool.idle()
        while connection is not None:
            try:
                with _cut_off(connection, _SILENT[write]):
                    connection.execute(statement, prepare=False)
                _know_vectors(self._psycopg, connection)
                return connection
            except self._psycopg.Error as error:
                lost = connection.closed or connection.broken
                connection.close()
                if not lost:
                    raise self._explained(error) from error
                self._pool.clear()  # the server was ended: the other idle ones are lost as well
            except BaseException:
                connection.close()
                raise
            connection = self._pool.idle()
        connection = self._pool.new()
        try:
            with self._explaining():
                connection.execute(statement, prepare=False)
        except BaseException:
            connection.close()
            raise
        return connection

    def _execute(self, connection: Any, statement: str, values: Sequence[Any] = ()) -> Any:
        if statement in ("COMMIT", "ROLLBACK"):
            return connection.execute(statement, prepare=False)
        # Prepared after a few times. In binary, features are half as long.
        return connection.execute(_translated(statement), values or None, binary=True)

    def _execute_many(self, connection: Any, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(_translated(statement), rows)

    def _is_idle(self, connection: Any) -> bool:
        return bool(connection.info.transaction_status == self._psycopg.pq.TransactionStatus.IDLE)

    def _explained(self, error: Exception) -> Exception:
        return explained(self.note, error)


@contextlib.contextmanager
def _cut_off(connection: Any, seconds: float) -> Iterator[None]:
    """Shut a connection down from this side where the body takes longer."""

    def cut() -> None:
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@functools.lru_cache(maxsize=1000)
def _translated(statement: str) -> str:
    return statement.replace("?", "%s")


def _know_vectors(psycopg: Any, connection: Any) -> None:
    """Register pgvector's types with the connection, once the database has them."""
    if getattr(connection, "_knows_vectors", False):
        return
    from pgvector.psycopg import register_vector

    with contextlib.suppress(psycopg.ProgrammingError):
        register_vector(connection)
        connection._knows_vectors = True


def _plain(url: str) -> str:
    """The address unchanged; raises `ValueError` where half a password would be taken for the host, and printed."""
    place, _, name = url.partition("://")[2].partition("/")
    if place.count("@") > 1 or "@" in name.partition("?")[0]:
        raise ValueError("@ or / in a password")
    return url


def _psycopg() -> Any:
    try:
        import pgvector.psycopg  # noqa: F401
        import psycopg
    except ImportError as error:
        raise StoreError(
            f"PostgreSQL needs psycopg and pgvector: pip install 'psycopg[binary]' pgvector ({error})"
        ) from error
    return psycopg


# Classes of SQLSTATE: lost, in conflict, too much, locked, ended, too slow.
_PASSING = ("08", "40", "53", "55", "57", "25P03")
_REASONS = {  # by SQLSTATE, or the class of it
    "53100": "the disk of the server is full. Make room and go on: what was written before this is kept",
    "42501": "the user of the address may not do this. Let its owner GRANT what is missing, or name another user",
    "25006": "it is a read-only copy of another server. Name that one",
    "42P01": "a table of the service is missing. Put back a copy, or start the service on an empty database",
    "XX001": "it is damaged. Put back a copy of it",
    "XX002": "it is damaged. REINDEX DATABASE repairs it",
    "58": "the disk of the server fails. See to it and go on: what was written before this is kept",
}
_REFUSED = {  # by the words of the message: an error of connecting has no SQLSTATE
    "password authentication failed": "user or password are wrong",
    "authentication method requirement": "it asks for the password itself, or in MD5, which it could use elsewhere; "
    "let it take scram-sha-256, or trust it with ?require_auth=md5 at the end of the address",
    "no password supplied": "a password is needed: postgresql://user:password@…, or PGPASSWORD",
    "no pg_hba.conf entry": "the server accepts no connection from here; see its pg_hba.conf",
    "is not permitted to log in": "the user may not log in; ALTER ROLE … LOGIN allows it",
    "does not support SSL": "the server has no TLS, which sslmode= of the address asks for",
    "certificate verify failed": "the server's certificate is not trusted; name its authority with sslrootcert=",
    "permission denied for database": "the user may not connect to it; GRANT CONNECT ON DATABASE allows it",
}


def explained(note: str, error: Exception) -> Exception:
    """What to raise for an error within a transaction; `note` says which database it is."""
    cause = _cause(error)
    state = getattr(error, "sqlstate", None) or "08"  # without one, the connection is lost
    reason = _REASONS.get(state) or _REASONS.get(state[:2])
    if reason:
        return StoreError(f"The data {note}: {reason} ({cause})")
    if state.startswith(_PASSING):
        return Unavailable(f"The data {note} cannot be reached just now; try again ({cause})")
    return StoreError(f"The data {note}: not what the service's tables are for ({cause})")


def not_connected(note: str, error: Exception) -> Exception:
    """What to raise for an error of connecting."""
    cause = _cause(error)
    for words, reason in _REFUSED.items():
        if words in str(error):
            return StoreError(f"The data {note} cannot be reached: {reason} ({cause})")
    if cause.endswith("does not exist"):
        what = "the user has to be made first" if 'role "' in cause else "make it first: createdb, CREATE DATABASE"
        return StoreError(f"The data {note} cannot be reached: {what} ({cause})")
    return Unavailable(f"The data {note} cannot be reached just now: no PostgreSQL answers there ({cause})")


def _cause(error: Exception) -> str:
    """The line with the cause; the others repeat the address, once for each of its hosts, or give advice."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    fatal = [line.rsplit("FATAL:", 1)[1].strip() for line in lines if "FATAL:" in line]
    return (fatal or lines or [type(error).__name__])[0]
