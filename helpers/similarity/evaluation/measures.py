"""How good neighbours are, whatever found them: from their rows and a label for each photo.

The measures are those of Manning, Raghavan and Schütze, Introduction to Information Retrieval (2008), section 8.4.
"""

from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Union

import numpy as np

from helpers.errors import FrameError
from helpers.features.blocks import parts
from helpers.features.nearest import check_k, without_own
from helpers.frames import Frame
from helpers.frames.columns import typed_frame
from helpers.similarity.evaluation.intervals import Interval, intervals
from helpers.similarity.evaluation.relevance import Relevance

_PHOTOS = 4096  # that are judged at once


class Evaluation(NamedTuple):
    """How good neighbours are, each measure a mean over photos, from 0 to 1.

    A photo counts where it has a label and there is another photo outside its group. Neighbours with its label are
    right; those without any label are not, but take up their places.

    - `precision` {k: share}: of the first k neighbours, or of all others where there are fewer, how many are right. 0
      for a photo whose label no other has.
    - `recall` {k: share}: of all photos that are right, how many are among the first k. Photos whose label no other
      has stay out; None where all do.
    - `mean_average_precision`: over the first `depth` places, for each photo the sum of the precision at every place
      with a right neighbour, divided by the number of photos that are right, or by `depth` if they are more. The same
      photos stay out.
    - `interval`: for each measure (`precision_at_10`, `recall_at_10`, `mean_average_precision`) the ends of its 95 %
      interval, by 1,000 resamples of the photos; of whole groups, where there are groups: photos of one group are not
      independent.
    - `photos`: how many count; `findable`: how many of these share their label with another photo outside their group.
    """

    precision: Dict[int, float]
    recall: Dict[int, Optional[float]]
    mean_average_precision: Optional[float]
    interval: Dict[str, Optional[Interval]]
    photos: int
    findable: int
    depth: int

    def as_frame(self) -> Frame:
        """An SFrame with a row a measure: `measure`, `value`, `low`, `high` and how many `photos` it is a mean of."""
        values = self._values()
        spans = [self.interval[name] for name in values]
        photos = [self.photos if name.startswith("precision") else self.findable for name in values]
        columns = (
            ("measure", str, list(values)),
            ("value", float, list(values.values())),
            ("low", float, [None if span is None else span[0] for span in spans]),
            ("high", float, [None if span is None else span[1] for span in spans]),
            ("photos", int, photos),
        )
        return typed_frame(columns)

    def __str__(self) -> str:
        lines = []
        for name, value in self._values().items():
            span = self.interval[name]
            text = "none" if value is None else f"{value:.3f}"
            lines.append(f"{name:24}{text}" + ("" if span is None else f"  ({span[0]:.3f} to {span[1]:.3f})"))
        return "\n".join([*lines, f"{self.photos} photos; in brackets 95 % intervals"])

    def __repr__(self) -> str:
        k = max(self.precision)
        average = "none" if self.mean_average_precision is None else f"{self.mean_average_precision:.3f}"
        precision = f"precision@{k} {self.precision[k]:.3f}"
        return f"Evaluation of {self.photos} photos: {precision}, mean average precision {average}"

    def _values(self) -> Dict[str, Optional[float]]:
        values: Dict[str, Optional[float]] = {f"precision_at_{k}": value for k, value in self.precision.items()}
        values.update({f"recall_at_{k}": value for k, value in self.recall.items()})
        values["mean_average_precision"] = self.mean_average_precision
        return values


