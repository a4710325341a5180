"""Features in the file of a feature store, as `helpers.features.store` keeps them, and a search among them in memory.

What a notebook computed for the same file need not be computed again, nor the
other way round.
"""

import hashlib
from typing import List, Sequence, Set, Tuple

import numpy as np

from helpers.database.interface import Database, marks_of, parts
from helpers.service.records import SearchOptions
from helpers.service.storage.live_index import LiveIndex
from helpers.service.storage.mirror import Mirror
from helpers.service.storage.store_rows import StoreRows
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
        rows = StoreRows(database, key, dimension)
        super().__init__(database, rows, index)
        self._index = LiveIndex(dimension, index, self._place)
        self._mirror = Mirror(database, self._index, rows)

    @property
    def note(self) -> str:
        return "searched in memory, exactly" if self.index == "exact" else "searched in memory by a graph (hnsw)"

    def search(self, feature: np.ndarray, options: SearchOptions) -> List[Tuple[int, float]]:
        k, metric, products, without = options
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
