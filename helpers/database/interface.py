"""One small interface in front of SQLite and PostgreSQL: transactions, rows, and what can go wrong.

Statements are written once, for both: with `?` for each parameter, in the SQL
that both understand (`ON CONFLICT … DO UPDATE`, `RETURNING`). Values are passed
as parameters, never within the text.
"""

import contextlib
from abc import ABC, abstractmethod
from typing import Any, Iterable, Iterator, List, Sequence, Tuple, Type, TypeVar

from helpers.database.fair_semaphore import FairSemaphore
from helpers.database.pool import Pool
from helpers.errors import StoreError

AT_ONCE = 1000  # values in one statement

Item = TypeVar("Item")


class Database(ABC):
    """A place for tables, for several threads at a time.

    What SQLite and PostgreSQL share is here: how many connections there are,
    who waits for one, and how a transaction ends. A subclass connects, begins
    a transaction, and explains its errors.
    """

    kind: str  # `embedded` or `postgresql`
    _error: Type[Exception]  # what the driver raises

    def __init__(self, note: str, *, connections: int, wait: float) -> None:
        self.note = note  # a line for people: what it is and where, without a password
        self._wait = wait  # seconds
        self._places = FairSemaphore(connections, f"The data {note}")
        self._writers = FairSemaphore(1, f"The data {note}")  # a waiting writer takes up no connection
        self._pool = Pool(self._connect)

    @contextlib.contextmanager
    def transaction(self, write: bool = True) -> Iterator["DatabaseSession"]:
        """A transaction: all or nothing; other writers do not change what it reads if it writes.

        Raises `Unavailable` where the database cannot be reached, or the
        connection is lost: then nothing of it was kept, and it may be tried again.
        Raises `StoreError` for a file or database that is damaged, full or
        somebody else's. An exception of the body is passed on, and takes
        everything back.
        """
        with self._writers.turn(self._wait) if write else contextlib.nullcontext(), self._places.turn(self._wait):
            connection = self._begin(write)
            try:
                yield DatabaseSession(self, connection)
                with self._explaining():
                    self._execute(connection, "COMMIT")
            except BaseException:
                with contextlib.suppress(self._error):  # it may have been rolled back already
                    self._execute(connection, "ROLLBACK")
                raise
            finally:
                if self._is_idle(connection):
                    self._pool.give(connection)
                else:
                    connection.close()

    def close(self) -> None:
        """Close all connections; those in use, when their transaction ends."""
        self._pool.close()

    @abstractmethod
    def _connect(self) -> Any:
        """A new connection that commits each statement unless a transaction was begun."""

    @abstractmethod
    def _begin(self, write: bool) -> Any:
        """A connection on which a transaction has begun."""

    @abstractmethod
    def _execute(self, connection: Any, statement: str, values: Sequence[Any] = ()) -> Any:
        """Run a statement; the driver's cursor."""

    @abstractmethod
    def _execute_many(self, connection: Any, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row of values."""

    @abstractmethod
    def _is_idle(self, connection: Any) -> bool:
        """Whether the connection works, with no transaction open."""

    @abstractmethod
    def _explained(self, error: Any) -> Exception:
        """What to raise for an error of the driver: `Unavailable` if it passes, else `StoreError`."""

    @contextlib.contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            raise self._explained(error) from error


class DatabaseSession:
    """An open transaction."""

    def __init__(self, database: Database, connection: Any) -> None:
        self._database, self._connection = database, connection

    def rows(self, statement: str, *values: Any) -> List[Tuple[Any, ...]]:
        """Run one statement; the rows that it returns, none if it returns none."""
        with self._database._explaining():
            cursor = self._database._execute(self._connection, statement, values)
            return cursor.fetchall() if cursor.description else []

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each of the rows of values."""
        with self._database._explaining():
            self._database._execute_many(self._connection, statement, rows)


def parts(values: Sequence[Item], size: int = AT_ONCE) -> Iterator[Sequence[Item]]:
    """The values in pieces that fit into one statement."""
    return (values[start : start + size] for start in range(0, len(values), size))


def marks_of(values: Sequence[Any]) -> str:
    """A `?` for each value."""
    return ", ".join("?" * len(values))


def check_dimension(database: Database, key: str, kept: int, dimension: int) -> None:
    """Raise `StoreError` where the features of a network have another length in the database."""
    if kept != dimension:
        raise StoreError(
            f"The data {database.note}: {key} has features of {kept} numbers there, not {dimension};"
            " name another database"
        )
