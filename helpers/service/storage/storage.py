"""The collection of a service behind one small interface: in the file of a feature store, or in PostgreSQL.

The tables are the same in both (`helpers.database.schema`); how features are
kept and searched differs (`helpers.service.storage.vectors`).
"""

from contextlib import closing
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

import numpy as np

from helpers.database.feature_table import kept_tables
from helpers.database.interface import Database
from helpers.database.postgres import PostgresDatabase, is_address
from helpers.database.schema import migrate
from helpers.database.sqlite import SqliteDatabase
from helpers.features.store import FeatureStore, StoredNetwork
from helpers.service.records import BadPhoto, Match, NewImage, SearchOptions
from helpers.service.storage.embedded_vectors import EmbeddedVectors
from helpers.service.storage.images import ImageTable
from helpers.service.storage.jobs import JobTable
from helpers.service.storage.keys import KeyTable
from helpers.service.storage.postgres_vectors import PostgresVectors
from helpers.service.storage.products import ProductTable
from helpers.service.storage.vectors import Vectors


class Storage:
    """The collection of a service: `images`, `products`, `jobs`, `keys`, and their features.

    All methods may be called from several threads and, but for the searches of
    an embedded one, from several processes. All may raise `Unavailable` and
    `StoreError`, see `Database.transaction`.
    """

    def __init__(self, database: Database, vectors: Vectors) -> None:
        self.database, self.vectors = database, vectors
        self.images, self.products = ImageTable(database), ProductTable(database)
        self.jobs, self.keys = JobTable(database), KeyTable(database)

    @property
    def note(self) -> str:
        """Where everything is kept, and how it is searched, in one line for people."""
        return f"{self.database.note}, {self.vectors.note}"

    def ready(self) -> None:
        """Raises `Unavailable` where the database cannot be reached."""
        with self.database.transaction(write=False) as session:
            session.rows("SELECT 1")

    def add(
        self,
        images: Sequence[NewImage],
        features: Tuple[Sequence[str], np.ndarray],
        *,
        job: Optional[str] = None,
        owner: Optional[str] = None,
        bad: Sequence[BadPhoto] = (),
        seen: int = 0,
    ) -> None:
        """Keep images and their features, and the progress of a job, in one transaction.

        `features` are those that were computed: identities, and float32 [n,
        dimension]; others of `images` are kept already. An image whose path is
        known gets the new identity, and keeps its id and products. `seen` is the
        number of photos that needed nothing. Raises `NotFound` where the `job`
        is not the `owner`'s any more; then nothing is kept.
        """
        with self.database.transaction() as session:
            self.vectors.add(session, *features)
            new = self.images.put(session, images)
            self.products.link(session, [(image.path, image.products) for image in images if image.products])
            if job is not None:
                self.jobs.step(session, job, done=len(images) + len(bad) + seen, new=new, bad=bad, owner=owner)

    def feature(self, image: int) -> np.ndarray:
        """The feature of an image, float32 [dimension]; raises `NotFound`."""
        return self.vectors.of(self.images.get(image).identity)

    def search(self, feature: np.ndarray, options: SearchOptions) -> List[Match]:
        """The images nearest to a feature, float32 [dimension]; nearest first, ties by their id.

        The distances are the same, to the last bit, wherever the features are kept.
        """
        nearest = self.vectors.search(feature, options)
        images = {image.id: image for image in self.images.get_many([image for image, _ in nearest])}
        return [Match(images[image], distance) for image, distance in nearest if image in images]

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def kept_networks(address: str) -> List[StoredNetwork]:
    """The networks whose features a storage keeps; nothing is written. Raises `Unavailable` and `StoreError`."""
    if is_address(address):
        with closing(PostgresDatabase(address)) as database, database.transaction(write=False) as session:
            return kept_tables(session)
    if not Path(address).expanduser().is_file():
        return []
    with FeatureStore(address) as store:
        return store.contents()


def open_database(address: str) -> Database:
    """The tables of a service at `postgresql://…`, or in the file of a feature store; made where they do not exist."""
    database: Database = PostgresDatabase(address) if is_address(address) else SqliteDatabase(address)
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def open_storage(address: str, *, key: str, dimension: int, index: str = "exact") -> Storage:
    """The storage at an address that `open_database` takes.

    `key` is the network's, as `helpers.networks.precision.settled.Settled` has it, and
    `dimension` the length of its features. `index` is `exact` or `hnsw`. Raises
    `StoreError` where features of another length are kept of the network, or
    are too long for the index, and what `Database.transaction` raises.
    """
    database = open_database(address)
    kind = EmbeddedVectors if database.kind == "embedded" else PostgresVectors
    try:
        return Storage(database, kind(database, key=key, dimension=dimension, index=index))
    except BaseException:
        database.close()
        raise
