"""How good a season's answers are: by known species, or by how many neighbours are of the same event or camera."""

from collections import Counter
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set

import numpy as np

from helpers.arguments import check_whole, takes
from helpers.errors import FrameError
from helpers.features.blocks import parts
from helpers.features.nearest import but_itself, check_k
from helpers.files.progress import progress_bar
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame
from helpers.frames.per_photo import entries, group_numbers
from helpers.photos.events import cameras_of
from helpers.photos.species import shown_species
from helpers.season.event_ranking import EventRanking
from helpers.season.season import Season
from helpers.similarity.evaluation.intervals import Interval, intervals

NOTHING = ("blank", "person", "vehicle")
"""Labels that are not of a species."""

_BLOCK = 1024  # photos that are searched with at once


class SpeciesScores(NamedTuple):
    """How many of the first `k` events show the query's species, as means over queries, 0 to 1.

    - `precision`: of all other events, judged ones included.
    - `unjudged`: of the events that nobody has judged, and `unlearned`: the same
      if nothing is learned from the judgements. Without judgements, both are
      the `precision`.
    - `interval`: the 95 % interval of `unjudged`, by 1,000 resamples of the queries;
      `gain`: that of `unjudged - unlearned`.
    - `by_species`: `unjudged` for each species.
    - `queries`: how many events were searched with; `judged`: how many events
      were judged before, for each of them; `learned`: for how many of the queries
      that helped to order the judged events, so that the order was learned.
    """

    precision: float
    unjudged: float
    unlearned: float
    interval: Optional[Interval]
    by_species: Dict[Any, float]
    queries: int
    k: int
    judged: int = 0
    gain: Optional[Interval] = None
    learned: int = 0

    def __str__(self) -> str:
        by_species = ", ".join(f"{name} {value:.2f}" for name, value in self.by_species.items())
        queries = f"{self.queries} queries: {by_species}"
        if not self.judged:
            return f"precision@{self.k} over other events {self.precision:.3f} ({queries})"
        learned = f"{self.unjudged:.3f} ({self.unlearned:.3f} without learning"
        judged = f"{self.judged} judged, learned from in {self.learned} of"
        return f"precision@{self.k} over other events not judged yet {learned}; {judged} {queries})"


@takes(season="season")
def species_precision(
    season: Season,
    species: Any,
    k: int = 5,
    *,
    judged: int = 0,
    most: int = 500,
    other: str = "events",
    nothing: Sequence[Any] = NOTHING,
    metric: Optional[str] = None,
    progress: bool = True,
) -> SpeciesScores:
    """Search with one photo of each event of a species, and count how many of the first `k` events show it too.

    Parameters
    ----------
    season
        The season to search.
    species
        What each photo shows: one entry per photo, or the name of a column of
        `season.data`, as `helpers.photos.add_species` makes it. Photos without
        one (None, an empty text) show no species; a list, or `Deer|Fox`, is
        several.
    k
        How many events count; all of them where there are fewer.
    judged
        How many of the nearest events are first judged by the truth, as a person
        would, and learned from; see `helpers.season.learner`.
    most
        Search with at most so many events, evenly chosen.
    other
        `"events"` searches all other events, `"sites"` those of other sites.
    nothing
        Labels that are not of a species. An event without a species is never
        right, and is not searched with.
    metric
        `euclidean` or `cosine`; by default that of the model.
    progress
        Whether to show a progress bar.

    Returns
    -------
    SpeciesScores
        The query of an event is the photo in the middle of those that show its
        most frequent species; with parts, of those that have a part, if any has.

    Raises
    ------
    FrameError
        Where no event shows a species, for tags of several groups, and for
        arguments out of range.

    Examples
    --------
    >>> from helpers.photos.load import load_photos
    >>> from helpers.similarity.build import create
    >>> data, bad = load_photos("data/robots")
    >>> season = Season(create(data, model="efficientnet-lite0", verbose=False))
    >>> scores = species_precision(season, "folder", progress=False)
    >>> scores.queries, scores.precision > 0.9
    (199, True)
    """
    check_k("k", k)
    check_whole("most", most)
    if judged != 0:
        check_whole("judged", judged)
    argument = repr(species) if isinstance(species, str) else "species"
    shown = [
        [name for name in names if name not in nothing]
        for names in shown_species(entries(season, species, "species"), argument)
    ]
    species_of = [names[0] if names else None for names in shown]  # that the photo is searched with
    queries = _queries(season, species_of)
    queries = [queries[place] for place in _spread(len(queries), most).tolist()]
    if not queries:
        raise FrameError("no photo shows a species; give the column of the species, or one entry a photo")
    events: Dict[Any, Set[int]] = {}  # by species
    for event, names in zip(season.event_of_photo.tolist(), shown):
        for name in names:
            events.setdefault(name, set()).add(event)
    values = np.empty((len(queries), 4))
    with progress_bar(total=len(queries), show=progress) as bar:
        for place, row in enumerate(queries):
            ranking = EventRanking(season, season.labels[row], other=other, metric=metric, k=k + judged)
            values[place] = _shares(ranking, events[species_of[row]], k, judged)
            bar.update()
    asked = [species_of[row] for row in queries]
    means = {name: float(np.mean(values[[one == name for one in asked], 1])) for name in sorted(set(asked), key=str)}
    span, gain = intervals(np.c_[values[:, 1], values[:, 1] - values[:, 2]], np.arange(len(queries)), 0)
    precision, unjudged, unlearned = values[:, :3].mean(axis=0).tolist()
    learned = int(values[:, 3].sum())
    return SpeciesScores(precision, unjudged, unlearned, span, means, len(queries), k, int(judged), gain, learned)


