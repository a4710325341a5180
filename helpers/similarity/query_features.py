"""The features of the photos that a model is asked with: looked up, or computed for photos from outside."""

from typing import Any, Dict, List, Optional

import numpy as np

from helpers.errors import PhotoError
from helpers.features.embedding import Embedded, embed
from helpers.images.boxes import Box
from helpers.images.decode import Source
from helpers.networks.precision.settled import Settled
from helpers.similarity.search import QueryPhoto


class QueryFeatures:
    """What a model does with the photos of a query before it searches."""

    vectors: np.ndarray
    centre: Optional[np.ndarray]
    _outside: Dict[Source, np.ndarray]  # features of the last query photos from outside, by their bytes

    def opened(self, progress: bool = False) -> Settled:
        """The network as it made the features."""
        raise NotImplementedError

    def embed(self, photos: List[Any], progress: bool = False, batch_size: int = 64) -> Embedded:
        """The features of photos from outside, to be compared with those of the model; see `helpers.features.embed`."""
        embedded = embed(photos, self.opened(progress), batch_size=batch_size, progress=progress)
        return embedded if self.centre is None else embedded._replace(vectors=embedded.vectors - self.centre)

    def feature_of(self, source: Source, box: Box) -> np.ndarray:
        """The feature of what a box in any photo holds, float32 [dimension], to be compared with those of the model.

        Raises `PhotoError`, and `FrameError` for what is not a box.
        """
        from helpers.similarity.regions import region_feature

        feature = region_feature(source, box, self.opened())
        return feature if self.centre is None else feature - self.centre

    def features_of(self, photos: List[QueryPhoto]) -> np.ndarray:
        """The feature of each photo, float32 [photos, dimension], looked up or computed; raises `PhotoError`."""
        known = dict(self._outside)
        new = [photo for photo in photos if photo.row is None and photo.source not in known]
        if new:
            embedded = self.embed([photo.image for photo in new])
            for row, reason in embedded.bad:
                raise PhotoError(f"{new[row].name}: {reason}")
            computed = {photo.source: vector for photo, vector in zip(new, embedded.vectors)}
            known.update(computed)
            lasting: Dict[Source, np.ndarray] = {
                photo.source: computed[photo.source] for photo in new if isinstance(photo.source, bytes)
            }
            self._outside = lasting or self._outside  # for the next filter, or k; a file may change until then
        return np.stack([known[photo.source] if photo.row is None else self.vectors[photo.row] for photo in photos])
