"""How alike the images of a search are to its query, against how far apart two images of the collection usually are."""

import contextlib
import threading
from typing import Callable, Dict, NamedTuple, Optional

import numpy as np

from helpers.errors import KinframeError
from helpers.features.distance import Distance
from helpers.features.likeness import likeness
from helpers.service.storage.storage import Storage

FEWEST = 10  # images, below which nothing is usual

_SAMPLE = 200  # images, spread over the collection
_GROWN = 1.25  # times as many images as when it was measured, from which on it is measured again


class _Usual(NamedTuple):
    distance: Optional[float]
    last: int  # the largest id then


class Likenesses:
    """Likenesses by each metric; what is usual is measured when it is first asked for, and as the collection grows."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._usual: Dict[str, _Usual] = {}
        self._lock = threading.Lock()

    def by(self, metric: str) -> Callable[[float], Optional[float]]:
        """A function from a distance to a likeness, 0 to 1, or None for fewer than ten images."""
        usual = self.usual(metric)
        return lambda distance: None if usual is None else likeness(distance, usual, metric)

    def usual(self, metric: str) -> Optional[float]:
        """The median distance of two images, by a sample; None for fewer than ten, or where it cannot be known."""
        with contextlib.suppress(KinframeError):  # a likeness is not worth an answer
            last = self._storage.images.last()
            with self._lock:
                known = self._usual.get(metric)
                if known is None or last > _GROWN * known.last:
                    known = self._usual[metric] = _Usual(self._measured(metric), last)
            return known.distance
        return None

    def _measured(self, metric: str) -> Optional[float]:
        features = self._storage.vectors.several([image.identity for image in self._storage.images.spread(_SAMPLE)])
        if len(features) < FEWEST:
            return None
        return Distance(np.stack([features[each] for each in sorted(features)]), metric).usual()