def judge(
    rows: Any,
    labels: Iterable[Any],
    *,
    k: Union[int, Sequence[int]] = (1, 5, 10),
    groups: Optional[Iterable[Any]] = None,
    depth: int = 100,
    seed: int = 0,
) -> Evaluation:
    """Judge the neighbours of each photo, whole numbers [photos, places], nearest first, -1 where there is none.

    `labels` and, optionally, `groups` have an entry a photo; for photos without one see `Evaluation`. The
    photo itself and photos of its own group may be in `rows`: they are passed over, so give as many places more. With
    fewer places than `depth` the mean average precision is that of these. The same `seed` draws the same resamples.

    Raises `FrameError` for fewer than two labels, for a k or depth that is not from 1 to 100, and for rows that do not
    exist, are there twice, or are too few for k.

    >>> print(judge([[1, 2], [0, 2], [1, 0]], ["owl", "owl", "fox"], k=1).precision[1])
    0.6666666666666666
    """
    wanted = check_ks(k)
    check_k("depth", depth)
    near = np.asarray(rows)
    if near.ndim != 2 or near.dtype.kind not in "iu":
        raise FrameError(f"rows are whole numbers, a line for each photo, not {near.dtype} {list(near.shape)}")
    if near.size and near.max() >= len(near):  # before they get a sign, which the rows of usearch do not have
        raise FrameError(f"rows go from 0 to {len(near) - 1}, and -1 is none; there is {near.max()}")
    near = near.astype(np.int64)
    relevance = Relevance.of(labels, groups, len(near)).checked()
    values = shares(near, relevance, wanted, depth)
    means = [mean(column) for column in values.T]
    names = [f"precision_at_{k}" for k in wanted] + [f"recall_at_{k}" for k in wanted] + ["mean_average_precision"]
    return Evaluation(
        precision={k: value for k, value in zip(wanted, means) if value is not None},
        recall=dict(zip(wanted, means[len(wanted) :])),
        mean_average_precision=means[-1],
        interval=dict(zip(names, intervals(values, relevance.group[relevance.queries], seed))),
        photos=len(relevance.queries),
        findable=int((relevance.relevant[relevance.queries] > 0).sum()),
        depth=min(depth, near.shape[1]),
    )


def check_ks(k: Union[int, Sequence[int]]) -> List[int]:
    """Each k once, ascending; raises `FrameError`."""
    wanted: List[Any] = list(k) if isinstance(k, (list, tuple, range, set, np.ndarray)) else [k]
    if not wanted:
        raise FrameError("k is empty; name at least one number of neighbours")
    for value in wanted:
        check_k("k", value)
    return sorted({int(value) for value in wanted})


def shares(near: np.ndarray, relevance: Relevance, wanted: Sequence[int], depth: int) -> np.ndarray:
    """The measures of each photo that counts: float64 [queries, 2 len(wanted) + 1], nan where it stays out.

    Precision at every k, then recall at every k, then average precision.
    """
    queries, count = relevance.queries, len(relevance.label)
    most = min(max(wanted), int(relevance.others.max(initial=0)))
    if near.shape[1] < most:
        raise FrameError(f"k={max(wanted)} takes {most} neighbours a photo; there are {near.shape[1]}")
    values = np.full((len(queries), 2 * len(wanted) + 1), np.nan)
    depth = min(depth, near.shape[1])
    for places in parts(np.arange(len(queries)), _PHOTOS):
        photos = queries[places]
        rows = without_own(checked(near[photos], count), photos, relevance.group)
        right = (rows >= 0) & (relevance.label[rows] == relevance.label[photos][:, None])
        hits = np.cumsum(right, axis=1)
        relevant, findable = relevance.relevant[photos], relevance.relevant[photos] > 0
        for column, k in enumerate(wanted):
            within = hits[:, min(k, near.shape[1]) - 1]
            values[places, column] = within / np.minimum(k, relevance.others[photos])
            values[places[findable], len(wanted) + column] = within[findable] / relevant[findable]
        sums = (right * hits / np.arange(1, near.shape[1] + 1))[:, :depth].sum(axis=1)
        values[places[findable], -1] = sums[findable] / np.minimum(relevant[findable], depth)
    return values


def checked(near: np.ndarray, count: int) -> np.ndarray:
    """The neighbours; raises `FrameError` where they are not rows of `count` photos, or one is there twice."""
    ordered: np.ndarray = np.sort(near, axis=1)
    odd = ordered[(ordered < -1) | (ordered >= count)]
    if len(odd):
        raise FrameError(f"rows go from 0 to {count - 1}, and -1 is none; there is {odd[0]}")
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        raise FrameError("the same row stands twice among the neighbours of a photo; give each once")
    return near


def mean(values: np.ndarray) -> Optional[float]:
    """Without nan; None where there is nothing else."""
    counted = values[~np.isnan(values)]
    return float(counted.mean()) if len(counted) else None
