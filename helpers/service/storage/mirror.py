"""What a search in memory sees of a file's images: read once, and then only what is new."""

import threading
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

import numpy as np

from helpers.database.interface import Database, marks_of, parts
from helpers.service.storage.live_index import LiveIndex
from helpers.service.storage.store_rows import StoreRows

_BLOCK = 4000  # read in one transaction: for as long as one reads, nobody else can end theirs

# What was changed in an image that is there, or removed, so that others see it without reading all again.
_TABLES = (
    "CREATE TABLE kinframe_image_changes (number INTEGER PRIMARY KEY AUTOINCREMENT, image INTEGER NOT NULL)",
    """CREATE TRIGGER kinframe_image_changed AFTER UPDATE OF identity ON kinframe_images
        WHEN old.identity <> new.identity BEGIN
        INSERT INTO kinframe_image_changes (image) VALUES (old.id); END""",
    """CREATE TRIGGER kinframe_image_removed AFTER DELETE ON kinframe_images BEGIN
        INSERT INTO kinframe_image_changes (image) VALUES (old.id); END""",
)
_THERE = "SELECT count(*) FROM sqlite_master WHERE name = 'kinframe_image_changes'"
_MARKS = """SELECT (SELECT coalesce(max(id), 0) FROM kinframe_images),
    (SELECT coalesce(max(number), 0) FROM kinframe_image_changes), (SELECT coalesce(max(rowid), 0) FROM features)"""


class _Marks(NamedTuple):
    """How far the tables were read: the last image, change and feature."""

    image: int = 0
    change: int = 0
    feature: int = 0


class Seen(NamedTuple):
    """What a search sees: never changed."""

    marks: _Marks
    size: int  # rows of the index
    rows: np.ndarray  # int64, of each image that has a feature, ascending
    images: np.ndarray  # int64, these images' ids
    live: Optional[np.ndarray]  # bool [size]: rows that are an image's; None where all are


_NOTHING = Seen(_Marks(), 0, np.empty(0, np.int64), np.empty(0, np.int64), None)


class Mirror:
    """The images of a file, and the features of those that have one, in an index.

    What was added or changed since the last look, by whichever process, `now`
    finds by three look-ups, and takes in.
    """

    def __init__(self, database: Database, index: LiveIndex, features: StoreRows) -> None:
        self._database, self._index, self._features = database, index, features
        with database.transaction(write=False) as session:
            is_there = session.rows(_THERE)[0][0]
        if not is_there:
            with database.transaction() as session:
                if not session.rows(_THERE)[0][0]:  # nobody was faster
                    for statement in _TABLES:
                        session.rows(statement)
        self._lock = threading.Lock()  # of all that follows
        self._seen = _NOTHING
        self._last = 0  # the largest id that was seen
        self._images: Dict[int, int] = {}  # id → row, of those whose feature is kept
        self._waiting: Dict[int, str] = {}  # id → identity, of the others
        self._rows: Dict[str, int] = {}  # identity → row

    def now(self) -> Seen:
        """What is there now. To see that nothing is new takes three look-ups, without a lock."""
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
            if marks == before:  # another search took it in, while this one waited to
                return
            changed = [
                image
                for (image,) in session.rows(
                    "SELECT DISTINCT image FROM kinframe_image_changes WHERE number > ? AND image <= ?",
                    before.change,
                    max([self._last, *self._waiting]),  # these too, where the last time ended on the way
                )
            ]
            new = dict(session.rows("SELECT id, identity FROM kinframe_images WHERE id > ? ORDER BY id", self._last))
            for some in parts(changed):
                asked = f"SELECT id, identity FROM kinframe_images WHERE id IN ({marks_of(some)})"  # noqa: S608
                new.update(session.rows(asked, *some))
            arrived: Iterable[Tuple[Any, ...]] = ()
            if self._waiting and marks.feature != before.feature:
                start = before.feature if marks.feature > before.feature else 0  # or the file was put in order
                arrived = session.rows(
                    "SELECT photo FROM features WHERE rowid > ? AND network = ?", start, self._features.network(session)
                )
        for image in changed:
            self._images.pop(image, None)
            self._waiting.pop(image, None)
        self._waiting.update(new)
        needed = set(new.values()) | {photo.hex() for (photo,) in arrived} & set(self._waiting.values())
        self._read([photo for photo in dict.fromkeys(self._waiting.values()) if photo in needed])
        found = {image: self._rows[photo] for image, photo in self._waiting.items() if photo in self._rows}
        self._images.update(found)
        for image in found:
            del self._waiting[image]
        self._last = max(self._last, marks.image)
        self._seen = self._arranged(marks)

    def _read(self, photos: List[str]) -> None:
        """Take the features of photos into the index, as far as they are kept."""
        missing = [photo for photo in photos if photo not in self._rows]
        if len(missing) > _BLOCK:
            self._index.reserve(len(self._index) + len(missing))
        for some in parts(missing, _BLOCK):
            with self._database.transaction(write=False) as session:
                found = self._features.features(session, some)
            there = [photo for photo in some if photo in found]
            if there:
                start = len(self._index)
                self._index.add(np.stack([found[photo] for photo in there]))
                self._rows.update((photo, start + place) for place, photo in enumerate(there))

    def _arranged(self, marks: _Marks) -> Seen:
        count = len(self._index)
        images = np.fromiter(self._images.keys(), np.int64, len(self._images))
        rows = np.fromiter(self._images.values(), np.int64, len(self._images))
        order = np.argsort(rows, kind="stable")
        live = np.zeros(count, bool)
        live[rows] = True
        return Seen(marks, count, rows[order], images[order], None if live.all() else live)
