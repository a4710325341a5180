"""How good the neighbours of a model's photos are, where photos have labels.

For the measures, and which photos count, see `helpers.similarity.evaluation.measures.Evaluation`.
"""

from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from helpers.arguments import takes
from helpers.features.blocks import parts
from helpers.features.model import Model
from helpers.features.nearest import check_k, neighbours
from helpers.frames import Frame
from helpers.frames.columns import typed_frame
from helpers.frames.per_photo import entries, is_label
from helpers.similarity.evaluation.measures import Evaluation, check_ks, judge, mean, shares
from helpers.similarity.evaluation.relevance import Relevance

_PHOTOS = 4096  # that are counted at once


def folders(names: Sequence[str]) -> List[str]:
    """The folder of each path, as a label; `.` for a photo in none, since an empty text is not a label."""
    return [name.rpartition("/")[0] or "." for name in names]


def labels_of(model: Model, labels: Optional[Any] = None) -> List[Any]:
    """The label of each photo, as `judge` takes them: one's own, a column of `model.data`, or the folders."""
    return folders(model.names) if labels is None else entries(model, labels, "labels")


@takes(model="model")
def evaluate(
    model: Model,
    labels: Optional[Any] = None,
    *,
    k: Union[int, Sequence[int]] = (1, 5, 10),
    groups: Optional[Any] = None,
    metric: Optional[str] = None,
    depth: int = 100,
    seed: int = 0,
    progress: bool = True,
) -> Evaluation:
    """How good the neighbours of all photos are: precision, recall and mean average precision, with intervals.

    As exact as `model.index` is.

    Parameters
    ----------
    labels
        One entry a photo, the name of a column of `model.data`, or None for the photos' folders. Photos without a label
        (None, an empty text, nan) don't count, and are not right as neighbours.
    k
        One or several numbers of neighbours, 1 to 100.
    groups
        What a photo must not be found by, such as its sequence; see `neighbours`.
    metric
        The other one than the model's.
    depth
        Places that count for the mean average precision, 1 to 100.
    seed
        Of the intervals' resamples.

    Raises
    ------
    FrameError
        Where there are fewer than two labels, or not one for each photo (`model.bad` lists those that stayed out).

    Examples
    --------
    >>> from helpers.photos.load import load_photos
    >>> from helpers.similarity.build import create
    >>> data, bad = load_photos("data/robots")
    >>> model = create(data[:40].append(data[-40:]), model="efficientnet-lite0", verbose=False)
    >>> found = evaluate(model, "folder", k=(1, 10), progress=False)
    >>> found.photos, sorted(found.precision), found.precision[1] > 0.5
    (80, [1, 10], True)
    """
    wanted = check_ks(k)
    check_k("depth", depth)
    named = labels_of(model, labels)
    grouped = None if groups is None else entries(model, groups, "groups")
    Relevance.of(named, grouped, len(named)).checked()  # shows now, not after an hour of work
    rows = neighbours(model, max(*wanted, depth), groups=grouped, metric=metric, progress=progress)
    return judge(rows, named, k=wanted, groups=grouped, depth=depth, seed=seed)


@takes(model="model")
def precision_at(
    model: Model, k: int = 10, labels: Optional[Any] = None, *, groups: Optional[Any] = None
) -> Optional[float]:
    """The mean share of the `k` nearest neighbours that have the photo's own label; the photo itself does not count.

    Of all others, where there are fewer than k. `labels` and `groups` are those of `evaluate`. None where there are
    fewer than two labels or two photos: there is nothing to tell apart. Raises `FrameError` for a k that is not from 1
    to 100, and for labels that are fewer or more than the photos (`model.bad` lists those that stayed out).
    """
    return _measured(model, k, labels, groups, 0)


@takes(model="model")
def recall_at(
    model: Model, k: int = 10, labels: Optional[Any] = None, *, groups: Optional[Any] = None
) -> Optional[float]:
    """The mean share of the photos with the photo's own label that are among its `k` nearest neighbours.

    Photos whose label no other has stay out; None where all do. Otherwise as `precision_at`.
    """
    return _measured(model, k, labels, groups, 1)


