"""The embedded database: the file of a feature store, with the service's tables beside its own."""

import os
import sqlite3
from pathlib import Path
from typing import Any, Iterable, Sequence, Union

from helpers.database.interface import Database
from helpers.errors import StoreError, Unavailable
from helpers.features.store import FeatureStore

_WAIT = 10.0  # seconds for another to finish what it writes
_CONNECTIONS = 20
_OLDEST = (3, 35)  # with RETURNING


class SqliteDatabase(Database):
    """The file `path`, made where there is none.

    Notebooks may read and write their features in it at the same time, and
    other services their tables: one writes after another.
    """

    kind = "embedded"
    _error = sqlite3.Error

    def __init__(self, path: Union[str, "os.PathLike[str]"], wait: float = _WAIT) -> None:
        if sqlite3.sqlite_version_info < _OLDEST:
            raise StoreError(f"SQLite is {sqlite3.sqlite_version} here, and has to be 3.35 or newer: update Python")
        with FeatureStore(path) as store:  # makes the file, or finds out what is wrong with it
            self.path, self._writable = store.path, store.writable
        super().__init__(f"in {self.path}", connections=_CONNECTIONS, wait=wait)

    def _connect(self) -> sqlite3.Connection:
        mode = "rw" if self._writable else "ro"
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode={mode}",
            uri=True,
            timeout=self._wait,
            isolation_level=None,
            check_same_thread=False,  # one thread at a time has it
        )
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        return connection

    def _begin(self, write: bool) -> sqlite3.Connection:
        with self._explaining():
            connection: sqlite3.Connection = self._pool.idle() or self._pool.new()
            try:
                connection.execute(f"PRAGMA query_only = {not write}")
                connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            except BaseException:
                connection.close()
                raise
        return connection

    def _execute(self, connection: sqlite3.Connection, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        return connection.execute(statement, values)

    def _execute_many(self, connection: sqlite3.Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        connection.executemany(statement, rows)

    def _is_idle(self, connection: sqlite3.Connection) -> bool:
        return not connection.in_transaction

    def _explained(self, error: sqlite3.Error) -> Exception:
        return explained(self.path, error)


def explained(path: Path, error: sqlite3.Error) -> Exception:
    """What to raise for an error of SQLite: `Unavailable` where it passes, else `StoreError`."""
    message = str(error)
    if "locked" in message or "busy" in message:
        return Unavailable(f"{path}: another program is writing it; try again ({message})")
    if isinstance(error, (sqlite3.ProgrammingError, sqlite3.IntegrityError, sqlite3.InterfaceError)):
        return StoreError(f"{path}: not what the service's tables are for ({message})")
    if not path.exists():
        return StoreError(f"{path}: the file is gone; put it back, or start the service anew ({message})")
    reason = next((reason for words, reason in _REASONS.items() if words in message), None)
    return StoreError(f"{path}: {reason or 'the file cannot be read or written'} ({message})")


_REASONS = {  # by the words of SQLite's message
    "not a database": "no store of features, or one that is damaged; name another file with --database",
    "malformed": "the file is damaged. Put back a copy, or delete it and index the photos again",
    "full": "the disk is full. Make room and go on: what was written before this is kept",
    "I/O error": "the disk fails. See to it and go on: what was written before this is kept",
    "unable to open": "no permission, or the file is gone. Name another file with --database",
    "readonly": "may be read, not written. Name another file with --database",
}
