"""The features of one network in the file of a feature store, read and written in the service's own transactions."""

from typing import Dict, List, Sequence, Set

import numpy as np

from helpers.database.interface import Database, DatabaseSession, check_dimension, parts
from helpers.errors import StoreError
from helpers.features import feature_rows


class StoreRows:
    """The tables of `helpers.features.store.FeatureStore`, which notebooks share.

    Not a `FeatureStore` itself: a feature is kept in one transaction with its
    image, and whoever searches waits no longer than the database allows.
    """

    def __init__(self, database: Database, key: str, dimension: int) -> None:
        self.key, self.dimension, self._database = key, dimension, database
        with database.transaction(write=False) as session:
            self.network(session)

    def network(self, session: DatabaseSession) -> int:
        """The number of the network, 0 where nothing is kept of it; raises `StoreError` for another dimension."""
        for number, dimension in session.rows(feature_rows.FIND_NETWORK, self.key):
            check_dimension(self._database, self.key, dimension, self.dimension)
            return int(number)
        return 0

    def add(self, session: DatabaseSession, identities: Sequence[str], vectors: np.ndarray) -> None:
        if vectors.shape != (len(identities), self.dimension):
            raise StoreError(f"features of {self.key} are [{len(identities)}, {self.dimension}], not {vectors.shape}")
        session.rows(feature_rows.ADD_NETWORK, self.key, self.dimension)
        rows = feature_rows.rows_of_features(self.network(session), identities, vectors)
        session.many(feature_rows.ADD_FEATURE, rows)

    def kept(self, session: DatabaseSession, identities: Sequence[str]) -> Set[str]:
        return {photo.hex() for (photo,) in self._rows(session, "photo", identities)}

    def features(self, session: DatabaseSession, identities: Sequence[str]) -> Dict[str, np.ndarray]:
        features = {}
        for photo, vector, checksum in self._rows(session, "photo, vector, checksum", identities):
            try:
                feature = feature_rows.feature_of_row(photo, vector, checksum, self.dimension)
                feature_rows.check_finite(feature[None])
                features[photo.hex()] = feature
            except ValueError as damaged:
                raise StoreError(
                    f"The data {self._database.note}: {damaged}; the file is damaged."
                    " Put back a copy, or delete it and index the photos again"
                ) from damaged
        return features

    def _rows(self, session: DatabaseSession, columns: str, identities: Sequence[str]) -> List[tuple]:
        network, rows = self.network(session), []
        for part in parts(identities):
            statement = feature_rows.find_features(len(part), columns)
            rows += session.rows(statement, network, *map(bytes.fromhex, part))
        return rows
