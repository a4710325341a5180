"""Several ways to find similar photos, on the same photos, with numbers: which networks, distances and precisions."""

import os
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Union

import numpy as np
from matplotlib.figure import Figure

from helpers.errors import FrameError
from helpers.features.distance import METRICS
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame
from helpers.frames.photo_columns import image_column
from helpers.networks import weights
from helpers.networks.descriptors import DESCRIPTORS
from helpers.networks.load import MODELS
from helpers.similarity.evaluation.bars import draw_bars, title_of
from helpers.similarity.evaluation.methods import Answer, Method, Methods, name_of
from helpers.similarity.grid import show_methods

_COLUMNS = {
    "model": str,
    "precision": str,
    "metric": str,
    "dimension": int,
    "photos_per_second": float,
    "precision_at_1": float,
    "precision_at_5": float,
    "precision_at_10": float,
    "low": float,
    "high": float,
    "mAP": float,
    "agreement": float,
    "note": str,
}


class Comparison(NamedTuple):
    """What `compare` gives."""

    frame: Any  # an SFrame, one row a method
    bars: Figure  # precision@10 of each method, with its interval
    panel: Figure  # the same query photo, answered by each method


def compare(
    data: Any,
    models: Union[Sequence[Method], Method, None] = None,
    metrics: Union[Sequence[str], str] = METRICS,
    *,
    precisions: Union[Sequence[str], str] = ("fp32",),
    labels: Optional[Any] = None,
    groups: Optional[Any] = None,
    query: int = 0,
    feature: Optional[str] = None,
    store: Union[str, "os.PathLike[str]", bool, None] = None,
    progress: bool = True,
) -> Comparison:
    """Find similar photos by each method, and see how many of the nearest have the photo's own label.

    - `data`: an SFrame of photos, as `create` takes it, with its image column `feature`.
    - `models`: what `create` takes as `model=`, and `turicreate/resnet-50` or
      `turicreate/squeezenet_v1.1` for Turi Create's own, where it is installed.
      Without it, all networks whose weights are at hand, and the descriptors.
    - `metrics`: `euclidean`, `cosine`; `precisions`: `fp32`, `bf16`, `int8`.
      Each network is a row for every metric in every precision. Descriptors and
      Turi Create's own have one precision, and Turi Create's own one metric.
    - `labels`: one entry a row of the frame, or the name of a column; without
      them the photos' folders. `groups`, likewise: photos of its own group do
      not count among a photo's neighbours, see `helpers.features.nearest`.
    - `query`: the row whose neighbours the panel shows.
    - `store`: where features are kept, as for `create`.

    The frame has a row a method, in the order asked for: `model`, `precision`,
    `metric`, `dimension`; `photos_per_second`, measured now on at least 32
    photos, from the files to their features; `precision_at_1`, `_5` and `_10`,
    0 to 1, and `low` and `high`, the 95 % interval of the last; `mAP`, mean
    average precision over the first 100 places; `agreement` with fp32, see
    `helpers.networks.precision`; and a `note`: of a method that cannot be had here, why.

    Raises `FrameError` for a frame without photos, labels of another number,
    an unknown metric, a query that is no row, and where no method can be had.
    """
    if not isinstance(data, SFrame):
        raise FrameError(f"compare() takes an SFrame, not {type(data).__name__}; load_photos(folder) makes one")
    if len(data) == 0:
        raise FrameError("the frame is empty: there is no photo to compare methods with")
    feature = image_column(data, feature)
    chosen = at_hand() if models is None else _several(models)
    metrics, precisions = _several(metrics), _several(precisions)
    wrong = [method for method in chosen if not isinstance(method, (str, os.PathLike))]
    if wrong:
        raise FrameError(f"models= holds names and paths of networks, not {type(wrong[0]).__name__}")
    if not isinstance(query, (int, np.integer)) or not 0 <= query < len(data):
        raise FrameError(f"query={query}: the frame has rows 0 to {len(data) - 1}")
    unknown = [metric for metric in metrics if metric not in METRICS]
    if unknown:
        raise FrameError(f"metric={unknown[0]!r} is not known; there are {' and '.join(METRICS)}")
    work = Methods(data, feature, labels, groups, int(query), store)
    answers: List[Answer] = []
    for method in chosen:
        for answer in work.answers(method, metrics, precisions, progress):
            answers.append(answer._replace(row={"model": name_of(method), **answer.row}))
            if progress:
                print(_told(answers[-1].row))
    had = [answer for answer in answers if answer.found is not None]
    if not had:
        raise FrameError(f"no method can be had; the first: {answers[0].row['note'] if answers else 'none was named'}")
    titled = [(title_of(answer.row), answer.found) for answer in had]
    return Comparison(
        frame=_frame([answer.row for answer in answers]),
        bars=draw_bars([answer.row for answer in had], work.chance()),
        panel=show_methods(*work.shown(), titled),
    )


def at_hand() -> List[str]:
    """The networks whose weights are on this machine already, and the descriptors."""
    return [name for name in MODELS if weights.is_at_hand(name)] + list(DESCRIPTORS)


def _several(given: Any) -> List[Any]:
    return [given] if isinstance(given, (str, os.PathLike)) else list(given)


def _told(row: Dict[str, Any]) -> str:
    """One line on the way: what came of a method."""
    if "metric" not in row:
        return f"{row['model']} {row['precision'] or ''} cannot be had: {row['note']}".replace("  ", " ")
    good = f"precision@10 {row['precision_at_10']:.3f}" if "precision_at_10" in row else "nothing to tell apart"
    return f"  {title_of(row)}: {good}, {row['photos_per_second']:.0f} photos/s"


def _frame(rows: List[Dict[str, Any]]) -> Any:
    return typed_frame((name, kind, [_rounded(row.get(name)) for row in rows]) for name, kind in _COLUMNS.items())


def _rounded(value: Any) -> Any:
    """More digits than can be meant make a table hard to read."""
    return round(value, 1 if value > 1 else 4) if isinstance(value, float) else value
