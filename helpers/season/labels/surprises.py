"""Photos whose species the model would not expect: most of the nearest other events show another one."""

from collections import Counter
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

import numpy as np

from helpers.arguments import takes
from helpers.errors import FrameError
from helpers.features.blocks import parts
from helpers.features.index import Index
from helpers.features.nearest import check_k
from helpers.files.progress import progress_bar
from helpers.frames import SFrame
from helpers.frames.columns import kind_of, typed_frame
from helpers.frames.per_photo import entries
from helpers.photos.species import shown_species
from helpers.season.photo_facts import PhotoFilters
from helpers.season.season import Season

_LOCAL = 4  # a neighbourhood is a quarter of the other events at most: all of them would be no neighbourhood
_MORE = 4  # photos per event to begin with
_BLOCK = 512  # photos that are searched with at once
_Z = 1.959964  # of a 95 % interval


class _Surprise(NamedTuple):
    """A photo that its neighbours contradict."""

    row: int
    species: str  # of several, joined with |
    suggested: Any
    share: float
    own_share: float
    neighbours: int


@takes(season="season")
def surprising_labels(
    season: Season,
    species: Any = "species",
    *,
    k: int = 100,
    least: Optional[float] = None,
    metric: Optional[str] = None,
    progress: bool = True,
) -> SFrame:
    """List photos whose species is another than that of most of the nearest other events.

    Parameters
    ----------
    season
        The season. With parts, these are compared, and photos without one are
        left out.
    species
        What each photo shows: the name of a column of `season.data`, as
        `helpers.photos.add_species` makes it, or one entry per photo. Photos
        without one, and those that show people, are left out.
    k
        How many neighbours count: the nearest events that have a species, each
        with its nearest photo; but no more than a quarter of the other events.
    least
        List a photo where at least this share of its neighbours, 0 to 1, shows
        the same other species. By default, where that share is clearly more
        than half, and than the share of all events that show it: the lower end
        of its 95 % interval is. Of 100 neighbours, that is 60 or more.
    metric
        `euclidean` or `cosine`; by default that of the model.
    progress
        Whether to show a progress bar.

    Returns
    -------
    SFrame
        `reference_label` (the photo), `path`, `event`, `species` (its entry),
        `suggested` (what most neighbours show), `share` and `own_share` (of the
        neighbours that show the suggested, and the photo's own species, 0 to 1),
        `neighbours` (how many). The largest share first, then the smallest
        `own_share`. A line is printed where there are too few events to be sure
        of any photo.

    Raises
    ------
    FrameError
        For a column that is missing or has tags of several groups, and for
        arguments out of range.

    Notes
    -----
    Wilson's interval (Probable inference, 1927). A photo of a species that no
    other event shows has an `own_share` of 0 and may be right all the same. How
    often the list is right on real photos: docs/field-cameras.md.
    """
    check_k("k", k)
    if least is not None and not (isinstance(least, (int, float)) and 0 < least <= 1):
        raise FrameError(f"least= is a share, more than 0 and at most 1, not {least!r}")
    shown = shown_species(entries(season, species, "species"), repr(species) if isinstance(species, str) else "species")
    rows = _compared(season, shown)
    common, events = _shares_of_events(season, shown, rows)
    count = max(1, min(int(k), (events - 1) // _LOCAL))
    if least is None and rows and _lowest(count, count) <= 0.5:
        print(f"{events} events are too few to be sure of any photo; least=0.6 lists those that may be wrong")
    surprises: List[_Surprise] = []
    with progress_bar(total=len(rows), desc="labels", show=progress) as bar:
        for row, near in _neighbours(season, np.array(rows, np.int64), count, metric):
            votes = Counter(name for other in near for name in shown[other])
            suggested, most = max(votes.items(), key=lambda vote: (vote[1], str(vote[0])), default=(None, 0))
            if most and suggested not in shown[row]:
                share = most / len(near)
                own = sum(bool(set(shown[row]) & set(shown[other])) for other in near) / len(near)
                clear = _lowest(most, len(near)) > max(0.5, common[suggested]) if least is None else share >= least
                if clear:
                    surprises.append(_Surprise(row, "|".join(map(str, shown[row])), suggested, share, own, len(near)))
            bar.update()
    surprises.sort(key=lambda one: (-one.share, one.own_share, one.row))
    return _frame(season, surprises)


def _compared(season: Season, shown: List[List[Any]]) -> List[int]:
    """The rows of photos that have a species and a feature, and show no people."""
    people, has_feature = season.people, np.isin(np.arange(len(shown)), season.searched.rows)
    return [row for row, names in enumerate(shown) if names and has_feature[row] and not people[row]]


def _shares_of_events(season: Season, shown: List[List[Any]], rows: List[int]) -> Tuple[Dict[Any, float], int]:
    """The share of events that show each species, and how many events show any."""
    events: Dict[Any, Set[int]] = {}
    for row in rows:
        for name in shown[row]:
            events.setdefault(name, set()).add(int(season.event_of_photo[row]))
    every = len(set().union(*events.values()))
    return {name: len(those) / every for name, those in events.items()}, every


def _neighbours(season: Season, rows: np.ndarray, k: int, metric: Optional[str]) -> Iterator[Tuple[int, List[int]]]:
    """For each photo, the nearest photo of each of the `k` nearest other events: rows of them, nearest first."""
    searched, events = season.searched, season.event_of_photo
    features = np.flatnonzero(np.isin(searched.rows, rows))
    photos = searched.rows[features]
    index = Index(searched.vectors[features], season.metric if metric is None else metric)
    counting = np.isin(np.arange(len(events)), rows)
    sizes = np.bincount(events[photos]) if len(photos) else np.empty(0, np.int64)
    for block in parts(rows, _BLOCK):
        own = block if season.parts is None else np.array([searched.part_of(row) for row in block.tolist()])
        wanted = _MORE * k + min(int(sizes[events[block]].max()), _MORE * k)
        for row, found in zip(block.tolist(), index.search(searched.vectors[own], wanted)[0]):
            near = photos[found]
            near = near[events[near] != events[row]]
            near = near[np.sort(np.unique(events[near], return_index=True)[1])][:k]
            if len(near) < k:  # the nearest are of long bursts
                near = nearest_events(season, row, k, counting, metric)
            yield row, near.tolist()


def nearest_events(season: Season, row: int, k: int, counting: np.ndarray, metric: Optional[str] = None) -> np.ndarray:
    """The nearest photo of each of the `k` events nearest to a photo, of those that count, bool [photos]: rows."""
    note = season.note
    filters = PhotoFilters(other="events", where=counting)
    query = season.prepare(season.labels[row], (), None, None, metric, filters)
    season.note = note
    return season.nearest(query, k, season.event_of_photo).rows


def _lowest(count: int, of: int) -> float:
    """The lower end of Wilson's 95 % interval of a share."""
    share, square = count / of, _Z * _Z
    spread = _Z * np.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return float((share + square / (2 * of) - spread) / (1 + square / of))


def _frame(season: Season, surprises: List[_Surprise]) -> SFrame:
    columns: List[Tuple[str, Optional[type], List[Any]]] = [
        ("reference_label", kind_of(season.labels), [season.labels[one.row] for one in surprises]),
        ("path", str, [season.names[one.row] for one in surprises]),
        ("event", int, [int(season.event_of_photo[one.row]) for one in surprises]),
        ("species", str, [one.species for one in surprises]),
        ("suggested", str, [str(one.suggested) for one in surprises]),
        ("share", float, [one.share for one in surprises]),
        ("own_share", float, [one.own_share for one in surprises]),
        ("neighbours", int, [one.neighbours for one in surprises]),
    ]
    return typed_frame(columns)