@takes(model="model")
def mean_average_precision(
    model: Model, depth: int = 100, labels: Optional[Any] = None, *, groups: Optional[Any] = None
) -> Optional[float]:
    """The mean average precision over the first `depth` places; see `Evaluation`.

    Photos whose label no other has stay out; None where all do. Otherwise as `precision_at`.
    """
    return _measured(model, depth, labels, groups, 2)


@takes(model="model")
def confusion(
    model: Model,
    labels: Optional[Any] = None,
    k: int = 10,
    *,
    groups: Optional[Any] = None,
    metric: Optional[str] = None,
    progress: bool = False,
) -> Frame:
    """Which labels the `k` nearest neighbours of the photos of each label have.

    The arguments are those of `evaluate`.

    Returns
    -------
    SFrame
        `label`, `neighbour_label` (None for neighbours without one), `count` (neighbours) and `share` (of all
        neighbours of the label's photos; the shares of a label add up to 1). Ordered by label, the largest share first,
        equals by their neighbour's label. Labels of several types, or of another one than text and numbers, are text.

    Raises
    ------
    FrameError
        As `evaluate` does.
    """
    check_k("k", k)
    named = labels_of(model, labels)
    if len({type(label) for label in named if is_label(label)}) > 1:  # 1 and "1" would be two, and look the same
        named = [str(label) if is_label(label) else None for label in named]
    grouped = None if groups is None else entries(model, groups, "groups")
    relevance = Relevance.of(named, grouped, len(named)).checked()
    near = neighbours(model, k, groups=grouped, metric=metric, progress=progress)
    size = len(relevance.labels) + 1  # the last is for neighbours without a label
    counted: Dict[int, int] = {}
    for photos in parts(relevance.queries, _PHOTOS):
        rows = near[photos]
        pairs = relevance.label[photos][:, None] * size + relevance.label[rows] % size
        for pair, count in zip(*np.unique(pairs[rows >= 0], return_counts=True)):
            counted[int(pair)] = counted.get(int(pair), 0) + int(count)
    return _confusion_frame(_plain(relevance.labels), counted, size)


def _measured(model: Model, k: int, labels: Optional[Any], groups: Optional[Any], which: int) -> Optional[float]:
    """The mean of precision, recall or average precision, by its number."""
    check_k("k" if which < 2 else "depth", k)
    named = labels_of(model, labels)
    grouped = None if groups is None else entries(model, groups, "groups")
    relevance = Relevance.of(named, grouped, len(named))
    if not relevance.can_be_judged:
        return None
    return mean(shares(neighbours(model, k, groups=grouped), relevance, [k], k)[:, which])


def _plain(names: Sequence[Any]) -> List[Any]:
    """Labels as a column of a frame can hold them, all of one type."""
    names = [name.item() if isinstance(name, np.generic) else name for name in names]
    return names if {type(name) for name in names} in ({int}, {float}, {str}) else [str(name) for name in names]


def _confusion_frame(names: List[Any], counted: Dict[int, int], size: int) -> Frame:
    kind = type(names[0])
    place = {number: place for place, number in enumerate(sorted(range(len(names)), key=names.__getitem__))}
    place[size - 1] = size  # after all labels
    totals: Dict[int, int] = {}
    for pair, count in counted.items():
        totals[pair // size] = totals.get(pair // size, 0) + count

    def order(pair: int) -> Tuple[int, int, int]:
        return place[pair // size], -counted[pair], place[pair % size]

    pairs = sorted(counted, key=order)
    every = [*names, None]
    columns = (
        ("label", kind, [names[pair // size] for pair in pairs]),
        ("neighbour_label", kind, [every[pair % size] for pair in pairs]),
        ("count", int, [counted[pair] for pair in pairs]),
        ("share", float, [counted[pair] / totals[pair // size] for pair in pairs]),
    )
    return typed_frame(columns)
