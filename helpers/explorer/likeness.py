"""How alike photos are to a query, against how far apart two photos of the collection usually are."""

from typing import Any, Dict, List, Optional

from helpers.features.distance import Distance
from helpers.features.likeness import CLOSE, likeness


class Likenesses:
    """Likenesses to queries of one model, as `helpers.features.likeness` has them."""

    def __init__(self, model: Any) -> None:
        self._vectors = getattr(model, "searched", model).vectors  # a season's are those of parts of photos
        self._usual: Dict[str, float] = {}

    def usual(self, metric: str) -> float:
        """The usual distance by a metric."""
        if metric not in self._usual:
            self._usual[metric] = Distance(self._vectors, metric).usual()
        return self._usual[metric]

    def of(self, distances: List[Optional[float]], metric: str) -> List[Optional[float]]:
        """The likeness of each distance, 0 to 1; None for one that is not known."""
        usual = self.usual(metric)
        return [None if distance is None else likeness(distance, usual, metric) for distance in distances]


def nothing_close(nearest: Optional[float]) -> str:
    """A sentence where the likeness of the nearest photo, without the query itself, is too low; else empty."""
    if nearest is None or nearest >= CLOSE:
        return ""
    return "Nothing close: even the nearest is about as far away as any two photos here."