@takes(season="season")
def neighbour_shares(season: Season, k: int = 10, *, most: int = 500, progress: bool = True) -> SFrame:
    """Count how many of the nearest `k` photos are of the query's own event, and of its own camera.

    Parameters
    ----------
    season
        The season to search. No labels are needed.
    k
        How many neighbours count.
    most
        Search with at most so many photos, evenly chosen.
    progress
        Whether to show a progress bar.

    Returns
    -------
    SFrame
        Two rows: `search` is `whole photos`, the nearest other photos as
        `SimilarityModel.query` finds them, or `other events`, the nearest other
        events as the season does, with its parts. `event` and `camera` are
        shares, 0 to 1, None without neighbours; `queries` is a count.

    Raises
    ------
    FrameError
        For a `k` or `most` that is not a whole number of 1 or more.
    """
    check_k("k", k)
    check_whole("most", most)
    events = season.event_of_photo
    cameras = group_numbers(cameras_of(season.data), len(events))
    queries = _spread(len(events), most)
    of_other_events: List[np.ndarray] = []
    with progress_bar(total=len(queries), show=progress) as bar:
        for query in queries.tolist():
            of_other_events.append(EventRanking(season, season.labels[query], other="events", k=k).nearest.rows)
            bar.update()
    searches = {
        "whole photos": _nearest(season, queries, min(k, len(events) - 1)),
        "other events": of_other_events,
    }
    shares: Dict[str, List[Optional[float]]] = {"event": [], "camera": []}
    for neighbours in searches.values():
        own = np.repeat(queries, [len(rows) for rows in neighbours])
        others = np.concatenate(neighbours) if neighbours else np.empty(0, np.int64)
        for name, groups in (("event", events), ("camera", cameras)):
            shares[name].append(float(np.mean(groups[own] == groups[others])) if len(own) else None)
    columns = [(name, float, values) for name, values in shares.items()]
    return typed_frame([("search", str, list(searches)), *columns, ("queries", int, [len(queries)] * 2)])


def _spread(count: int, most: int) -> np.ndarray:
    """At most `most` of the numbers below `count`, evenly chosen: int64, ascending."""
    return np.unique(np.linspace(0, count - 1, min(most, count)).astype(np.int64))


def _nearest(season: Season, queries: np.ndarray, k: int) -> List[np.ndarray]:
    """The rows of the `k` photos nearest to each query, without itself."""
    neighbours: List[np.ndarray] = []
    for rows in parts(queries, _BLOCK):
        near, distances = season.index.search(season.vectors[rows], k + 1)
        neighbours += list(but_itself(near, distances, rows)[0])
    return neighbours


def _queries(season: Season, species_of: Sequence[Any]) -> List[int]:
    """The row of each query: one per event that shows a species."""
    queries = []
    has_part = np.zeros(len(species_of), bool)
    has_part[season.searched.rows] = True
    for event in season.events["event"]:
        rows = [row for row in season.photos.rows_of(event) if species_of[row] is not None]
        if rows:
            most_frequent = Counter(species_of[row] for row in rows).most_common(1)[0][0]
            rows = [row for row in rows if species_of[row] == most_frequent]
            rows = [row for row in rows if has_part[row]] or rows
            queries.append(rows[len(rows) // 2])
    return queries


def _shares(ranking: EventRanking, right: Set[int], k: int, judged: int) -> List[float]:
    """The columns `precision`, `unjudged` and `unlearned` of one query, and 1 where the order was learned, else 0."""
    plain = ranking.events_of(ranking.nearest)
    if not judged:
        return [_share(plain, right, k)] * 3 + [0]
    first = plain[:judged]
    confirmed = [*ranking.liked, *(event for event in first if event in right)]
    order = ranking.learned(confirmed, [event for event in first if event not in right])
    learned = ranking.events_of(order.nearest)
    rest = [event for event in learned if event not in first]
    return [_share(learned, right, k), _share(rest, right, k), _share(plain[judged:], right, k), not order.why]


def _share(events: Sequence[int], right: Set[int], k: int) -> float:
    return float(np.mean([event in right for event in events[:k]])) if len(events) else 0.0
