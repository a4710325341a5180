"""The embedded database: the file of a feature store, with the service's tables beside its own."""

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any, Iterable, Iterator, List, Sequence, Tuple, Union

from helpers.database.interface import Database, Session
from helpers.database.pool import Pool
from helpers.database.queue import Turns
from helpers.errors import StoreError, Unavailable
from helpers.features.store import FeatureStore

_WAIT = 10.0  # seconds for another to finish what it writes
_MOST = 20  # connections
_OLDEST = (3, 35)  # with RETURNING


class SqliteDatabase(Database):
    """The file `path`, made where there is none.

    Notebooks may read and write their features in it at the same time, and
    other services their tables: one writes after another.
    """

    kind = "embedded"

    def __init__(self, path: Union[str, "os.PathLike[str]"], wait: float = _WAIT) -> None:
        if sqlite3.sqlite_version_info < _OLDEST:
            raise StoreError(f"SQLite is {sqlite3.sqlite_version} here, and has to be 3.35 or newer: update Python")
        with FeatureStore(path) as store:  # makes the file, or finds out what is wrong with it
            self.path, self._writable = store.path, store.writable
        self.note = f"in {self.path}"
        self._wait = wait
        self._places = Turns(_MOST, f"What is kept {self.note}")
        self._writers = Turns(1, f"What is kept {self.note}")  # SQLite itself only asks again and again
        self._pool: Pool[sqlite3.Connection] = Pool(self._opened, sqlite3.Connection.close)

    @contextlib.contextmanager
    def transaction(self, write: bool = True) -> Iterator[Session]:
        with self._writers.turn(self._wait) if write else contextlib.nullcontext(), self._places.turn(self._wait):
            with self._explained():
                connection = self._pool.idle() or self._pool.new()
            try:
                with self._explained():
                    connection.execute(f"PRAGMA query_only = {not write}")
                    connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                yield _SqliteSession(self, connection)
                with self._explained():
                    connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # SQLite itself may have taken everything back
                    connection.execute("ROLLBACK")
                raise
            finally:
                (self._pool.drop if connection.in_transaction else self._pool.give)(connection)

    def close(self) -> None:
        self._pool.close()

    def _opened(self) -> sqlite3.Connection:
        mode = "rw" if self._writable else "ro"
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode={mode}",
            uri=True,
            timeout=self._wait,
            isolation_level=None,
            check_same_thread=False,  # one thread at a time has it
        )
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise explained(self.path, error) from error


class _SqliteSession(Session):
    def __init__(self, database: SqliteDatabase, connection: sqlite3.Connection) -> None:
        self._database, self._connection = database, connection

    def rows(self, statement: str, *values: Any) -> List[Tuple[Any, ...]]:
        with self._database._explained():
            return self._connection.execute(statement, values).fetchall()

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._database._explained():
            self._connection.executemany(statement, rows)


def explained(path: Path, error: sqlite3.Error) -> Exception:
    """What a caller is told of an error of SQLite's: `Unavailable` where it passes, else `StoreError`."""
    said = str(error)
    if "locked" in said or "busy" in said:
        return Unavailable(f"{path}: another program is writing it; try again ({said})")
    if isinstance(error, (sqlite3.ProgrammingError, sqlite3.IntegrityError, sqlite3.InterfaceError)):
        return StoreError(f"{path}: not what the service's tables are for ({said})")
    reason = next((reason for words, reason in _REASONS.items() if words in said), None)
    return StoreError(f"{path}: {reason or 'the file cannot be read or written'} ({said})")


_REASONS = {  # by what SQLite says
    "not a database": "no store of features, or one that is damaged; name another file with --database",
    "malformed": "the file is damaged. Put back a copy, or delete it and index the photos again",
    "full": "the disk is full. Make room and go on: what was written before this is kept",
    "I/O error": "the disk fails. See to it and go on: what was written before this is kept",
    "unable to open": "no permission, or the file is gone. Name another file with --database",
    "readonly": "may be read, not written. Name another file with --database",
}
