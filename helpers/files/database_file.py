"""Opening a file of SQLite that somebody else may have made: tables of plain rows, and nothing that runs.

A schema can hold views, triggers and computed columns, which may take for ever,
or all memory, when a table is only read. Kinframe's own have none.
See https://www.sqlite.org/security.html.
"""

import contextlib
import os
import re
import sqlite3
import sys
from pathlib import Path
from typing import Any, Optional

from helpers.files.reading import open_regular

LONGEST = 2**26  # bytes of one value
_JOURNAL_END = bytes.fromhex("d9d505f920a163d7")  # of a journal that names a second one; and the begin of each

_MOST_TABLES = 1_000
_STEP, _MOST_STEPS = 10_000_000, 1_000  # instructions of SQLite, which does some 10^8 in a second
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_TABLE = re.compile(r"create table (?!.*\b(check|generated|as|default)\b)", re.IGNORECASE | re.DOTALL)
_INDEX = re.compile(r"create (unique )?index \w+ on \w+ ?\([\w, ]+\)( where [\w =]+)?", re.IGNORECASE)
_TRIGGER = re.compile(  # the two of a service, by which it notes images that were changed
    r"create trigger kinframe_\w+ after (update of identity|delete) on kinframe_images "
    r"(when old\.identity <> new\.identity )?begin "
    r"insert into kinframe_image_changes \(image\) values \(old\.id\); end",
    re.IGNORECASE,
)
_FORMS = {"table": _TABLE.match, "index": _INDEX.fullmatch, "trigger": _TRIGGER.fullmatch}


class WorkLimit:
    """Ends a statement that takes too long; to be started again before each one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._steps = 0
        connection.set_progress_handler(self._is_over, _STEP)

    def start(self) -> None:
        """Count from 0."""
        self._steps = 0

    def _is_over(self) -> bool:
        self._steps += 1
        return self._steps > _MOST_STEPS


def check_journal(path: Path) -> None:
    """Raises `sqlite3.DatabaseError` where the journal beside a file, by which SQLite repairs it, names another file.

    Such a journal is of a transaction over several files, and Kinframe makes none.
    After the repair, SQLite deletes the file that it names, whichever that is.
    See https://www.sqlite.org/fileformat.html#the_rollback_journal.
    """
    journal = f"{os.path.realpath(path)}-journal"
    with contextlib.suppress(FileNotFoundError), open_regular(journal, most=None) as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - len(_JOURNAL_END)))
        if file.tell() and file.read() == _JOURNAL_END:
            raise sqlite3.DatabaseError(f"foreign journal: {journal} names another file")


def restrict(connection: sqlite3.Connection) -> None:
    """Let a connection run nothing that a file brings with it, and read no value of more than 64 MB."""
    connection.execute("PRAGMA trusted_schema = OFF")
    if sys.version_info >= (3, 11):
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.set_authorizer(_may)


def check_schema(connection: sqlite3.Connection) -> None:
    """Raises `sqlite3.DatabaseError` for a file with more than tables of plain columns, and indexes of these."""
    rows = connection.execute(f"SELECT type, name, sql FROM sqlite_master LIMIT {_MOST_TABLES}").fetchall()  # noqa: S608  # nosec B608  # names are ours, values are bound
    for kind, name, sql in rows:
        if not _is_plain(kind, sql):
            raise sqlite3.DatabaseError(f"foreign schema: {str(kind)[:10]} {str(name)[:40]!r}")
    if len(rows) == _MOST_TABLES:
        raise sqlite3.DatabaseError("foreign schema: too many tables")


def _is_plain(kind: Any, sql: Any) -> bool:
    if sql is None:
        return bool(kind == "index")  # which a key brings with it
    text = " ".join(_COMMENT.sub(" ", str(sql)).split())
    return kind in _FORMS and bool(_FORMS[kind](text))


def _may(action: int, one: Optional[str], two: Optional[str], database: Optional[str], inner: Optional[str]) -> int:
    """Whatever a view or a trigger does is refused, and so is a second file."""
    return sqlite3.SQLITE_DENY if inner is not None or action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK
