"""The table of the images of a collection: files below the photo root."""

import datetime
import time
from typing import Any, Dict, Iterable, List, Sequence, Tuple

from helpers.database.interface import Database, DatabaseSession, marks_of, parts
from helpers.errors import NotFound
from helpers.service.records import ImageRecord, NewImage

_LARGEST = 2**63 - 1  # the largest number that both databases hold
_COLUMNS = "id, path, identity, width, height, size, modified, added"
_UPSERT = """
    INSERT INTO kinframe_images (path, identity, width, height, size, modified, added) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (path) DO UPDATE SET identity = excluded.identity, width = excluded.width, height = excluded.height,
        size = excluded.size, modified = excluded.modified
"""


class ImageTable:
    """The images in a database, each with a number that is never used again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, session: DatabaseSession, images: Sequence[NewImage]) -> int:
        """Insert or update images by their path; returns how many are new or have other bytes than before.

        An image whose path is known keeps its id, its products, and the day it
        was added. `ProductTable.link` links it to the products that it names.
        """
        now, wanted = time.time(), {}
        for image in images:
            row = (image.identity, image.width, image.height, image.size, min(image.modified, _LARGEST))
            wanted[image.path] = row
        known = {path: tuple(row) for _, path, *row, _ in _at(session, wanted)}
        changed = [(path, *row, now) for path, row in sorted(wanted.items()) if known.get(path) != row]
        session.many(_UPSERT, changed)
        return sum(path not in known or known[path][0] != identity for path, identity, *_ in changed)

    def get(self, id: int) -> ImageRecord:
        """An image by its id; raises `NotFound`."""
        for image in self.get_many([id]):
            return image
        raise NotFound(f"There is no image {id}")

    def get_many(self, ids: Sequence[int]) -> List[ImageRecord]:
        """The images with these ids, in this order, without those that do not exist."""
        with self._database.transaction(write=False) as session:
            rows = [row for part in parts(ids) for row in _where(session, f"id IN ({marks_of(part)})", *part)]
            images = {image.id: image for image in _images(session, rows)}
        return [images[id] for id in ids if id in images]

    def at(self, paths: Iterable[str]) -> Dict[str, ImageRecord]:
        """The images at these paths, by path, without those that do not exist."""
        with self._database.transaction(write=False) as session:
            return {image.path: image for image in _images(session, _at(session, paths))}

    def page(self, after: int = 0, limit: int = 100) -> List[ImageRecord]:
        """The `limit` images next after an id, in the order of their ids."""
        with self._database.transaction(write=False) as session:
            return _images(session, _where(session, "id > ? ORDER BY id LIMIT ?", after, limit))

    def last(self) -> int:
        """The largest id; 0 where there is no image."""
        with self._database.transaction(write=False) as session:
            return int(session.rows("SELECT coalesce(max(id), 0) FROM kinframe_images")[0][0])

    def spread(self, most: int) -> List[ImageRecord]:
        """At most so many images, evenly over the ids; fewer where many were removed."""
        last = self.last()
        return self.get_many(sorted({1 + number * last // most for number in range(most)}) if last else [])

    def with_identity(self, identity: str) -> List[ImageRecord]:
        """The images whose file has these bytes, in the order of their ids."""
        with self._database.transaction(write=False) as session:
            return _images(session, _where(session, "identity = ? ORDER BY id", identity))

    def remove(self, id: int) -> None:
        """Take an image out of the collection, and out of its products; raises `NotFound`."""
        with self._database.transaction() as session:
            removed = session.rows("DELETE FROM kinframe_images WHERE id = ? RETURNING id", id)
        if not removed:
            raise NotFound(f"There is no image {id}")

    def count(self) -> int:
        """The number of images."""
        with self._database.transaction(write=False) as session:
            return int(session.rows("SELECT count(*) FROM kinframe_images")[0][0])


def moment(seconds: float) -> datetime.datetime:
    """A time in seconds since 1970, as the tables hold it, in UTC."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def _where(session: DatabaseSession, condition: str, *values: Any) -> List[Tuple[Any, ...]]:
    return session.rows(f"SELECT {_COLUMNS} FROM kinframe_images WHERE {condition}", *values)  # noqa: S608  # nosec B608  # names are ours, values are bound


def _at(session: DatabaseSession, paths: Iterable[str]) -> List[Tuple[Any, ...]]:
    pieces = parts(list(dict.fromkeys(paths)))
    return [row for part in pieces for row in _where(session, f"path IN ({marks_of(part)})", *part)]


def _images(session: DatabaseSession, rows: Sequence[Tuple[Any, ...]]) -> List[ImageRecord]:
    """The rows of images, with their products."""
    products: Dict[int, List[str]] = {row[0]: [] for row in rows}
    for part in parts(list(products)):
        for image, product in session.rows(
            f"SELECT image, product FROM kinframe_product_images WHERE image IN ({marks_of(part)}) ORDER BY product",  # noqa: S608  # nosec B608  # names are ours, values are bound
            *part,
        ):
            products[image].append(product)
    return [
        ImageRecord(id, path, identity, width, height, size, modified, moment(added), tuple(products[id]))
        for id, path, identity, width, height, size, modified, added in rows
    ]
