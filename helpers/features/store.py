"""Features kept on disk, so that nothing is computed twice: one SQLite file for a folder of photos.

A feature is known by the photo's bytes and by the network that made it. A photo that was renamed or moved is therefore
recognised, and one that was changed is not taken for what it was. Each batch is one transaction: a process that is
killed loses its unfinished batch, never the file.
"""

import contextlib
import datetime
import os
import sqlite3
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple, Union

import numpy as np

from helpers.arguments import takes
from helpers.errors import StoreError
from helpers.features import feature_rows
from helpers.files.cache import roomy_array
from helpers.files.database_file import WorkLimit, check_journal, check_schema, restrict
from helpers.files.spelling import expanded
from helpers.files.stamps import Stamp
from helpers.images.decode import READING

_APPLICATION = 0x4B494E46  # "KINF", in the header of the file
_VERSION = 2
_WAIT = 60.0  # seconds for another notebook to finish its batch
_LONGEST = 2**20  # features of one photo
_AT_ONCE = 500  # photos asked for in one statement; SQLite takes 999
_HEADER = ("application_id", "user_version", "schema_version")  # all 0 in a file that is new
_ELSEWHERE = "Name another file with store=, or take store=False to keep nothing"

_CHECKED = f"checked_{READING}"  # what an older Kinframe found, which reads otherwise, is not believed
_MAKE_CHECKED = f"""
CREATE TABLE IF NOT EXISTS {_CHECKED} (  -- files that were found to be whole photos, and what they contain
    path BLOB PRIMARY KEY, size INTEGER, modified INTEGER, changed INTEGER, width INTEGER, height INTEGER, taken TEXT
) WITHOUT ROWID;
"""
_DOUBTED = f"doubted_{READING}"
_MAKE_DOUBTED = f"""
CREATE TABLE IF NOT EXISTS {_DOUBTED} (  -- kept when photos were read otherwise, and not looked at since
    photo BLOB PRIMARY KEY
) WITHOUT ROWID;
"""
_DOUBT_ALL = f"INSERT INTO {_DOUBTED} SELECT DISTINCT photo FROM features"  # noqa: S608  # nosec B608  # names are ours, values are bound
_HAS_TABLE = "SELECT count(*) FROM sqlite_master WHERE name = '{}'"

_SCHEMA = f"""
BEGIN IMMEDIATE;
{feature_rows.TABLES}
CREATE TABLE IF NOT EXISTS files (  -- which photo a file was when it was last read
    path BLOB PRIMARY KEY, size INTEGER, modified INTEGER, changed INTEGER, photo BLOB NOT NULL
) WITHOUT ROWID;
{_MAKE_CHECKED}
{_MAKE_DOUBTED}
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_VERSION};
COMMIT;
"""


class StoredNetwork(NamedTuple):
    """How much a store holds of one network."""

    key: str  # the network: name, identity and precision
    dimension: int
    photos: int

    @property
    def name(self) -> str:
        """The network's name."""
        return self.key.split(" ")[0]


class CheckedFile(NamedTuple):
    """What is remembered of a file that was found to be a whole photo."""

    stamp: Stamp  # that it had then
    width: int  # pixels, upright
    height: int
    taken: Optional[datetime.datetime]


