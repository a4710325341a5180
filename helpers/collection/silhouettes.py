"""How many clusters there may be: k-means with several k, judged by how well the clusters are separated."""

from typing import Any, Dict, Iterable, List, NamedTuple, Optional

import numpy as np
from matplotlib.figure import Figure

from helpers.arguments import check_whole
from helpers.collection.partition import components, drawn, k_means, starts
from helpers.errors import FrameError
from helpers.files.progress import progress_bar
from helpers.images.sheet import GREY, INK, InlineFigure

COMPONENTS = 50  # in which k-means looks at photos
KS = range(2, 13)

_SAMPLE = 5_000  # photos that are sorted and judged
_MEMORY = 64  # MB for distances between them
_SIZE = (6.4, 3.2)  # inches
_DOT, _LINE = "#1d4ed8", "#93c5fd"


class Suggestion(NamedTuple):
    """The result of `suggest_k`."""

    k: int  # of the largest silhouette; of equals the smallest
    silhouettes: Dict[int, float]  # k → mean silhouette, -1 to 1; without the k that could not be tried
    note: str  # one line for people
    figure: Figure


def suggest_k(
    model: Any, ks: Iterable[int] = KS, *, metric: Optional[str] = None, seed: int = 0, progress: bool = True
) -> Suggestion:
    """How many clusters suit the photos best, by the mean silhouette of k-means.

    Parameters
    ----------
    model : SimilarityModel
    ks : iterable of int
        The numbers of clusters to try, each 2 or more. One that is larger than
        the number of different photos is left out.
    metric : {"euclidean", "cosine"}, optional
        By default the model's.
    seed : int
        Of more than 5,000 photos, 5,000 are drawn at random by it.
    progress : bool

    Returns
    -------
    Suggestion
        `k`, with the largest mean silhouette; `silhouettes` of all; `note`, one
        line for people; `figure`.

    Raises
    ------
    FrameError
        For a k below 2 and an unknown metric, and where no k can be tried: fewer
        than three photos differ.

    Notes
    -----
    A photo's silhouette is (b - a) / max(a, b), where a is its mean distance
    from the photos of its cluster and b from those of the nearest other one: 1
    well inside, 0 between two, below 0 in the wrong one (P. J. Rousseeuw, 1987).
    Photos seldom reach 0.3 even where the clusters are right, and the best k is
    a suggestion: look at it, and at its neighbours.

    Examples
    --------
    >>> from helpers.photos.load import load_photos
    >>> from helpers.similarity.build import create
    >>> data, bad = load_photos("data/robots")
    >>> suggest_k(create(data, model="efficientnet-lite0", verbose=False), range(2, 5), progress=False).k
    2
    """
    points = components(model.vectors, metric or model.index.metric, COMPONENTS, seed, progress)
    suggestion = suggest(points, ks, seed, progress)
    if suggestion is None:
        raise FrameError("there are not enough photos that differ to try these ks; give cluster() a k of your own")
    return suggestion


def suggest(points: np.ndarray, ks: Iterable[int], seed: int, progress: bool) -> Optional[Suggestion]:
    """The same for points; None where no k can be tried."""
    from sklearn import config_context
    from sklearn.metrics import silhouette_score

    wanted = _checked(ks)
    points = points[drawn(len(points), _SAMPLE, seed)]
    different = len(np.unique(points, axis=0))
    tried = [k for k in wanted if k <= different and k < len(points)]
    silhouettes: Dict[int, float] = {}
    with progress_bar(total=len(tried) * starts(len(points)), unit="runs", show=progress) as bar:
        for k in tried:
            numbers = k_means(points, k, seed, bar)
            if 1 < len(np.unique(numbers)) < len(points):
                with config_context(working_memory=_MEMORY):
                    silhouettes[k] = float(silhouette_score(points, numbers))
    if not silhouettes:
        return None
    best = max(silhouettes, key=lambda k: silhouettes[k])
    note = f"k = {best} has the largest silhouette, {silhouettes[best]:.2f}"
    if best == wanted[-1] > wanted[0]:
        note += f"; it is the last that was tried, so try larger ones too: ks=range(2, {2 * best + 1})"
    return Suggestion(best, silhouettes, note, _draw(silhouettes, best))


def _checked(ks: Iterable[int]) -> List[int]:
    wanted = list(ks)
    for k in wanted:
        check_whole("each of ks", k)
    if not wanted or min(wanted) < 2:
        raise FrameError("ks are whole numbers from 2 on, at least one; such as range(2, 13)")
    return sorted({int(k) for k in wanted})


def _draw(silhouettes: Dict[int, float], best: int) -> Figure:
    figure = InlineFigure(figsize=_SIZE, dpi=100, facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    ks = list(silhouettes)
    axes.plot(ks, list(silhouettes.values()), color=_LINE, marker="o", markersize=5, markerfacecolor=_DOT, zorder=2)
    axes.plot([best], [silhouettes[best]], "o", markersize=10, color=_DOT, zorder=3)
    axes.annotate(
        f"k = {best}",
        (best, silhouettes[best]),
        xytext=(0, 10),
        textcoords="offset points",
        ha="center",
        size=9,
        weight="bold",
        color=INK,
    )
    axes.margins(x=0.06, y=0.2)
    axes.set_title("mean silhouette of k-means", size=10, weight="bold", color=INK, loc="left")
    axes.set_xlabel("k, the number of clusters", size=9, color=GREY)
    axes.set_xticks(ks if len(ks) <= 20 else ks[:: -(-len(ks) // 20)])
    axes.tick_params(labelsize=8, color=GREY, labelcolor=GREY)
    axes.grid(axis="y", color="#e5e7eb", zorder=0)
    axes.spines[:].set_visible(False)
    return figure
