"""The table of products, and which images show them: many to many."""

import json
import time
from typing import Any, Dict, Iterable, List, Sequence, Set, Tuple

from helpers.database.interface import Database, DatabaseSession, marks_of, parts
from helpers.errors import NotFound, Refused
from helpers.service.records import Product
from helpers.service.storage.images import moment

_LINK = "INSERT INTO kinframe_product_images (product, image, position) VALUES (?, ?, ?)"


class ProductTable:
    """The products in a database, each under an id that its owner chose."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, id: str, name: str, details: Dict[str, Any], images: Sequence[int]) -> Product:
        """Add a product.

        `images` are ids, in the order in which they are to be shown; one that
        is named twice counts once. Raises `Refused`: 409 where the product
        exists already, 422 for images that do not exist.
        """
        with self._database.transaction() as session:
            if session.rows("SELECT id FROM kinframe_products WHERE id = ?", id):
                raise Refused(f"there is a product {id} already; PUT changes it", 409)
            return _put(session, id, name, details, images)

    def replace(self, id: str, name: str, details: Dict[str, Any], images: Sequence[int]) -> Tuple[Product, bool]:
        """Make or replace a product; True where it is new. Raises `Refused` (422) for images that do not exist."""
        with self._database.transaction() as session:
            is_new = not session.rows("SELECT id FROM kinframe_products WHERE id = ?", id)
            return _put(session, id, name, details, images), is_new

    def get(self, id: str) -> Product:
        """A product by its id; raises `NotFound`."""
        with self._database.transaction(write=False) as session:
            products = _products(session, "WHERE id = ?", id)
        if not products:
            raise NotFound(f"There is no product {id}")
        return products[0]

    def page(self, after: str = "", limit: int = 100) -> List[Product]:
        """The `limit` products next after an id, in alphabetical order of their ids (by code point)."""
        with self._database.transaction(write=False) as session:
            return _products(session, "WHERE id > ? ORDER BY id LIMIT ?", after, limit)

    def remove(self, id: str) -> None:
        """Remove a product, not its images; raises `NotFound`."""
        with self._database.transaction() as session:
            removed = session.rows("DELETE FROM kinframe_products WHERE id = ? RETURNING id", id)
        if not removed:
            raise NotFound(f"There is no product {id}")

    def link(self, session: DatabaseSession, shown: Iterable[Tuple[str, Iterable[str]]]) -> None:
        """Link images, by their path, to products; a link that exists already stays.

        Products that do not exist are made, with their id as their name. An
        image comes after those that its product shows already.
        """
        wanted = dict.fromkeys((product, path) for path, products in shown for product in products)
        paths, now = list(dict.fromkeys(path for _, path in wanted)), time.time()
        images = dict(_in(session, "SELECT path, id FROM kinframe_images WHERE path IN", paths))
        known: Set[Tuple[str, int]] = set(
            _in(session, "SELECT product, image FROM kinframe_product_images WHERE image IN", list(images.values()))
        )
        links = [(product, images[path]) for product, path in wanted if (product, images[path]) not in known]
        products = sorted({product for product, _ in links})
        session.many(
            "INSERT INTO kinframe_products (id, name, details, changed) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET changed = excluded.changed",
            [(product, product, "{}", now) for product in products],
        )
        last = dict(
            _in(
                session,
                "SELECT product, max(position) FROM kinframe_product_images WHERE product IN",
                products,
                "GROUP BY product",
            )
        )
        rows = []
        for product, image in links:
            last[product] = last.get(product, -1) + 1
            rows.append((product, image, last[product]))
        session.many(_LINK, rows)

    def count(self) -> int:
        """The number of products."""
        with self._database.transaction(write=False) as session:
            return int(session.rows("SELECT count(*) FROM kinframe_products")[0][0])


def _put(session: DatabaseSession, id: str, name: str, details: Dict[str, Any], images: Sequence[int]) -> Product:
    """Write a whole product, in place of what it was."""
    wanted = list(dict.fromkeys(images))
    existing = {id for (id,) in _in(session, "SELECT id FROM kinframe_images WHERE id IN", wanted)}
    missing = [id for id in wanted if id not in existing]
    if missing:
        shown = ", ".join(str(id) for id in missing[:10]) + (" …" if len(missing) > 10 else "")
        raise Refused(f"images: there is no image {shown}", 422)
    session.rows(
        "INSERT INTO kinframe_products (id, name, details, changed) VALUES (?, ?, ?, ?) ON CONFLICT (id)"
        " DO UPDATE SET name = excluded.name, details = excluded.details, changed = excluded.changed",
        *(id, name, json.dumps(details), time.time()),
    )
    session.rows("DELETE FROM kinframe_product_images WHERE product = ?", id)
    session.many(_LINK, [(id, image, position) for position, image in enumerate(wanted)])
    return _products(session, "WHERE id = ?", id)[0]


def _products(session: DatabaseSession, condition: str, *values: Any) -> List[Product]:
    rows = session.rows(f"SELECT id, name, details, changed FROM kinframe_products {condition}", *values)  # noqa: S608  # nosec B608  # names are ours, values are bound
    images: Dict[str, List[int]] = {row[0]: [] for row in rows}
    for product, image in _in(
        session,
        "SELECT product, image FROM kinframe_product_images WHERE product IN",
        list(images),
        "ORDER BY product, position",
    ):
        images[product].append(image)
    return [
        Product(id, name, json.loads(details), tuple(images[id]), moment(changed))
        for id, name, details, changed in rows
    ]


def _in(session: DatabaseSession, statement: str, values: Sequence[Any], rest: str = "") -> List[Tuple[Any, ...]]:
    """The rows of a statement that ends with IN, for any number of values."""
    return [row for part in parts(values) for row in session.rows(f"{statement} ({marks_of(part)}) {rest}", *part)]