class FeatureStore:
    """The features of a folder's photos in the file `path`, which is made where there is none.

    Several processes may read and write it at once; a `FeatureStore` belongs to one of them, and is closed by `close`
    or at the end of `with`. A file that may not be written can still be read: then `writable` is False.

    Raises
    ------
    StoreError
        For a file that is something else, damaged, or of another version; where there is none and none can be made.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder, FeatureStore(folder + "/robots.kinframe") as store:
    ...     store.add("a network", ["ab" * 32], np.ones((1, 4), np.float32))
    ...     rows, vectors = store.features("a network", ["cd" * 32, "ab" * 32])
    >>> rows, vectors.shape
    (array([1]), (1, 4))
    """

    _work: Optional[WorkLimit] = None

    @takes(path="path")
    def __init__(self, path: Union[str, "os.PathLike[str]"]) -> None:
        self.path = expanded(path).absolute()
        if self.path.is_dir():
            raise StoreError(f"{self.path}: a folder; name a file in it, such as {self.path / 'features.kinframe'}")
        with self._explained():
            self._connection = self._opened()
            self._work = WorkLimit(self._connection)
        try:
            with self._explained():
                self._prepare()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "FeatureStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; nothing waits to be written."""
        self._connection.close()

    def features(self, key: str, photos: Sequence[str], *, finite: bool = True) -> Tuple[np.ndarray, np.ndarray]:
        """Which of the photos, known by their sha-256 in hex, are kept for a network, and their features.

        Returns positions in `photos`, int64 [n] ascending, and float32 [n, dimension]. Raises `StoreError`, also for
        numbers that are not finite, unless they may be anything (`helpers.features.directions`, or judged elsewhere).
        """
        is_kept = np.zeros(len(photos), dtype=bool)
        wanted = list(map(bytes.fromhex, photos))
        places = dict(zip(reversed(wanted), range(len(wanted) - 1, -1, -1)))  # the first of equal photos
        with self._explained():
            network, dimension = self._network(key)
            vectors = roomy_array((len(photos) if dimension else 0, dimension))
            for statement, values in self._statements(network, list(places)) if dimension else ():
                with feature_rows.as_written():
                    for photo, vector, checksum in self._connection.execute(statement, values):
                        if photo in places:
                            place = places[photo]
                            vectors[place] = feature_rows.feature_of_row(photo, vector, checksum, dimension)
                            is_kept[place] = True
        again = [place for place, photo in enumerate(wanted) if places[photo] != place] if dimension else []
        if again:
            before = [places[wanted[place]] for place in again]
            vectors[again], is_kept[again] = vectors[before], is_kept[before]
        kept = vectors if is_kept.all() else vectors[is_kept[: len(vectors)]]
        if finite:
            with self._explained(), feature_rows.as_written():
                feature_rows.check_finite(kept)
        return np.flatnonzero(is_kept), kept

    def photos(self, key: str) -> Set[str]:
        """The sha-256 of every photo whose feature is kept for a network."""
        with self._explained(), feature_rows.as_written():
            rows = self._connection.execute(
                "SELECT photo FROM features JOIN networks ON network = id WHERE key = ?", (key,)
            )
            return {photo.hex() for (photo,) in rows}

    def doubted(self) -> Set[str]:
        """The photos some of whose features were kept when photos were read otherwise, and that are not `judged` yet.

        By their sha-256. See `helpers.images.decode.is_read_otherwise`.
        """
        with self._explained():
            table = _DOUBTED if self._value(_HAS_TABLE.format(_DOUBTED)) else "features"
            return {photo.hex() for (photo,) in self._connection.execute(f"SELECT DISTINCT photo FROM {table}")}  # noqa: S608  # nosec B608  # names are ours, values are bound

    def judged(self, fine: Iterable[str], stale: Iterable[str]) -> None:
        """Doubt photos no more: forget all features of the `stale` ones, of every network, and keep the others."""
        forgotten = [(bytes.fromhex(photo),) for photo in stale]
        with self._explained(), self._transaction() as execute:
            self._doubt_what_is_there()
            execute("DELETE FROM features WHERE photo = ?", forgotten)
            doubted_no_more = [*forgotten, *((bytes.fromhex(photo),) for photo in fine)]
            execute(f"DELETE FROM {_DOUBTED} WHERE photo = ?", doubted_no_more)  # noqa: S608  # nosec B608  # names are ours, values are bound

    def files(self) -> Dict[str, Tuple[Stamp, str]]:
        """Each file that was read, by its path: its `helpers.files.stamps.stamp` then, and the sha-256 of its bytes."""
        with self._explained(), feature_rows.as_written():
            rows = self._connection.execute("SELECT path, size, modified, changed, photo FROM files")
            return {
                os.fsdecode(path): (Stamp(*feature_rows.whole(*stamp)), photo.hex()) for path, *stamp, photo in rows
            }

    def checked(self) -> Dict[str, CheckedFile]:
        """Each file that was found to be a whole photo."""
        with self._explained(), feature_rows.as_written():
            if not self._value(_HAS_TABLE.format(_CHECKED)):
                return {}
            rows = self._connection.execute(f"SELECT * FROM {_CHECKED}")  # noqa: S608  # nosec B608  # names are ours, values are bound
            return {os.fsdecode(path): _checked_file(row) for path, *row in rows}

    def add_checked(self, files: Dict[str, CheckedFile]) -> None:
        """Remember files as `checked` gives them."""
        rows = [
            (os.fsencode(path), *stamp, width, height, taken and taken.isoformat())
            for path, (stamp, width, height, taken) in files.items()
        ]
        self._make_again()
        with self._explained(), self._transaction() as execute:
            self._connection.execute(_MAKE_CHECKED)
            execute(f"INSERT OR REPLACE INTO {_CHECKED} VALUES (?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608  # nosec B608  # names are ours, values are bound

    def add(
        self,
        key: str,
        photos: Sequence[str],
        vectors: np.ndarray,
        files: Iterable[Tuple[str, Stamp, str]] = (),
    ) -> None:
        """Keep features, float32 [n, dimension], of n photos; and of files, which photo each one is. All or nothing."""
        stamped = [(os.fsencode(path), *stamp, bytes.fromhex(photo)) for path, stamp, photo in files]
        self._make_again()
        with self._explained(), self._transaction() as execute:
            if len(photos):
                self._doubt_what_is_there()
                execute(feature_rows.ADD_NETWORK, [(key, vectors.shape[1])])
                network, dimension = self._network(key)
                if dimension != vectors.shape[1]:
                    raise StoreError(f"{self.path}: {key} has {dimension} features here, not {vectors.shape[1]}")
                execute(feature_rows.ADD_FEATURE, feature_rows.rows_of_features(network, photos, vectors))
            execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", stamped)

    def contents(self) -> List[StoredNetwork]:
        """How much is kept of each network, in the order in which they were added."""
        with self._explained(), feature_rows.as_written():
            count = "SELECT count(*) FROM features WHERE network = id"
            rows = self._connection.execute(f"SELECT key, dimension, ({count}) FROM networks ORDER BY id")  # noqa: S608  # nosec B608  # names are ours, values are bound
            return [
                StoredNetwork(feature_rows.text(key), *feature_rows.whole(dimension, photos))
                for key, dimension, photos in rows
            ]

    def _doubt_what_is_there(self) -> None:
        """In a file of an older Kinframe, once; in a transaction."""
        if not self._value(_HAS_TABLE.format(_DOUBTED)):
            self._connection.execute(_MAKE_DOUBTED)
            self._connection.execute(_DOUBT_ALL)

    def _make_again(self) -> None:
        """Make a new file where somebody has deleted this one (the cache folder, say): what was kept is lost."""
        if self.writable and not self.path.exists():
            self._connection.close()
            with self._explained():
                self._connection = self._opened()
                self._work = WorkLimit(self._connection)
                self._prepare()

    def _opened(self) -> sqlite3.Connection:
        address = self.path.as_uri()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Beside the file stands, for the time of a transaction, its journal.
            self.writable = all(os.access(place, os.W_OK) for place in (self.path, self.path.parent) if place.exists())
            mode = "rwc" if self.writable else "ro"
            check_journal(self.path)
            connection = sqlite3.connect(f"{address}?mode={mode}", uri=True, timeout=_WAIT, isolation_level=None)
            restrict(connection)
            return connection
        except OSError as error:
            reason = error.strerror or error
            raise StoreError(f"{self.path}: features cannot be kept there ({reason}). {_ELSEWHERE}") from error

    def _prepare(self) -> None:
        self._connection.execute("BEGIN")  # another process may be making the file between one look and the next
        try:
            application, version, tables = (self._value(f"PRAGMA {name}") for name in _HEADER)
        finally:
            self._connection.execute("COMMIT")
        if not application and not version and not tables:
            self._connection.executescript(_SCHEMA)  # another notebook may be doing the same
        elif application != _APPLICATION:
            raise StoreError(f"{self.path}: a database of something else; name another file with store=")
        elif version != _VERSION:
            raise StoreError(
                f"{self.path}: written by another version of Kinframe (format {version}, and this reads {_VERSION}); "
                "update Kinframe, or delete the file, and the features are computed again"
            )
        check_schema(self._connection)

    def _value(self, statement: str) -> int:
        return int(self._connection.execute(statement).fetchone()[0])

    def _network(self, key: str) -> Tuple[int, int]:
        """Its number and dimension; 0 and 0 where nothing was kept of it."""
        row = self._connection.execute(feature_rows.FIND_NETWORK, (key,)).fetchone() or (0, 0)
        with feature_rows.as_written():
            network, dimension = feature_rows.whole(*row)
            if not 0 <= dimension <= _LONGEST:
                raise ValueError("no network has so many features")
        return network, dimension

    def _statements(self, network: int, photos: List[bytes]) -> Iterator[Tuple[str, List[Any]]]:
        """What selects the features of photos, and maybe those of others, with its values."""
        if 2 * len(photos) > self._value("SELECT count(*) FROM features"):  # to find each would take longer
            yield feature_rows.ALL_FEATURES, [network]
            return
        for start in range(0, len(photos), _AT_ONCE):
            some = photos[start : start + _AT_ONCE]
            yield feature_rows.find_features(len(some)), [network, *some]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Callable[..., object]]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection.executemany
            self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # SQLite itself may have taken everything back
                self._connection.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        if self._work is not None:
            self._work.start()
        try:
            yield
        except sqlite3.Error as error:
            reason = next((reason for words, reason in _REASONS.items() if words in str(error)), _DAMAGED)
            raise StoreError(f"{self.path}: {reason} ({error})") from error


