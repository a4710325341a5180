"""How many clusters there may be: k-means with several k, judged by how well clusters are separated and how stable."""

from typing import Any, Dict, Iterable, List, NamedTuple, Optional

import numpy as np
from matplotlib.figure import Figure

from helpers.arguments import check_whole, takes
from helpers.collection.partition import components, drawn, k_means, starts
from helpers.errors import FrameError
from helpers.features.model import Model
from helpers.files.progress import progress_bar
from helpers.images.sheet import GREY, INK, InlineFigure

COMPONENTS = 50  # in which k-means looks at photos
KS = range(2, 13)

_SAMPLE = 5_000  # photos that are sorted and judged
_PARTS, _PART, _PART_RUNS = 4, 0.8, 2  # samples that are sorted again, their share of the photos, and runs of each
_AS_GOOD, _CANDIDATE = 0.95, 0.8  # shares of the best score
_STABLE = 0.9  # a stability from which on a single candidate is sure
_MEMORY = 64  # MB for distances between them
_SIZE = (6.4, 3.2)  # inches
_DOT, _LINE = "#1d4ed8", "#93c5fd"


class Suggestion(NamedTuple):
    """The result of `suggest_k`."""

    k: int  # the first of the candidates
    silhouettes: Dict[int, float]  # k → mean silhouette, -1 to 1; without the k that could not be tried
    note: str  # one line for people
    figure: Figure
    candidates: List[int]  # the suggestion, then others that come near it, best first
    stability: Dict[int, float]  # k → how well clusters of other samples agree, at most 1
    certainty: str  # "sure", "fair" or "unsure"


@takes(model="model")
def suggest_k(
    model: Model, ks: Iterable[int] = KS, *, metric: Optional[str] = None, seed: int = 0, progress: bool = True
) -> Suggestion:
    """How many clusters suit the photos best, by the silhouettes and the stability of k-means; and how sure that is.

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
        `k`; `candidates`, which come near it, best first; `certainty`; the
        `silhouettes` and `stability` of all; `note`, one line for people; `figure`.

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
    Stability is how well the clusters agree with those of four samples of 80 % of
    the photos, by the adjusted Rand index (after T. Lange et al., Stability-based
    validation of clustering solutions, 2004).

    The score of a k is the square of the silhouette times the stability. The
    smallest k whose score is within 5 % of the best is suggested, and those
    within 20 % are candidates.
    `sure` is one candidate above 2 with a stability of 0.9 or more; `fair`, a 2
    like that, since each half may be several groups, or two or three candidates;
    `unsure`, anything else, and whatever is the largest k that was tried.
    docs/collection.md shows how often each is
    right. Look at the candidates: `cluster(model, k)` with each.

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
    stability: Dict[int, float] = {}
    runs = len(tried) * (starts(len(points)) + _PARTS * _PART_RUNS)
    with progress_bar(total=runs, unit="runs", show=progress) as bar:
        for k in tried:
            numbers = k_means(points, k, seed, bar)
            if 1 < len(np.unique(numbers)) < len(points):
                with config_context(working_memory=_MEMORY):
                    silhouettes[k] = float(silhouette_score(points, numbers))
                stability[k] = _stability(points, numbers, k, seed, bar)
    if not silhouettes:
        return None
    scores = {k: max(0.0, silhouettes[k]) ** 2 * max(0.0, stability[k]) for k in silhouettes}
    most = max(scores.values())
    best = min(k for k, score in scores.items() if score >= _AS_GOOD * most)
    others = sorted(
        (k for k, score in scores.items() if k != best and score >= _CANDIDATE * most), key=lambda k: -scores[k]
    )
    candidates = [best, *others]
    is_last = best == max(silhouettes) > min(silhouettes)  # more may be better: nobody has looked
    is_clear = not others and stability[best] >= _STABLE
    certainty = "sure" if is_clear and best > 2 else "fair" if is_clear or 0 < len(others) < 3 else "unsure"
    certainty = "unsure" if is_last else certainty
    note = f"k = {best} by silhouette, {silhouettes[best]:.2f}, and stability, {stability[best]:.2f}"
    if others:
        note += f"; {', '.join(map(str, candidates[1:]))} {'is' if len(others) == 1 else 'are'} nearly as good"
    if certainty == "unsure":
        note += "; far from sure"
    if is_last:
        note += "; it is the last that was tried"
        more = f", so try larger ones too: ks=range(2, {2 * best + 1})"
        note += more if best == wanted[-1] else ", as no more photos differ"
    return Suggestion(best, silhouettes, note, _draw(silhouettes, candidates), candidates, stability, certainty)


def _stability(points: np.ndarray, numbers: np.ndarray, k: int, seed: int, bar: Any) -> float:
    """How well the clusters agree with those of samples, by the adjusted Rand index: the mean."""
    from sklearn.metrics import adjusted_rand_score

    agreement = []
    for part in range(_PARTS):
        rows = drawn(len(points), max(k, round(_PART * len(points))), seed + part)
        again = k_means(points[rows], k, seed + part, bar, _PART_RUNS)
        agreement.append(adjusted_rand_score(numbers[rows], again))
    return float(np.mean(agreement))


def _checked(ks: Iterable[int]) -> List[int]:
    wanted = list(ks)
    for k in wanted:
        check_whole("each of ks", k)
    if not wanted or min(wanted) < 2:
        raise FrameError("ks are whole numbers from 2 on, at least one; such as range(2, 13)")
    return sorted({int(k) for k in wanted})


def _draw(silhouettes: Dict[int, float], candidates: List[int]) -> Figure:
    best = candidates[0]
    figure = InlineFigure(figsize=_SIZE, dpi=100, facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    ks = list(silhouettes)
    axes.plot(ks, list(silhouettes.values()), color=_LINE, marker="o", markersize=5, markerfacecolor=_DOT, zorder=2)
    axes.plot([best], [silhouettes[best]], "o", markersize=10, color=_DOT, zorder=3)
    others = candidates[1:]
    axes.plot(
        others, [silhouettes[k] for k in others], "o", markersize=10, color="white", markeredgecolor=_DOT, zorder=1
    )
    axes.annotate(
        f"k = {best}",
        (best, silhouettes[best]),
        xytext=(0, 10),
        textcoords="offset points",
        ha="center",
        size=9,
        weight="bold",
        color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
    )
    axes.margins(x=0.06, y=0.2)
    axes.set_title("mean silhouette of k-means, and the candidates", size=10, weight="bold", color=INK, loc="left")
    axes.set_xlabel("k, the number of clusters", size=9, color=GREY)
    axes.set_xticks(ks if len(ks) <= 20 else ks[:: -(-len(ks) // 20)])
    axes.tick_params(labelsize=8, color=GREY, labelcolor=GREY)
    axes.grid(axis="y", color="#e5e7eb", zorder=0)
    axes.spines[:].set_visible(False)
    return figure
