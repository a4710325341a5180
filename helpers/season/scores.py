"""How well a season answers when else a species appeared, where the truth is known; and where it is not, how often the
nearest photos are merely those of the same event and the same camera."""

from collections import Counter
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from helpers.arguments import check_whole
from helpers.errors import FrameError
from helpers.features.nearest import bar, but_itself, check_k, parts
from helpers.frames.columns import typed_frame
from helpers.frames.per_photo import entries, group_numbers, is_label
from helpers.photos.events import cameras_of
from helpers.season.event_ranking import EventRanking
from helpers.season.season import Season
from helpers.similarity.evaluation.intervals import Interval, intervals

NOTHING = ("blank", "person", "vehicle")
"""What is no species."""

_BLOCK = 1024  # photos that are asked about at once


class SpeciesScores(NamedTuple):
    """How many of the first `k` events show the species of the photo asked with; each a mean over queries, 0 to 1.

    - `precision`: of the first k other events; those that were judged before
      count as they stand in the ranking.
    - `unjudged`: of the first k other events that nobody has judged, and
      `unlearned`: the same if nothing is learned from the judgements. All three
      are one without judgements.
    - `interval`: the ends between which `unjudged` lies with 95 %, by 1,000
      resamples of the queries.
    - `by_species` {species: `unjudged`}; `queries`: how many events were asked
      about; `judged`: how many events were judged before, for each of them.
    """

    precision: float
    unjudged: float
    unlearned: float
    interval: Optional[Interval]
    by_species: Dict[Any, float]
    queries: int
    k: int
    judged: int = 0

    def __str__(self) -> str:
        each = ", ".join(f"{name} {value:.2f}" for name, value in self.by_species.items())
        told = f"{self.queries} queries: {each})"
        if not self.judged:
            return f"precision@{self.k} over other events {self.precision:.3f} ({told}"
        learned = f"{self.unjudged:.3f} ({self.unlearned:.3f} without learning"
        return f"precision@{self.k} over other events not judged yet {learned}; {self.judged} judged; {told}"


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
    """Ask with one photo of each event of a species, and count how many of the first `k` other events show it too.

    - `species`: what each photo shows: one entry a photo, or the name of a
      column of `season.data`. Photos without one (None, an empty text), and
      those of `nothing`, show no species; an event of such photos alone is
      never right, and is not asked about. Where there are fewer than k other
      events, all of these count.
    - `judged`: so many of the nearest events are first judged by the truth, as
      a person would, and learned from; see `helpers.season.learner`.
    - `most`: ask about so many of the events at most, evenly chosen in their order.
    - `other`: `"sites"` asks for other sites only.

    A query is the photo in the middle of those that show the event's most
    frequent species; with parts, of those of them that have a part, if any has.
    Raises `FrameError` where no event shows a species.

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
    labels = entries(season, species, "species")
    shown = [label if is_label(label) and label not in nothing else None for label in labels]
    queries = _queries(season, shown)
    queries = [queries[place] for place in _spread(len(queries), most).tolist()]
    if not queries:
        raise FrameError("no photo shows a species; give the column of the species, or one entry a photo")
    events: Dict[Any, set] = {}  # by what they show
    for event, name in zip(season.event_of_photo.tolist(), shown):
        events.setdefault(name, set()).add(event)
    values = np.empty((len(queries), 3))
    with bar(len(queries), progress) as done:
        for line, row in enumerate(queries):
            ranking = EventRanking(season, season.labels[row], other=other, metric=metric, k=k + judged)
            values[line] = _shares(ranking, events[shown[row]], k, judged)
            done.update()
    asked = [shown[row] for row in queries]
    means = {name: float(np.mean(values[[each == name for each in asked], 1])) for name in sorted(set(asked), key=str)}
    span = intervals(values[:, 1:2], np.arange(len(queries)), 0)[0]
    precision, unjudged, unlearned = values.mean(axis=0).tolist()
    return SpeciesScores(precision, unjudged, unlearned, span, means, len(queries), k, int(judged))


def neighbour_shares(season: Season, k: int = 10, *, most: int = 500, progress: bool = True) -> Any:
    """How many of the nearest `k` are of the photo's own event, and of its own camera: an SFrame of two rows.

    Columns: `search`, `event` and `camera`, shares from 0 to 1, and `queries`.
    `whole photos` are the nearest other photos, as `SimilarityModel.query` has
    them; `other events` are the nearest other events, as the season searches
    them, with its parts where it has any. Asked with every photo, or with
    `most` of them, evenly chosen. No labels are needed.
    """
    check_k("k", k)
    check_whole("most", most)
    events = season.event_of_photo
    cameras = group_numbers(cameras_of(season.data), len(events))
    asked = _spread(len(events), most)
    near = _nearest(season.model, asked, min(k, len(events) - 1))
    rows: List[np.ndarray] = []
    row_of = {label: row for row, label in enumerate(season.labels)}
    with bar(len(asked), progress) as done:
        for row in asked.tolist():
            found = season.search(season.labels[row], other="events", k=k)["reference_label"]
            rows.append(np.array([row_of[label] for label in found], np.int64))
            done.update()
    told = (("whole photos", near), ("other events", rows))
    table = []
    for name, each in told:
        own = np.repeat(asked, [len(some) for some in each])
        others = np.concatenate(each) if each else np.empty(0, np.int64)
        table.append([name, *(float(np.mean(of[own] == of[others])) if len(own) else None for of in (events, cameras))])
    columns = (("search", str), ("event", float), ("camera", float))
    frame = [(name, kind, [line[place] for line in table]) for place, (name, kind) in enumerate(columns)]
    return typed_frame([*frame, ("queries", int, [len(asked)] * 2)])


def _spread(count: int, most: int) -> np.ndarray:
    """So many of the places from 0 on at most, evenly chosen: int64, ascending."""
    return np.unique(np.linspace(0, count - 1, min(most, count)).astype(np.int64))


def _nearest(model: Any, asked: np.ndarray, k: int) -> List[np.ndarray]:
    """The rows of the `k` photos nearest to each of some rows, without itself."""
    found: List[np.ndarray] = []
    for rows in parts(asked, _BLOCK):
        near, distances = model.index.search(model.vectors[rows], k + 1)
        found += list(but_itself(near, distances, rows)[0])
    return found


def _queries(season: Season, shown: Sequence[Any]) -> List[int]:
    """The row that each event is asked with, of the events that show a species."""
    queries = []
    has_part = np.zeros(len(shown), bool)
    has_part[season.searched.rows] = True
    for event in season.events["event"]:
        rows = [row for row in season.photos.rows_of(event) if shown[row] is not None]
        if rows:
            most = max(Counter(shown[row] for row in rows).items(), key=lambda each: each[1])[0]
            rows = [row for row in rows if shown[row] == most]
            rows = [row for row in rows if has_part[row]] or rows
            queries.append(rows[len(rows) // 2])
    return queries


def _shares(ranking: EventRanking, right: set, k: int, judged: int) -> List[float]:
    """Precision, with and without the judged ones, and without these where nothing is learned."""
    plain = ranking.events_of(ranking.nearest)
    if not judged:
        return [_share(plain, right, k)] * 3
    first = plain[:judged]
    learned = ranking.events_of(
        ranking.learned(
            [*ranking.liked, *(each for each in first if each in right)], [e for e in first if e not in right]
        )
    )
    rest = [each for each in learned if each not in first]
    return [_share(learned, right, k), _share(rest, right, k), _share(plain[judged:], right, k)]


def _share(events: Sequence[int], right: set, k: int) -> float:
    return float(np.mean([event in right for event in events[:k]])) if len(events) else 0.0
