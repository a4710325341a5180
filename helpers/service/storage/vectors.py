"""The features of a collection's images, and which of them are nearest: one interface, in a file or in PostgreSQL."""

from abc import ABC, abstractmethod
from typing import Dict, List, Protocol, Sequence, Set, Tuple

import numpy as np

from helpers.database.interface import Database, DatabaseSession
from helpers.errors import NotFound
from helpers.service.records import SearchOptions


class FeatureRows(Protocol):
    """The features of one network in a database, read and written within a transaction."""

    key: str
    dimension: int

    def add(self, session: DatabaseSession, identities: Sequence[str], vectors: np.ndarray) -> None:
        """Keep features, float32 [n, dimension]; those that are kept already stay as they are."""

    def kept(self, session: DatabaseSession, identities: Sequence[str]) -> Set[str]:
        """Of these photos, those whose features are kept."""

    def features(self, session: DatabaseSession, identities: Sequence[str]) -> Dict[str, np.ndarray]:
        """The features of these photos, float32, those that are kept; raises `StoreError` for a damaged one."""


class Vectors(ABC):
    """The features of one network, float32, each known by the sha-256 of the photo's file, in hex.

    Two images with the same bytes share one. A feature stays when its last
    image goes: it need not be computed again when the photo comes back. A search
    sees what was added or removed before it began, by whichever process. All
    methods may be called from several threads.
    """

    def __init__(self, database: Database, rows: FeatureRows, index: str) -> None:
        self.key, self.dimension, self.index = rows.key, rows.dimension, index
        self._database, self._features = database, rows

    @property
    @abstractmethod
    def note(self) -> str:
        """How it is searched, in one line for people."""

    def add(self, session: DatabaseSession, identities: Sequence[str], vectors: np.ndarray) -> None:
        """Keep features, float32 [n, dimension], with whatever else the transaction keeps.

        Those that are kept already stay as they are. Raises `StoreError` for
        features of another length than those that are kept of the network.
        """
        if len(identities):
            self._features.add(session, identities, vectors)

    def kept(self, identities: Sequence[str]) -> Set[str]:
        """Of these photos, those whose features are kept."""
        with self._database.transaction(write=False) as session:
            return self._features.kept(session, identities)

    def of(self, identity: str) -> np.ndarray:
        """A photo's feature, float32 [dimension]; raises `NotFound`."""
        with self._database.transaction(write=False) as session:
            features = self._features.features(session, [identity])
        if identity not in features:
            raise NotFound(f"no feature of {self.key} is kept for the photo {identity}; index its folder again")
        return features[identity]

    def several(self, identities: Sequence[str]) -> Dict[str, np.ndarray]:
        """The features of photos, float32, those that are kept, by identity."""
        with self._database.transaction(write=False) as session:
            return self._features.features(session, identities)

    @abstractmethod
    def search(self, feature: np.ndarray, options: SearchOptions) -> List[Tuple[int, float]]:
        """The images nearest to a feature, float32 [dimension]: ids and distances, nearest first, ties by id.

        Exact, unless `index` is `hnsw`: then some of the nearest may be
        missing. The distances are those of `helpers.features.distance.Distance`,
        to the last bit.
        """
