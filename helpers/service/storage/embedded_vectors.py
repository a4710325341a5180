"""Features in the file of a feature store, which notebooks share, searched in memory."""

import hashlib
from typing import List, Sequence, Set, Tuple

import numpy as np

from helpers.database.interface import Database, marks_of, parts
from helpers.service.records import SearchOptions
from helpers.service.storage.live_index import LiveIndex
from helpers.service.storage.mirror import Mirror
from helpers.service.storage.store_rows import StoreRows
from helpers.service.storage.vectors import Vectors

_MORE = 8  # features beyond k, for ties with the last


class EmbeddedVectors(Vectors):
    """The features of a network in the file of a `SqliteDatabase`; see `helpers.service.storage.vectors.Vectors`.

    After the first search, the features of all images are in memory, or in a
    file of the cache folder where they are too many. The next search reads what
    was added or changed since, by whichever process. Features whose last image
    was removed stay in memory until the process ends.
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
        snapshot = self._mirror.now()
        allowed, wanted_images = snapshot.live, None
        if products is not None:
            wanted_images = np.isin(snapshot.images, self._of_products(products))
            allowed = np.zeros(snapshot.size, bool)
            allowed[snapshot.rows[wanted_images]] = True
        count = k + (without is not None) + _MORE
        while True:
            rows, distances = self._index.search(feature, count, metric=metric, count=snapshot.size, allowed=allowed)
            places, apart = _images_of(snapshot.rows, rows, distances)
            keep = np.ones(len(places), bool) if wanted_images is None else wanted_images[places]
            keep &= snapshot.images[places] != without
            images, apart = snapshot.images[places[keep]], apart[keep]
            order = np.lexsort((images, apart))[:k]
            # Another feature may be as near as the last one, and its image have a lower id.
            if len(rows) < count or (len(order) == k and apart[order[-1]] < distances[-1]):
                return [(int(images[place]), float(apart[place])) for place in order]
            count *= 4

    def _of_products(self, products: Sequence[str]) -> np.ndarray:
        images: Set[int] = set()
        with self._database.transaction(write=False) as session:
            for part in parts(list(products)):
                statement = f"SELECT image FROM kinframe_product_images WHERE product IN ({marks_of(part)})"  # noqa: S608  # nosec B608  # names are ours, values are bound
                images.update(image for (image,) in session.rows(statement, *part))
        return np.fromiter(images, np.int64, len(images))

    def _place(self, metric: str) -> str:
        """The file of a graph, beside that of its features; graphs of notebooks have other names."""
        name = hashlib.sha256(f"{self.key} {metric} service".encode()).hexdigest()[:12]
        return f"{getattr(self._database, 'path', '')}.{name}.hnsw"


def _images_of(rows: np.ndarray, nearest: np.ndarray, distances: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """All positions of the nearest rows in `rows`, which is ascending and may repeat rows; and their distances."""
    first, last = np.searchsorted(rows, nearest, "left"), np.searchsorted(rows, nearest, "right")
    counts = last - first
    starts = np.repeat(first - np.cumsum(counts) + counts, counts)
    return starts + np.arange(counts.sum()), np.repeat(distances, counts)