_DAMAGED = "the features kept here are damaged; delete the file, and they are computed again"
_REASONS = {  # by words of SQLite's message
    "foreign schema": "it has views, triggers or computed columns, which Kinframe never makes; it is not opened",
    "foreign journal": "it is not opened, since SQLite would then delete that file; delete the journal, which Kinframe "
    "has not written",
    "interrupted": "reading it takes far too long: it is damaged, or was made to be so; name another file with store=",
    "not a database": "not a store of features, or a damaged one; name another file with store=",
    "full": "the disk is full. Make room and go on: what was computed before this is kept",
    "I/O error": "the disk fails. See to it and go on: what was computed before this is kept",
    "unable to open": f"features cannot be kept there: no permission, or no such folder. {_ELSEWHERE}",
    "readonly": f"may be read, not written. {_ELSEWHERE}",
    "locked": "another notebook has been writing it for more than a minute; wait, or close that one",
}


def _checked_file(row: Sequence[Any]) -> CheckedFile:
    size, modified, changed, width, height = feature_rows.whole(*row[:5])
    taken = None if row[5] is None else datetime.datetime.fromisoformat(row[5])
    return CheckedFile(Stamp(size, modified, changed), width, height, taken)


def kept_networks(path: Union[str, "os.PathLike[str]", None]) -> List[str]:
    """The names of the networks of which a store has features; none where there is no such file, or a damaged one."""
    if path is None or not Path(path).is_file():
        return []
    try:
        with FeatureStore(path) as store:
            return [entry.name for entry in store.contents() if entry.photos]
    except StoreError:  # which is reported when features are kept there
        return []
