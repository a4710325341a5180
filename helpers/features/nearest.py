"""The nearest neighbours of every photo of a collection: without the photo itself, and without its own group."""

from typing import Any, Iterator, Optional, Tuple

import numpy as np

from helpers.arguments import check_whole, takes
from helpers.errors import FrameError
from helpers.features.blocks import parts
from helpers.features.index import Index, SearchIndex
from helpers.features.model import Model
from helpers.features.open_index import open_index
from helpers.files.progress import progress_bar
from helpers.frames.per_photo import entries, group_numbers

MOST = 100  # neighbours of a photo, for which an answer is kept
_PHOTOS = 1024  # that are searched for at once
_BLOCK = 1 << 24  # bytes of an answer that are not handed on yet
_SPARE = 16  # neighbours beyond k at first, for those of the own group among them
_CROWD = 1024  # photos of the own group from which it is faster to search only among the others
_PIECE = 1 << 27  # bytes of the others' features that are searched at once


@takes(model="model")
def neighbours(
    model: Model,
    k: int = 10,
    *,
    groups: Optional[Any] = None,
    metric: Optional[str] = None,
    progress: bool = False,
) -> np.ndarray:
    """The rows of the `k` photos nearest to each photo, without the photo itself.

    As exact as `model.index`: where that is approximate, a neighbour may be missing, and another one takes its place;
    by the other metric it is exact. Beside the index and twice the answer it works in less than 500 MB, however many
    photos there are and however large a group.

    Parameters
    ----------
    k
        1 to 100 neighbours.
    groups
        What a photo must not be found by, such as its sequence, event or camera: one entry a photo, or the name of a
        column of `model.data`. No photo of the same group is among the neighbours. A photo without a group (None, an
        empty text, nan) stands alone.
    metric
        The other one than the model's.

    Returns
    -------
    int64 [photos, k]
        Nearest first, equals by their row, -1 where there are fewer. Copies of a photo do count.

    Raises
    ------
    FrameError
        For another k, an unknown metric, and groups that are not one entry a photo.
    """
    check_k("k", k)
    index, vectors = index_by(model, metric), model.vectors
    group = group_numbers(None if groups is None else entries(model, groups, "groups"), len(vectors))
    sizes = np.bincount(group)[group] if len(group) else group
    nearest = np.full((len(vectors), k), -1, np.int64)
    spare, most = k + _SPARE, max(k + _SPARE, min(_CROWD, len(vectors) // 4))
    waiting = np.argsort(sizes, kind="stable")  # so that those that are searched for together need about as many
    waiting, crowd = np.split(waiting, [int((sizes <= max(spare, len(vectors) // 2)).sum())])
    with progress_bar(total=len(vectors), show=progress) as shown:
        while len(waiting) and spare <= most:
            left = []
            for photos in parts(waiting, _PHOTOS):
                near, _ = index.search(vectors[photos], k + min(int(sizes[photos].max()), spare))
                near = without_own(near, photos, group)[:, :k]
                done = ((near >= 0).sum(axis=1) == k) | (sizes[photos] <= spare)
                nearest[photos[done], : near.shape[1]] = near[done]
                left.append(photos[~done])
                shown.update(int(done.sum()))
            waiting, spare = np.concatenate(left), 4 * spare
        waiting = np.concatenate([waiting, crowd])
        for number in np.unique(group[waiting]):
            photos = waiting[group[waiting] == number]
            nearest[photos] = _among(index.metric, vectors, photos, np.flatnonzero(group != number), k)
            shown.update(len(photos))
    return nearest


def others(index: SearchIndex, vectors: np.ndarray, k: int) -> Iterator[Tuple[int, np.ndarray, np.ndarray]]:
    """Block by block the `k` nearest other photos of every photo.

    Yields the first photo of a block, rows, int64 [block, min(k, N - 1)], and distances, float64 of the same shape;
    nearest first, equals by their row.
    """
    wanted = min(k, len(vectors) - 1)
    for photos in parts(np.arange(len(vectors)), max(1, min(_PHOTOS, _BLOCK // (16 * (wanted + 1))))):
        yield (int(photos[0]), *but_itself(*index.search(vectors[photos], wanted + 1), photos))


def but_itself(rows: np.ndarray, distances: np.ndarray, photos: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Neighbours of photos, rows and distances [photos, k + 1], without the photo itself, or without the last: k."""
    # By its row, not by its rank: a copy of the photo is at distance 0 too.
    order = np.argsort(rows == photos[:, None], axis=1, kind="stable")[:, : rows.shape[1] - 1]
    return np.take_along_axis(rows, order, 1), np.take_along_axis(distances, order, 1)


def without_own(near: np.ndarray, photos: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Rows of neighbours, [photos, k], without those of the photo's own group, -1 for each on the right.

    `group` is the number of each row's group; photos that are a group alone lose themselves.
    """
    out = (near < 0) | (group[near] == group[photos][:, None])
    order = np.argsort(out, axis=1, kind="stable")
    return np.where(np.take_along_axis(out, order, 1), -1, np.take_along_axis(near, order, 1))


def index_by(model: Model, metric: Optional[str]) -> SearchIndex:
    """The model's index, or an exact one by the other metric; raises `FrameError` for an unknown metric."""
    if metric is None or metric == model.index.metric:
        return model.index
    return open_index("exact", model.vectors, metric)


def check_k(name: str, value: Any) -> None:
    """Raise `FrameError` unless the argument is a whole number from 1 to 100."""
    check_whole(name, value)
    if value > MOST:
        raise FrameError(f"{name} is {MOST} at most, not {value!r}")


def _among(metric: str, vectors: np.ndarray, photos: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    """The `k` of some rows, ascending, that are nearest to each photo: int64 [photos, k], -1 where there are fewer."""
    nearest, apart = np.full((len(photos), k), -1, np.int64), np.full((len(photos), k), np.inf)
    for piece in parts(rows, max(1, _PIECE // (4 * vectors.shape[1]))):
        index = Index(vectors[piece], metric)
        for places in parts(np.arange(len(photos)), _PHOTOS):
            near, distances = index.search(vectors[photos[places]], k)
            near = np.concatenate([nearest[places], piece[near]], axis=1)
            distances = np.concatenate([apart[places], distances], axis=1)
            order = np.lexsort((near < 0, distances))[:, :k]  # stable: equals stay in the order of their rows
            nearest[places], apart[places] = np.take_along_axis(near, order, 1), np.take_along_axis(distances, order, 1)
    return nearest
