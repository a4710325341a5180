"""The features of one network in the file of a feature store, read and written in the service's own transactions."""

import zlib
from typing import Dict, List, Sequence, Set

import numpy as np

from helpers.database.interface import Database, Session, check_dimension, marks_of, parts
from helpers.errors import StoreError


class StoreRows:
    """The tables of `helpers.features.store.FeatureStore`, which notebooks share.

    Not a `FeatureStore` itself: a feature is kept in one transaction with its
    image, and whoever searches waits no longer than the database allows.
    """

    def __init__(self, database: Database, key: str, dimension: int) -> None:
        self.key, self.dimension, self._database = key, dimension, database
        with database.transaction(write=False) as session:
            self.network(session)

    def network(self, session: Session) -> int:
        """The number of the network, 0 where nothing is kept of it; raises `StoreError` for another dimension."""
        for number, dimension in session.rows("SELECT id, dimension FROM networks WHERE key = ?", self.key):
            check_dimension(self._database, self.key, dimension, self.dimension)
            return int(number)
        return 0

    def add(self, session: Session, identities: Sequence[str], vectors: np.ndarray) -> None:
        if vectors.shape != (len(identities), self.dimension):
            raise StoreError(f"features of {self.key} are [{len(identities)}, {self.dimension}], not {vectors.shape}")
        session.rows("INSERT OR IGNORE INTO networks (key, dimension) VALUES (?, ?)", self.key, self.dimension)
        network = self.network(session)
        rows = [(bytes.fromhex(photo), vector.tobytes()) for photo, vector in zip(identities, vectors.astype("<f4"))]
        session.many(
            "INSERT OR IGNORE INTO features VALUES (?, ?, ?, ?)",
            [(network, photo, vector, zlib.crc32(photo + vector)) for photo, vector in rows],
        )

    def kept(self, session: Session, identities: Sequence[str]) -> Set[str]:
        return {photo.hex() for (photo,) in self._rows(session, "photo", identities)}

    def features(self, session: Session, identities: Sequence[str]) -> Dict[str, np.ndarray]:
        features = {}
        for photo, vector, checksum in self._rows(session, "photo, vector, checksum", identities):
            if zlib.crc32(photo + vector) != checksum or len(vector) != 4 * self.dimension:
                raise StoreError(
                    f"What is kept {self._database.note}: a feature is not what was written; the file is damaged."
                    " Put back a copy, or delete it and index the photos again"
                )
            features[photo.hex()] = np.frombuffer(vector, "<f4")
        return features

    def _rows(self, session: Session, columns: str, identities: Sequence[str]) -> List[tuple]:
        network, rows = self.network(session), []
        for part in parts(identities):
            statement = f"SELECT {columns} FROM features WHERE network = ? AND photo IN ({marks_of(part)})"  # noqa: S608
            rows += session.rows(statement, network, *map(bytes.fromhex, part))
        return rows
