"""The events of a season in the order in which they may show what is looked for: as searched, or as learned."""

import inspect
from typing import Any, Iterable, List, Optional

import numpy as np

from helpers.errors import FrameError
from helpers.season.items import Nearest
from helpers.season.season import Season, rows_of_asked
from helpers.similarity.search import SearchQuery


class Ranking:
    """One question to a season, and all its events by it.

    The arguments are those of `Season.search`, without per and hide. `nearest`
    are all events that count, or the first `k` of them, and the best photo of
    each, as they are searched. Raises what `Season.search` raises, and `FrameError` for an
    argument that is not known.
    """

    def __init__(
        self,
        season: Season,
        like: Any = (),
        unlike: Any = (),
        *,
        region: Any = None,
        box: Any = None,
        metric: Any = None,
        k: Optional[int] = None,
        **filters: Any,
    ) -> None:
        known = [*inspect.signature(Season.allowed).parameters][2:]  # without self and the question
        strange = [name for name in filters if name not in known]
        if strange:
            every = ", ".join(["like", "unlike", "region", "box", "metric", *known])
            raise FrameError(f"{strange[0]}= is not known; a question has {every}")
        self._season = season
        self._question = SearchQuery.of(season.model.collection, like, unlike, region)
        self._allowed = season.allowed(self._question, **filters)
        features = season.features(self._question, box)
        likes = len(self._question.like)
        self._like, self._unlike = features[:likes], features[likes:]
        self.nearest = season.nearest(self._question, features, k, season.event_of_photo, self._allowed, metric)

    @property
    def asked(self) -> List[int]:
        """The events of the photos that are looked for."""
        rows = rows_of_asked(self._question.like)
        return sorted({int(event) for event in self._season.event_of_photo[rows]})

    def events_of(self, nearest: Nearest) -> List[int]:
        """The events of photos that were found."""
        return self._season.event_of_photo[nearest.rows].tolist()

    def learned(self, confirmed: Iterable[int], rejected: Iterable[int]) -> Nearest:
        """All events that count by what some of them, confirmed and rejected ones, have taught.

        Each of their photos or parts is an example. The photos asked with count
        as confirmed, those in `unlike` as rejected.
        """
        items, events = self._season.items, self._season.event_of_photo
        own = events[items.rows]
        yes, no = (items.vectors[np.isin(own, list(judged))] for judged in (confirmed, rejected))
        distances = self._season.learner.distances(
            np.concatenate([self._like, yes]), np.concatenate([self._unlike, no])
        )
        counting = np.flatnonzero(self._allowed[items.rows])
        order = counting[np.lexsort((counting, distances[counting]))]
        return items.first(order, distances[order], events)
