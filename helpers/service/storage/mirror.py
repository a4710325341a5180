"""The images of a file in memory, for searches: read once, and then only what is new."""

import threading
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

import numpy as np

from helpers.database.interface import Database, marks_of, parts
from helpers.service.storage.live_index import LiveIndex
from helpers.service.storage.store_rows import StoreRows

_BLOCK = 4000  # photos in one transaction: while one reads, nobody else can commit

# Images that were changed or removed, so that other processes need not read all of them again.
_TABLES = (
    "CREATE TABLE kinframe_image_changes (number INTEGER PRIMARY KEY AUTOINCREMENT, image INTEGER NOT NULL)",
    """CREATE TRIGGER kinframe_image_changed AFTER UPDATE OF identity ON kinframe_images
        WHEN old.identity <> new.identity BEGIN
        INSERT INTO kinframe_image_changes (image) VALUES (old.id); END""",
    """CREATE TRIGGER kinframe_image_removed AFTER DELETE ON kinframe_images BEGIN
        INSERT INTO kinframe_image_changes (image) VALUES (old.id); END""",
)
_HAS_CHANGES = "SELECT count(*) FROM sqlite_master WHERE name = 'kinframe_image_changes'"
_MARKS = """SELECT (SELECT coalesce(max(id), 0) FROM kinframe_images),
    (SELECT coalesce(max(number), 0) FROM kinframe_image_changes), (SELECT coalesce(max(rowid), 0) FROM features)"""


class _Marks(NamedTuple):
    """How far the tables have been read: the last image, change and feature."""

    image: int = 0
    change: int = 0
    feature: int = 0


class Snapshot(NamedTuple):
    """The images that a search sees; never changed."""

    marks: _Marks
    size: int  # rows of the index
    rows: np.ndarray  # int64, of each image with a feature, ascending
    images: np.ndarray  # int64, these images' ids
    live: Optional[np.ndarray]  # bool [size]: rows that belong to an image; None where all do


_NOTHING = Snapshot(_Marks(), 0, np.empty(0, np.int64), np.empty(0, np.int64), None)


class Mirror:
    """The images of a file, and the features of those that have one, in an index.

    `now` finds what was added or changed since, by whichever process, and takes
    it in.
    """

    def __init__(self, database: Database, index: LiveIndex, features: StoreRows) -> None:
        self._database, self._index, self._features = database, index, features
        with database.transaction(write=False) as session:
            is_there = session.rows(_HAS_CHANGES)[0][0]
        if not is_there:
            with database.transaction() as session:
                if not session.rows(_HAS_CHANGES)[0][0]:  # no other process was faster
                    for statement in _TABLES:
                        session.rows(statement)
        self._lock = threading.Lock()  # of all that follows
        self._seen = _NOTHING
        self._last = 0  # the largest id that was seen
        self._images: Dict[int, int] = {}  # id → row, of those whose feature is kept
        self._waiting: Dict[int, str] = {}  # id → identity, of the others
        self._rows: Dict[str, int] = {}  # identity → row

    def now(self) -> Snapshot:
        """The images as they are now; where nothing is new, that takes three look-ups and no lock."""
        with self._database.transaction(write=False) as session:
            marks = _Marks(*session.rows(_MARKS)[0])
        if marks == self._seen.marks:
            return self._seen
        with self._lock:
            if marks != self._seen.marks:
                self._take_in()
            return self._seen

    def _take_in(self) -> None:
        before = self._seen.marks
        with self._database.transaction(write=False) as session:
            marks = _Marks(*session.rows(_MARKS)[0])
            if marks == before:  # another search took it in, while this one waited
                return
            changed = [
                image
                for (image,) in session.rows(
                    "SELECT DISTINCT image FROM kinframe_image_changes WHERE number > ? AND image <= ?",
                    before.change,
                    max([self._last, *self._waiting]),  # these too, where it failed the last time
                )
            ]
            new = dict(session.rows("SELECT id, identity FROM kinframe_images WHERE id > ? ORDER BY id", self._last))
            for part in parts(changed):
                statement = f"SELECT id, identity FROM kinframe_images WHERE id IN ({marks_of(part)})"  # noqa: S608  # nosec B608  # names are ours, values are bound
                new.update(session.rows(statement, *part))
            arrived: Iterable[Tuple[Any, ...]] = ()
            if self._waiting and marks.feature != before.feature:
                start = before.feature if marks.feature > before.feature else 0  # after a VACUUM, numbers start again
                arrived = session.rows(
                    "SELECT photo FROM features WHERE rowid > ? AND network = ?", start, self._features.network(session)
                )
        for image in changed:
            self._images.pop(image, None)
            self._waiting.pop(image, None)
        self._waiting.update(new)
        needed = set(new.values()) | {photo.hex() for (photo,) in arrived} & set(self._waiting.values())
        self._read([photo for photo in dict.fromkeys(self._waiting.values()) if photo in needed])
        complete = {image: self._rows[photo] for image, photo in self._waiting.items() if photo in self._rows}
        self._images.update(complete)
        for image in complete:
            del self._waiting[image]
        self._last = max(self._last, marks.image)
        self._seen = self._arranged(marks)

    def _read(self, photos: List[str]) -> None:
        """Take the features of photos into the index, those that are kept."""
        missing = [photo for photo in photos if photo not in self._rows]
        if len(missing) > _BLOCK:
            self._index.reserve(len(self._index) + len(missing))
        for part in parts(missing, _BLOCK):
            with self._database.transaction(write=False) as session:
                features = self._features.features(session, part)
            kept = [photo for photo in part if photo in features]
            if kept:
                start = len(self._index)
                self._index.add(np.stack([features[photo] for photo in kept]))
                self._rows.update((photo, start + place) for place, photo in enumerate(kept))

    def _arranged(self, marks: _Marks) -> Snapshot:
        count = len(self._index)
        images = np.fromiter(self._images.keys(), np.int64, len(self._images))
        rows = np.fromiter(self._images.values(), np.int64, len(self._images))
        order = np.argsort(rows, kind="stable")
        live = np.zeros(count, bool)
        live[rows] = True
        return Snapshot(marks, count, rows[order], images[order], None if live.all() else live)
