"""The features of a collection's images, and which of them are nearest: one interface, in a file or in PostgreSQL."""

from abc import ABC, abstractmethod
from typing import List, Optional, Sequence, Set, Tuple

import numpy as np

from helpers.arguments import check_whole
from helpers.database.interface import Session
from helpers.errors import FrameError
from helpers.features.distance import METRICS


class Vectors(ABC):
    """The features of one network, float32, each known by the sha-256 of the photo's file, in hex.

    Two images with the same bytes share one. A feature stays when its last
    image goes: it need not be computed again when the photo comes back. A search
    sees what was added or removed before it began, by whichever process. All
    methods may be called from several threads.
    """

    key: str  # the network, as `helpers.networks.precision.settled.Settled` has it
    dimension: int
    index: str  # one of `helpers.features.open_index.KINDS`
    note: str  # a line for people: how it is searched

    @abstractmethod
    def add(self, session: Session, identities: Sequence[str], vectors: np.ndarray) -> None:
        """Keep features, float32 [n, dimension], with whatever else the transaction keeps.

        Those that are kept already stay as they are. Raises `StoreError` for
        features of another length than those that are kept of the network.
        """

    @abstractmethod
    def kept(self, identities: Sequence[str]) -> Set[str]:
        """Of these photos, those whose features are kept."""

    @abstractmethod
    def of(self, identity: str) -> np.ndarray:
        """A photo's feature, float32 [dimension]; raises `NotFound`."""

    @abstractmethod
    def search(
        self,
        feature: np.ndarray,
        k: int,
        *,
        metric: str,
        products: Optional[Sequence[str]] = None,
        without: Optional[int] = None,
    ) -> List[Tuple[int, float]]:
        """The `k` images nearest to a feature, float32 [dimension]: ids and distances, nearest first, equals by id.

        Exact, unless `index` is `hnsw`: then some of the nearest may be
        missing. The distances are those of `helpers.features.distance.Distance`, to the
        last bit. `products`: only images of one of these; `without`: an image
        that stays out. Raises `FrameError` for another metric or length, and
        for k < 1.
        """

    def check(self, feature: np.ndarray, k: int, metric: str) -> np.ndarray:
        """The feature, float32 [dimension], of a question that can be asked; raises `FrameError` for another."""
        if metric not in METRICS:
            raise FrameError(f"metric={metric!r} is not known; there are {' and '.join(METRICS)}")
        check_whole("k", k)
        feature = np.ascontiguousarray(feature, dtype=np.float32)
        if feature.shape != (self.dimension,):
            raise FrameError(
                f"a feature has {self.dimension} numbers here, not {feature.shape}; it is of another network"
            )
        return feature
