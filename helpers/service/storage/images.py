"""The images of a collection: which files below the photo root it knows, and what is known of them."""

import datetime
import time
from typing import Any, Dict, Iterable, List, Sequence, Tuple

from helpers.database.interface import Database, Session, marks_of, parts
from helpers.errors import NotFound, Refused
from helpers.service.records import Image, NewImage
from helpers.service.valid_text import check_text

LARGEST = 2**63 - 1  # the largest number that both databases hold
_COLUMNS = "id, path, identity, width, height, size, modified, added"
_UPSERT = """
    INSERT INTO kinframe_images (path, identity, width, height, size, modified, added) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (path) DO UPDATE SET identity = excluded.identity, width = excluded.width, height = excluded.height,
        size = excluded.size, modified = excluded.modified
"""


class Images:
    """The images that are kept in a database, each under a number of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, session: Session, images: Sequence[NewImage]) -> int:
        """Keep images as they are now; how many are new, or other pictures than those known by their path.

        An image whose path is known keeps its id, its products, and the day it
        was added. Products that `images` name are not linked by this, see
        `Products.link`. Raises `Refused` (422) for a path that no database can hold.
        """
        now, wanted = time.time(), {}
        for image in images:
            row = (image.identity, image.width, image.height, image.size, min(image.modified, LARGEST))
            wanted[refused_text("path", image.path)] = row
        known = {path: tuple(row) for _, path, *row, _ in _at(session, wanted)}
        changed = [(path, *row, now) for path, row in sorted(wanted.items()) if known.get(path) != row]
        session.many(_UPSERT, changed)
        return sum(path not in known or known[path][0] != identity for path, identity, *_ in changed)

    def get(self, id: int) -> Image:
        """An image by its id; raises `NotFound`."""
        found = self.get_many([id])
        if not found:
            raise NotFound(f"There is no image {id}")
        return found[0]

    def get_many(self, ids: Sequence[int]) -> List[Image]:
        """The images with these ids, in this order; those that are not there are left out."""
        asked = [id for id in dict.fromkeys(ids) if 0 < id <= LARGEST]
        with self._database.transaction(write=False) as session:
            rows = [row for part in parts(asked) for row in _where(session, f"id IN ({marks_of(part)})", *part)]
            images = {image.id: image for image in _images(session, rows)}
        return [images[id] for id in asked if id in images]

    def at(self, paths: Iterable[str]) -> Dict[str, Image]:
        """The images at these paths, those that are there."""
        with self._database.transaction(write=False) as session:
            return {image.path: image for image in _images(session, _at(session, paths))}

    def page(self, after: int = 0, limit: int = 100) -> List[Image]:
        """The `limit` images next after an id, in the order of their ids."""
        if not -LARGEST <= after <= LARGEST:
            return []
        with self._database.transaction(write=False) as session:
            return _images(session, _where(session, "id > ? ORDER BY id LIMIT ?", after, limit))

    def with_identity(self, identity: str) -> List[Image]:
        """The images whose file has these bytes, in the order of their ids."""
        with self._database.transaction(write=False) as session:
            return _images(session, _where(session, "identity = ? ORDER BY id", identity))

    def remove(self, id: int) -> None:
        """Take an image out of the collection, and out of its products; raises `NotFound`."""
        found = []
        if 0 < id <= LARGEST:
            with self._database.transaction() as session:
                found = session.rows("DELETE FROM kinframe_images WHERE id = ? RETURNING id", id)
        if not found:
            raise NotFound(f"There is no image {id}")

    def count(self) -> int:
        """How many there are."""
        with self._database.transaction(write=False) as session:
            return int(session.rows("SELECT count(*) FROM kinframe_images")[0][0])


def refused_text(what: str, text: str) -> str:
    """The text as it is; raises `Refused` (422) where no database can hold it."""
    try:
        return check_text(text)
    except ValueError as error:
        raise Refused(f"{what}: {error}", 422) from None


def moment(seconds: float) -> datetime.datetime:
    """A time that a table holds, in seconds since 1970; UTC."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def _where(session: Session, condition: str, *values: Any) -> List[Tuple[Any, ...]]:
    return session.rows(f"SELECT {_COLUMNS} FROM kinframe_images WHERE {condition}", *values)  # noqa: S608


def _at(session: Session, paths: Iterable[str]) -> List[Tuple[Any, ...]]:
    pieces = parts(list(dict.fromkeys(paths)))
    return [row for part in pieces for row in _where(session, f"path IN ({marks_of(part)})", *part)]


def _images(session: Session, rows: Sequence[Tuple[Any, ...]]) -> List[Image]:
    """The rows of images, with their products."""
    products: Dict[int, List[str]] = {row[0]: [] for row in rows}
    for part in parts(list(products)):
        for image, product in session.rows(
            f"SELECT image, product FROM kinframe_product_images WHERE image IN ({marks_of(part)}) ORDER BY product",  # noqa: S608
            *part,
        ):
            products[image].append(product)
    return [
        Image(id, path, identity, width, height, size, modified, moment(added), tuple(products[id]))
        for id, path, identity, width, height, size, modified, added in rows
    ]
