"""The events of a season in the order in which they may show what is looked for: by distance, or as learned."""

from typing import Any, Iterable, List, Optional

import numpy as np

from helpers.errors import FrameError
from helpers.season.photo_facts import PhotoFilters
from helpers.season.searched_features import NearestPhotos
from helpers.season.season import Season, rows_of_photos


class EventRanking:
    """One query to a season, and all events by their distance from it.

    The arguments are those of `Season.search`, without `per` and `hide`.
    `nearest` has the best photo of all events that count, or of the first `k`.
    Raises what `Season.search` raises, and `FrameError` for an argument that
    is not known.
    """

    def __init__(
        self,
        season: Season,
        like: Any = (),
        unlike: Any = (),
        *,
        region: Any = None,
        box: Any = None,
        metric: Optional[str] = None,
        k: Optional[int] = None,
        **filters: Any,
    ) -> None:
        unknown = [name for name in filters if name not in PhotoFilters._fields]
        if unknown:
            known = ", ".join(["like", "unlike", "region", "box", "metric", *PhotoFilters._fields])
            raise FrameError(f"{unknown[0]}= is not known; a question has {known}")
        self._season = season
        self._query = season.prepare(like, unlike, region, box, metric, PhotoFilters(**filters))
        self.nearest = season.nearest(self._query, k, season.event_of_photo)

    @property
    def liked(self) -> List[int]:
        """The events of the photos that the query looks for."""
        rows = rows_of_photos(self._query.question.like)
        return sorted({int(event) for event in self._season.event_of_photo[rows]})

    def events_of(self, nearest: NearestPhotos) -> List[int]:
        """The events of photos that were found."""
        return self._season.event_of_photo[nearest.rows].tolist()

    def learned(self, confirmed: Iterable[int], rejected: Iterable[int]) -> NearestPhotos:
        """The best photo of all events that count, ordered by what confirmed and rejected events have taught.

        Each of their photos or parts is an example. The photos of the query
        count as confirmed, those in `unlike` as rejected.
        """
        searched, events = self._season.searched, self._season.event_of_photo
        events_of_features = events[searched.rows]
        yes, no = (searched.vectors[np.isin(events_of_features, list(judged))] for judged in (confirmed, rejected))
        distances = self._season.learner.distances(
            np.concatenate([self._query.like, yes]), np.concatenate([self._query.unlike, no])
        )
        counting = np.flatnonzero(self._query.allowed[searched.rows])
        order = counting[np.lexsort((counting, distances[counting]))]
        return searched.photos(order, distances[order]).first_of_each(events)
