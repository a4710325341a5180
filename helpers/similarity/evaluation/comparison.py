"""Several ways to find similar photos, on the same photos, with numbers: which networks, distances and precisions."""

import os
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Union

import numpy as np
from matplotlib.figure import Figure

from helpers.arguments import takes
from helpers.errors import FrameError
from helpers.features.distance import METRICS
from helpers.frames import Frame, SFrame
from helpers.frames.columns import typed_frame
from helpers.frames.photo_columns import image_column
from helpers.networks import weights
from helpers.networks.descriptors import DESCRIPTORS
from helpers.networks.load import MODELS
from helpers.similarity.evaluation.bars import draw_bars, title_of
from helpers.similarity.evaluation.methods import Method, MethodResult, Methods, name_of
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


class MethodComparison(NamedTuple):
    """What `compare` gives."""

    frame: Frame  # one row a method
    bars: Figure  # precision@10 of each method, with its interval
    panel: Figure  # the same query photo, answered by each method


@takes(data="frame")
def compare(
    data: Frame,
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
) -> MethodComparison:
    """Find similar photos by each method, and see how many of the nearest have the photo's own label.

    Parameters
    ----------
    data
        An SFrame of photos, as `create` takes it, with its image column `feature`.
    models
        What `create` takes as `model=`, and `turicreate/resnet-50` or `turicreate/squeezenet_v1.1` for Turi Create's
        own, where it is installed. None is all networks whose weights are on this machine, and the descriptors.
    metrics, precisions
        Of `euclidean`, `cosine` and of `fp32`, `bf16`, `int8`. Each network is a row for every metric in every
        precision. Descriptors and Turi Create's own have one precision, and Turi Create's own one metric.
    labels, groups
        One entry a row of the frame, or the name of a column; without labels the photos' folders. Photos of its own
        group do not count among a photo's neighbours, see `helpers.features.neighbours`.
    query
        The row whose neighbours the panel shows.
    store
        Where features are kept, as for `create`.

    Returns
    -------
    MethodComparison
        Its frame has a row a method, in the order of the arguments: `model`, `precision`, `metric`, `dimension`;
        `photos_per_second`, measured now on at least 32 photos, from the files to their features; `precision_at_1`,
        `_5` and `_10`, 0 to 1, and `low` and `high`, the 95 % interval of the last; `mAP`, mean average precision over
        the first 100 places; `agreement` with fp32, see `helpers.networks.precision`; and a `note`: why a method is not
        available here.

    Raises
    ------
    FrameError
        For a frame without photos, labels of another number, an unknown metric, a query that is not a row, and where no
        method is available.
    """
    if not isinstance(data, SFrame):
        raise FrameError(f"compare() takes an SFrame, not {type(data).__name__}; load_photos(folder) makes one")
    if len(data) == 0:
        raise FrameError("the frame is empty: there is no photo to compare methods with")
    feature = image_column(data, feature)
    chosen = available() if models is None else _several(models)
    metrics, precisions = _several(metrics), _several(precisions)
    wrong = [method for method in chosen if not isinstance(method, (str, os.PathLike))]
    if wrong:
        raise FrameError(f"models= holds names and paths of networks, not {type(wrong[0]).__name__}")
    if not isinstance(query, (int, np.integer)) or not 0 <= query < len(data):
        raise FrameError(f"query={query}: the frame has rows 0 to {len(data) - 1}")
    unknown = [metric for metric in metrics if metric not in METRICS]
    if unknown:
        raise FrameError(f"metric={unknown[0]!r} is not known; there are {' and '.join(METRICS)}")
    methods = Methods(data, feature, labels, groups, int(query), store)
    results: List[MethodResult] = []
    for method in chosen:
        for result in methods.results(method, metrics, precisions, progress):
            results.append(result._replace(row={"model": name_of(method), **result.row}))
            if progress:
                print(_line(results[-1].row))
    good = [result for result in results if result.matches is not None]
    if not good:
        reason = results[0].row["note"] if results else "none was named"
        raise FrameError(f"no method is available; the first: {reason}")
    titled = [(title_of(result.row), result.matches) for result in good]
    return MethodComparison(
        frame=_frame([result.row for result in results]),
        bars=draw_bars([result.row for result in good], methods.chance()),
        panel=show_methods(*methods.shown(), titled),
    )


def available() -> List[str]:
    """The networks whose weights are on this machine already, and the descriptors."""
    return [name for name in MODELS if weights.is_at_hand(name)] + list(DESCRIPTORS)


def _several(value: Any) -> List[Any]:
    return [value] if isinstance(value, (str, os.PathLike)) else list(value)


def _line(row: Dict[str, Any]) -> str:
    """One line on the way, for each result."""
    if "metric" not in row:
        return f"{row['model']} {row['precision'] or ''} is not available: {row['note']}".replace("  ", " ")
    good = f"precision@10 {row['precision_at_10']:.3f}" if "precision_at_10" in row else "nothing to tell apart"
    return f"  {title_of(row)}: {good}, {row['photos_per_second']:.0f} photos/s"


def _frame(rows: List[Dict[str, Any]]) -> Frame:
    return typed_frame((name, kind, [_rounded(row.get(name)) for row in rows]) for name, kind in _COLUMNS.items())


def _rounded(value: Any) -> Any:
    """More digits than are significant make a table hard to read."""
    return round(value, 1 if value > 1 else 4) if isinstance(value, float) else value
