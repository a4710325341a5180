"""Features in the file of a feature store, as `helpers.features.store` keeps them, and a search among them in memory.

What a notebook computed for the same file need not be computed again, nor the
other way round.
"""

import hashlib
import zlib
from typing import Dict, List, Optional, Sequence, Set, Tuple

import numpy as np

from helpers.database.interface import Database, Session, check_dimension, marks_of, parts
from helpers.errors import NotFound, StoreError
from helpers.service.storage.live_index import LiveIndex
from helpers.service.storage.mirror import Mirror
from helpers.service.storage.vectors import Vectors

_MORE = 8  # features beyond k: some may be as near as the last


class EmbeddedVectors(Vectors):
    """The features of a network in the file of a `SqliteDatabase`; see `helpers.service.storage.vectors.Vectors`.

    The features of all images lie in memory after the first search, or in a
    file of the cache folder that memory holds as far as it can. What was added
    or changed since, by whichever process, the next search reads and takes in:
    only that. Features whose last image went stay there until the process ends.
    """

    def __init__(self, database: Database, *, key: str, dimension: int, index: str = "exact") -> None:
        self.key, self.dimension, self.index = key, dimension, index
        self._database = database
        with database.transaction(write=False) as session:
            self._network(session)
        self._index = LiveIndex(dimension, index, self._place)
        self._mirror = Mirror(database, self._index, self._features, self._network)

    @property
    def note(self) -> str:  # type: ignore[override]
        """A line for people: how it is searched."""
        return "searched in memory, exactly" if self.index == "exact" else "searched in memory by a graph (hnsw)"

    def add(self, session: Session, identities: Sequence[str], vectors: np.ndarray) -> None:
        if not len(identities):
            return
        if vectors.shape != (len(identities), self.dimension):
            raise StoreError(f"features of {self.key} are [{len(identities)}, {self.dimension}], not {vectors.shape}")
        session.rows("INSERT OR IGNORE INTO networks (key, dimension) VALUES (?, ?)", self.key, self.dimension)
        network = self._network(session)
        rows = [(bytes.fromhex(photo), vector.tobytes()) for photo, vector in zip(identities, vectors.astype("<f4"))]
        session.many(
            "INSERT OR IGNORE INTO features VALUES (?, ?, ?, ?)",
            [(network, photo, vector, zlib.crc32(photo + vector)) for photo, vector in rows],
        )

    def kept(self, identities: Sequence[str]) -> Set[str]:
        found: Set[str] = set()
        with self._database.transaction(write=False) as session:
            network = self._network(session)
            for some in parts(list(identities)):
                photos = [bytes.fromhex(one) for one in some]
                asked = f"SELECT photo FROM features WHERE network = ? AND photo IN ({marks_of(some)})"  # noqa: S608
                found.update(photo.hex() for (photo,) in session.rows(asked, network, *photos))
        return found

    def of(self, identity: str) -> np.ndarray:
        with self._database.transaction(write=False) as session:
            found = self._features(session, [identity])
        if identity not in found:
            raise NotFound(f"no feature of {self.key} is kept for the photo {identity}; index its folder again")
        return found[identity]

    def search(
        self,
        feature: np.ndarray,
        k: int,
        *,
        metric: str,
        products: Optional[Sequence[str]] = None,
        without: Optional[int] = None,
    ) -> List[Tuple[int, float]]:
        feature = self.check(feature, k, metric)
        seen = self._mirror.now()
        allowed, counting = seen.live, None
        if products is not None:
            counting = np.isin(seen.images, self._of_products(products))
            allowed = np.zeros(seen.size, bool)
            allowed[seen.rows[counting]] = True
        wanted = k + (without is not None)
        asked = wanted + _MORE
        while True:
            rows, distances = self._index.search(feature, asked, metric=metric, count=seen.size, allowed=allowed)
            places, apart = _images_of(seen.rows, rows, distances)
            keep = np.ones(len(places), bool) if counting is None else counting[places]
            keep &= seen.images[places] != without
            images, apart = seen.images[places[keep]], apart[keep]
            order = np.lexsort((images, apart))[:k]
            # Another feature may be as near as the last one, and its image have a lower id.
            if len(rows) < asked or (len(order) == k and apart[order[-1]] < distances[-1]):
                return [(int(images[place]), float(apart[place])) for place in order]
            asked *= 4

    def _features(self, session: Session, identities: Sequence[str]) -> Dict[str, np.ndarray]:
        network, found = self._network(session), {}
        for some in parts(list(identities)):
            photos = [bytes.fromhex(one) for one in some]
            asked = f"SELECT photo, vector, checksum FROM features WHERE network = ? AND photo IN ({marks_of(some)})"  # noqa: S608
            for photo, vector, checksum in session.rows(asked, network, *photos):
                if zlib.crc32(photo + vector) != checksum or len(vector) != 4 * self.dimension:
                    raise StoreError(
                        f"What is kept {self._database.note}: a feature is not what was written; the file is damaged."
                        " Put back a copy, or delete it and index the photos again"
                    )
                found[photo.hex()] = np.frombuffer(vector, "<f4")
        return found

    def _network(self, session: Session) -> int:
        """Its number; 0 where nothing is kept of it."""
        for number, dimension in session.rows("SELECT id, dimension FROM networks WHERE key = ?", self.key):
            check_dimension(self._database, self.key, dimension, self.dimension)
            return int(number)
        return 0

    def _of_products(self, products: Sequence[str]) -> np.ndarray:
        images: Set[int] = set()
        with self._database.transaction(write=False) as session:
            for some in parts(list(products)):
                asked = f"SELECT image FROM kinframe_product_images WHERE product IN ({marks_of(some)})"  # noqa: S608
                images.update(image for (image,) in session.rows(asked, *some))
        return np.fromiter(images, np.int64, len(images))

    def _place(self, metric: str) -> str:
        """Where a graph is kept, beside the features that it is of; a notebook's has another name."""
        name = hashlib.sha256(f"{self.key} {metric} service".encode()).hexdigest()[:12]
        return f"{getattr(self._database, 'path', '')}.{name}.hnsw"


def _images_of(rows: np.ndarray, found: np.ndarray, distances: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """The places in `rows`, ascending, at which the rows stand that were found, and their distances."""
    first, last = np.searchsorted(rows, found, "left"), np.searchsorted(rows, found, "right")
    counts = last - first
    starts = np.repeat(first - np.cumsum(counts) + counts, counts)
    return starts + np.arange(counts.sum()), np.repeat(distances, counts)
