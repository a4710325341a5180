"""The events of a season in the order in which they may show what is looked for: by distance, or as learned."""

from functools import cached_property
from typing import Any, Dict, Iterable, List, NamedTuple, Optional

import numpy as np

from helpers.errors import FrameError
from helpers.season.learner import HeldOut, standard
from helpers.season.photo_facts import PhotoFilters
from helpers.season.searched_features import NearestPhotos
from helpers.season.season import Season, rows_of_photos

_UNLEARNED = 1.0  # so many judged events is the order by distance worth
_COST = 0.05  # of the pairs that are held out: more may come out wrongly, for two events less are learned from
_OTHERS = 4096  # features that stand for all that nobody judged


class LearnedOrder(NamedTuple):
    """The best photo of all events that count, ordered by what was learned, or still by distance.

    `why` is empty where it was learned, otherwise a sentence: why the order is
    still that by distance.
    """

    nearest: NearestPhotos
    why: str = ""


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

    def learned(self, confirmed: Iterable[int], rejected: Iterable[int]) -> LearnedOrder:
        """Order the events by what confirmed and rejected events teach, unless the distance orders those better.

        Each of their photos or parts is an example. The photos of the query
        count as confirmed, those in `unlike` as rejected. With n judged events,
        the places that `Learner.places` gives have the weight n / (n + 1), the
        distances the rest, both standardised. Distances are then between 0 and
        1: 1 / (1 + exp(-place)).

        The order stays that by distance where that puts confirmed events before
        rejected ones more often, by 0.05, than such places do which were learned
        without either of the two; see `Learner.held_out`. Where nothing was
        rejected, all that nobody judged stands for it. Where nothing was
        confirmed, the order is learned. The events of the query are not held
        out, for they are at no distance from it.
        """
        yes, no = (self._features_of(events) for events in (confirmed, rejected))
        asked = set(self.liked)
        judged = len((set(yes) | set(no)) - asked)
        if not judged:
            return LearnedOrder(self.nearest, "Nothing but the query was judged, so there is nothing to learn from")
        weight = judged / (judged + _UNLEARNED)
        searched, learner = self._season.searched, self._season.learner
        held = [[rows for event, rows in kind.items() if event not in asked] for kind in (yes, no)]
        given = [
            np.concatenate([features, *(searched.vectors[rows] for event, rows in kind.items() if event in asked)])
            for features, kind in ((self._query.like, yes), (self._query.unlike, no))
        ]
        rivals = held[1] or self._some_but({**yes, **no})
        right = learner.held_out(held[0], rivals, (given[0], given[1]), self._plain, weight)
        if right is not None and right.learned < right.plain - _COST:
            return LearnedOrder(self.nearest, _no_help(right, "rejected" if held[1] else "other"))
        examples = [
            np.concatenate([some, *(searched.vectors[rows] for rows in kind)]) for some, kind in zip(given, held)
        ]
        learned = learner.places(*examples)
        if not learned.any():
            return LearnedOrder(self.nearest, "Nothing distinguishes what was confirmed from what was rejected")
        distances = 1 / (1 + np.exp(-(1 - weight) * self._plain - weight * learned))
        counting = np.flatnonzero(self._query.allowed[searched.rows])
        order = counting[np.lexsort((counting, distances[counting]))]
        return LearnedOrder(searched.photos(order, distances[order]).first_of_each(self._season.event_of_photo))

    @cached_property
    def _plain(self) -> np.ndarray:
        """The distance of each feature's photo from the query, standardised: float64 [features]."""
        photos = len(self._season.event_of_photo)
        every = self._query._replace(allowed=np.ones(photos, bool))
        nearest = self._season.nearest(every, None, np.arange(photos))
        distances = np.full(photos, nearest.distances.max(initial=0))
        distances[nearest.rows] = nearest.distances
        return standard(distances[self._season.searched.rows])

    def _features_of(self, events: Iterable[int]) -> Dict[int, np.ndarray]:
        """The rows of the features of each event that has any, by event."""
        of_features = self._season.event_of_photo[self._season.searched.rows]
        found = {event: np.flatnonzero(of_features == event) for event in sorted(set(events))}
        return {event: rows for event, rows in found.items() if len(rows)}

    def _some_but(self, judged: Dict[int, np.ndarray]) -> List[np.ndarray]:
        """The rows of the features that belong to no judged event, all in one; some of them where they are many."""
        rest = np.delete(
            np.arange(len(self._season.searched.rows)), np.concatenate([*judged.values(), np.empty(0, int)])
        )
        return [rest[:: max(1, -(-len(rest) // _OTHERS))]] if len(rest) else []


def _no_help(right: HeldOut, others: str) -> str:
    cases = f"it would put confirmed events before {others} ones in {right.learned:.0%} of cases"
    return f"Learning does not help yet: {cases}, the distance does in {right.plain:.0%}"
