"""What a service keeps, behind one small interface: in the file of a feature store, or in PostgreSQL.

The tables are the same in both (`helpers.database.schema`); how features are
kept and searched differs (`helpers.service.storage.vectors`).
"""

from contextlib import closing
from pathlib import Path
from typing import Iterable, List, Optional, Sequence, Set, Tuple

import numpy as np

from helpers.database.interface import Database
from helpers.database.schema import migrate
from helpers.errors import FrameError
from helpers.features.open_index import KINDS
from helpers.features.store import FeatureStore, StoredNetwork
from helpers.service.records import BadPhoto, Match, NewImage
from helpers.service.storage.images import Images
from helpers.service.storage.jobs import Jobs
from helpers.service.storage.keys import Keys
from helpers.service.storage.products import Products
from helpers.service.storage.vectors import Vectors


class Storage:
    """The collection of a service: `images`, `products`, `jobs`, `keys`, and their features.

    All methods may be called from several threads and, but for the searches of
    an embedded one, from several processes. All may raise `Unavailable` and
    `StoreError`, see `Database.transaction`.
    """

    def __init__(self, database: Database, vectors: Vectors) -> None:
        self.database, self.vectors = database, vectors
        self.images, self.products = Images(database), Products(database)
        self.jobs, self.keys = Jobs(database), Keys(database)

    @property
    def note(self) -> str:
        """A line for people: where everything is kept, and how it is searched."""
        return f"{self.database.note}, {self.vectors.note}"

    def ready(self) -> None:
        """Raises `Unavailable` where a request could not be answered now."""
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
        """Keep what a job did with some photos, and how far it has come, all or nothing; twice is the same as once.

        `features` are those that were computed: identities, and float32 [n,
        dimension]; others of `images` are kept already. An image whose path is
        known gets the new identity, and keeps its id and products. `seen` are
        photos that need nothing, to be counted as looked at. With `owner`,
        `NotFound` is raised where the job is another's by now, and nothing is
        kept: whoever has it does the same photos.
        """
        with self.database.transaction() as session:
            self.vectors.add(session, *features)
            new = self.images.put(session, images)
            self.products.link(session, [(image.path, image.products) for image in images if image.products])
            if job is not None:
                self.jobs.step(session, job, done=len(images) + len(bad) + seen, new=new, bad=bad, owner=owner)

    def remove(self, image: int) -> None:
        """Take an image out of the collection, not its file; raises `NotFound`."""
        self.images.remove(image)

    def kept(self, identities: Iterable[str]) -> Set[str]:
        """Of these photos, those whose features are kept."""
        return self.vectors.kept(list(identities))

    def feature(self, image: int) -> np.ndarray:
        """The feature of an image, float32 [dimension]; raises `NotFound`."""
        return self.vectors.of(self.images.get(image).identity)

    def search(
        self,
        feature: np.ndarray,
        k: int,
        *,
        metric: str,
        products: Optional[Sequence[str]] = None,
        without: Optional[int] = None,
    ) -> List[Match]:
        """The `k` images nearest to a feature, float32 [dimension]; nearest first, equals by their id.

        - `products`: only images of one of these.
        - `without`: the id of an image that stays out.

        The distances are those of `helpers.features.distance.Distance`, to the last bit,
        wherever the features are kept.
        """
        found = self.vectors.search(feature, k, metric=metric, products=products, without=without)
        images = {image.id: image for image in self.images.get_many([image for image, _ in found])}
        return [Match(images[image], distance) for image, distance in found if image in images]

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()


def kept_networks(address: str) -> List[StoredNetwork]:
    """What is kept in a storage of which networks; nothing is made there. Raises `Unavailable` and `StoreError`."""
    from helpers.database.feature_table import kept_tables
    from helpers.database.postgres import PostgresDatabase, is_address

    if is_address(address):
        with closing(PostgresDatabase(address)) as database, database.transaction(write=False) as session:
            return kept_tables(session)
    if not Path(address).expanduser().is_file():
        return []
    with FeatureStore(address) as store:
        return store.contents()


def open_storage(address: str, *, key: str, dimension: int, index: str = "exact") -> Storage:
    """The storage at `postgresql://…`, or in the file of a feature store, which is made where there is none.

    `key` is the network's, as `helpers.networks.precision.settled.Settled` has it, and
    `dimension` the length of its features. `index` is `exact` or `hnsw`.
    """
    from helpers.database.postgres import PostgresDatabase, is_address
    from helpers.database.sqlite import SqliteDatabase

    database: Database = PostgresDatabase(address) if is_address(address) else SqliteDatabase(address)
    try:
        migrate(database)
        return Storage(database, open_vectors(database, key=key, dimension=dimension, index=index))
    except BaseException:
        database.close()
        raise


def open_vectors(database: Database, *, key: str, dimension: int, index: str = "exact") -> Vectors:
    """The features of a network in a database, and the tables for them where there are none.

    `index` is `exact` or `hnsw`. Raises `FrameError` for another, `StoreError`
    where features of another length are kept of the network, or are too long
    for the index, and what `Database.transaction` raises.
    """
    if index not in KINDS:
        raise FrameError(f"index={index!r} is not known; there are {' and '.join(KINDS)}")
    if database.kind == "embedded":
        from helpers.service.storage.embedded_vectors import EmbeddedVectors

        return EmbeddedVectors(database, key=key, dimension=dimension, index=index)
    from helpers.service.storage.postgres_vectors import PostgresVectors

    return PostgresVectors(database, key=key, dimension=dimension, index=index)
