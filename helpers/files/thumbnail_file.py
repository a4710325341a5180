"""A file of thumbnails, which only saves time: whatever happens to it is never an error.

One SQLite file, which any number of notebooks may use at a time. Where it is
damaged, full, in use for too long or may not be written, reading gives nothing
and writing keeps nothing.
"""

import contextlib
import sqlite3
import time
import zlib
from contextlib import closing
from pathlib import Path
from typing import Callable, Dict, Iterator, Sequence

from helpers.files.database_file import check_journal

_APPLICATION = 0x5048544E  # "PHTN", in the header of the file
_VERSION = 1
_HEADER = ("application_id", "user_version", "schema_version")  # all 0 in a file that is new
_MOST = 2 * 2**30  # bytes that are kept: some 300,000 thumbnails
_WAIT = 2.0  # seconds for another notebook; after that, making thumbnails is faster
_AT_ONCE = 500  # thumbnails asked for in one statement; SQLite takes 999
_ROOM = 1000  # thumbnails that are deleted at once when there are too many
_NOTED = 7  # days after which the day of its last use is written again

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS thumbnails (
    photo BLOB NOT NULL,      -- its key
    size INTEGER NOT NULL,    -- pixels along the longer side, at most
    jpeg BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    used INTEGER NOT NULL,    -- the day
    PRIMARY KEY (photo, size)
);
CREATE INDEX IF NOT EXISTS by_use ON thumbnails (used);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_VERSION};
COMMIT;
"""


class ThumbnailFile:
    """The thumbnails that are kept in the file `path`, which is made where there is none.

    Several threads and processes may use it at once, and nothing needs to be
    closed. With `replaceable`, a damaged file is replaced. Of
    more than 2 GB, those thumbnails are deleted that were not used for longest.
    """

    def __init__(self, path: Path, *, replaceable: bool) -> None:
        self.path, self._replaceable = path, replaceable

    def read(self, size: int, photos: Sequence[bytes]) -> Dict[bytes, bytes]:
        """JPEGs of that size by the keys of their photos; those that are absent or damaged are left out."""
        jpegs: Dict[bytes, bytes] = {}
        today = _today()

        def work(connection: sqlite3.Connection) -> None:
            noted_long_ago = []
            for start in range(0, len(photos), _AT_ONCE):
                some = photos[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = connection.execute(
                    # A damaged row may hold anything: a number in the place of a JPEG too.
                    "SELECT photo, jpeg, checksum, used < ? FROM thumbnails "  # noqa: S608  # nosec B608  # marks alone
                    f"WHERE size = ? AND photo IN ({marks}) AND typeof(jpeg) = 'blob'",
                    [today - _NOTED, size, *some],
                )
                for photo, jpeg, checksum, long_ago in rows:
                    if _checksum(photo, size, jpeg) == checksum:
                        jpegs[photo] = jpeg
                        noted_long_ago += [(today, size, photo)] * bool(long_ago)
            if noted_long_ago:
                with _transaction(connection):
                    connection.executemany(
                        "UPDATE thumbnails SET used = ? WHERE size = ? AND photo = ?", noted_long_ago
                    )

        if photos:
            self._try(work)
        return jpegs

    def write(self, size: int, thumbnails: Dict[bytes, bytes]) -> None:
        """Keep JPEGs of that size as `read` gives them, in place of those that were there."""
        today = _today()
        rows = [(photo, size, jpeg, _checksum(photo, size, jpeg), today) for photo, jpeg in thumbnails.items()]

        def work(connection: sqlite3.Connection) -> None:
            with _transaction(connection):
                connection.executemany("INSERT OR REPLACE INTO thumbnails VALUES (?, ?, ?, ?, ?)", rows)
                _make_room(connection)

        if rows:
            self._try(work)

    def _try(self, work: Callable[[sqlite3.Connection], None]) -> None:
        try:
            with closing(_opened(self.path)) as connection:
                work(connection)
        except OSError:
            pass
        except sqlite3.Error as error:
            if self._replaceable and _is_damage(error):
                with contextlib.suppress(OSError):
                    self.path.unlink()
                    Path(f"{self.path}-journal").unlink()


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    check_journal(path)
    connection = sqlite3.connect(str(path), timeout=_WAIT, isolation_level=None)
    try:
        application, version, tables = (_value(connection, name) for name in _HEADER)
        if not application and not version and not tables:
            connection.executescript(_SCHEMA)  # another notebook may be doing the same
        elif application != _APPLICATION:
            raise sqlite3.DatabaseError("a database of something else, or a damaged header")
        elif version > _VERSION:
            raise sqlite3.OperationalError("kept by a newer Kinframe")
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    yield  # `close` rolls back what is not committed
    connection.execute("COMMIT")


def _make_room(connection: sqlite3.Connection) -> None:
    oldest = "SELECT rowid FROM thumbnails ORDER BY used, rowid LIMIT ?"
    while _bytes_in_use(connection) > _MOST:
        if not connection.execute(f"DELETE FROM thumbnails WHERE rowid IN ({oldest})", [_ROOM]).rowcount:  # noqa: S608  # nosec B608  # marks alone
            return


def _bytes_in_use(connection: sqlite3.Connection) -> int:
    pages = _value(connection, "page_count") - _value(connection, "freelist_count")
    return pages * _value(connection, "page_size")


def _value(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _is_damage(error: sqlite3.Error) -> bool:
    # A file that cannot be read or written just now is an OperationalError, not damage.
    message = str(error)
    return not isinstance(error, sqlite3.OperationalError) or "malformed" in message or "no such" in message


def _checksum(photo: bytes, size: int, jpeg: bytes) -> int:
    return zlib.crc32(jpeg, zlib.crc32(photo, size))


def _today() -> int:
    return int(time.time() // 86_400)
