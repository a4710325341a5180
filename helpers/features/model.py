"""What the rooms from `features` on need of a similarity model, whichever class it is of; for annotations."""

from typing import Any, List, Optional, Protocol

import numpy as np

from helpers.features.index import SearchIndex
from helpers.frames import Frame


class Model(Protocol):
    """A collection of photos whose features can be searched, such as a `helpers.similarity.SimilarityModel`."""

    labels: List[Any]  # by which results name each photo
    names: List[str]  # what is shown for it: its path where there is one
    vectors: np.ndarray  # float32 [photos, dimension]
    index: SearchIndex  # of these

    @property
    def metric(self) -> str:
        """`euclidean` or `cosine`, as of the index."""

    @property
    def data(self) -> Optional[Frame]:
        """The rows of the frame that the photos came from, in their order; None for a model from disk."""
