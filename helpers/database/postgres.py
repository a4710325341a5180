"""PostgreSQL with pgvector as the database of a service: connections that come back, and what can go wrong."""

import contextlib
import functools
import os
import socket
import threading
from typing import Any, Dict, Iterable, Iterator, List, Sequence, Tuple

from helpers.database.interface import Database, Session
from helpers.database.pool import Pool
from helpers.database.postgres_errors import explained, not_connected
from helpers.database.queue import Turns
from helpers.errors import StoreError

_WAIT = 15.0  # seconds for a turn, while the server is there; that it is not is known at once
_WRITERS = 0x4B494E46  # the number of the lock that one writes under; "KINF"
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
    """Whether it says where a PostgreSQL is, rather than where a file is."""
    return text.startswith(("postgresql://", "postgres://"))


class PostgresDatabase(Database):
    """The database at `postgresql://user:password@host:port/name`.

    One who writes holds a lock of its own, so that, as in a file, one writes
    after another, services on other machines too: nobody's transaction fails
    because of somebody else's, and what was read stays true until the end.
    Readers see what was there when they began, and wait for nobody.

    A connection that is lost in the very moment of its commit may have kept
    what it was told to: `Unavailable` is raised, and doing it again is to be safe.
    """

    kind = "postgresql"

    def __init__(self, url: str, most: int = 20) -> None:
        self._psycopg = _psycopg()
        try:
            self._parameters = {**_CONNECTING, **self._psycopg.conninfo.conninfo_to_dict(_plain(url))}
        except (self._psycopg.Error, ValueError):
            form = "postgresql://user:password@host:5432/name, where a password has %40 for @ and %2F for /"
            raise StoreError(f"The address of the database cannot be read; it has the form {form}") from None
        named = self._parameters
        host = f"{named.get('host') or 'localhost'}:{named.get('port') or 5432}"
        self.note = f"in PostgreSQL, {named.get('dbname') or named.get('user') or 'the usual database'} at {host}"
        self._places = Turns(most, f"What is kept {self.note}")
        self._writers = Turns(1, f"What is kept {self.note}")  # so that those who wait for it here take no connection
        self._pool: Pool[Any] = Pool(self._opened, _closed)

    @contextlib.contextmanager
    def transaction(self, write: bool = True) -> Iterator[Session]:
        with self._writers.turn(_WAIT) if write else contextlib.nullcontext(), self._places.turn(_WAIT):
            connection = self._begun(write)
            try:
                yield _PostgresSession(self, connection)
                self._kept(connection)
            except BaseException:
                with contextlib.suppress(self._psycopg.Error):
                    connection.execute("ROLLBACK", prepare=False)
                raise
            finally:
                idle = connection.info.transaction_status == self._psycopg.pq.TransactionStatus.IDLE
                (self._pool.give if idle else self._pool.drop)(connection)

    def rest(self) -> None:
        """Close the connections that nobody uses; whoever needs one again opens it."""
        self._pool.clear()

    def close(self) -> None:
        self._pool.close()

    def _begun(self, write: bool) -> Any:
        """A connection on which the transaction is open."""
        statement = _WRITING if write else _READING
        kept = self._pool.idle()
        while kept is not None:
            try:
                with _cut_off(kept, _SILENT[write]):
                    kept.execute(statement, prepare=False)
                _know_vectors(self._psycopg, kept)
                return kept
            except self._psycopg.Error as error:
                lost = kept.closed or kept.broken
                self._pool.drop(kept)
                if not lost:
                    raise self._explained(error) from error
                self._pool.clear()  # the server was ended: those beside it are lost as well
            except BaseException:
                self._pool.drop(kept)
                raise
            kept = self._pool.idle()
        fresh = self._pool.new()
        try:
            fresh.execute(statement, prepare=False)
        except BaseException as error:
            self._pool.drop(fresh)
            if isinstance(error, self._psycopg.Error):
                raise self._explained(error) from error
            raise
        return fresh

    def _kept(self, connection: Any) -> None:
        try:
            connection.execute("COMMIT", prepare=False)
        except self._psycopg.Error as error:
            raise self._explained(error) from error

    def _opened(self) -> Any:
        try:
            connection = self._psycopg.connect(**self._parameters, autocommit=True)
        except self._psycopg.Error as error:
            raise not_connected(self.note, error) from error
        try:
            connection.execute(_SET, [each for setting in _SETTINGS.items() for each in setting], prepare=False)
            _know_vectors(self._psycopg, connection)
        except self._psycopg.Error as error:
            connection.close()
            raise self._explained(error) from error
        return connection

    def _explained(self, error: Exception) -> Exception:
        return explained(self.note, error)


class _PostgresSession(Session):
    def __init__(self, database: PostgresDatabase, connection: Any) -> None:
        self._database, self._connection = database, connection

    def rows(self, statement: str, *values: Any) -> List[Tuple[Any, ...]]:
        try:
            cursor = self._connection.execute(_translated(statement), values or None)
            return cursor.fetchall() if cursor.description else []
        except self._database._psycopg.Error as error:
            raise self._database._explained(error) from error

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        try:
            with self._connection.cursor() as cursor:
                cursor.executemany(_translated(statement), rows)
        except self._database._psycopg.Error as error:
            raise self._database._explained(error) from error


@contextlib.contextmanager
def _cut_off(connection: Any, seconds: float) -> Iterator[None]:
    """End a connection from this side where what is done in the meantime takes too long."""

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
    """Let the connection speak of pgvector's types, once there are any."""
    if getattr(connection, "_knows_vectors", False):
        return
    from pgvector.psycopg import register_vector

    with contextlib.suppress(psycopg.ProgrammingError):
        register_vector(connection)
        connection._knows_vectors = True


def _plain(url: str) -> str:
    """The address as it is; raises `ValueError` where half a password would be taken for a host, and told to all."""
    place, _, name = url.partition("://")[2].partition("/")
    if place.count("@") > 1 or "@" in name.partition("?")[0]:
        raise ValueError("@ or / in a password")
    return url


def _closed(connection: Any) -> None:
    connection.close()


def _psycopg() -> Any:
    try:
        import pgvector.psycopg  # noqa: F401
        import psycopg
    except ImportError as error:
        raise StoreError(
            f"PostgreSQL needs psycopg and pgvector: pip install 'psycopg[binary]' pgvector ({error})"
        ) from error
    return psycopg
