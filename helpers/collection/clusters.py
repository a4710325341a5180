"""A collection sorted into clusters of photos that look alike, and how well these agree with labels."""

from typing import Any, List, Optional, Sequence

import numpy as np
from matplotlib.figure import Figure

from helpers.arguments import check_whole, takes
from helpers.collection.cluster_scores import Scores, score, tallies
from helpers.collection.partition import MANY, by_density, components, k_means, starts
from helpers.collection.silhouettes import COMPONENTS, KS, Suggestion, suggest, suggest_k
from helpers.errors import FrameError
from helpers.features.distance import squared_lengths
from helpers.files.progress import progress_bar
from helpers.frames import SArray
from helpers.frames.columns import typed_frame
from helpers.images.contact_sheets import COLUMNS, PhotoGroup, Tile, contact_sheets
from helpers.similarity.evaluation.by_labels import labels_of
from helpers.similarity.members import CollectionModel

__all__ = ["METHODS", "Clusters", "Scores", "Suggestion", "cluster", "show_clusters", "suggest_k"]

METHODS = ("kmeans", "hdbscan")

_FEW_COMPONENTS = 20  # in which HDBSCAN looks at photos
_SMALLEST = 5  # photos of a cluster by HDBSCAN, at least
_SLOW = 5_000  # photos from which HDBSCAN takes more than two seconds
_MOST_SHOWN, _MOST_PHOTOS = 20, 20  # clusters, and photos of each


class Clusters:
    """The result of `cluster`.

    `numbers`, int64 [photos], is the cluster of each photo: 0 is the largest,
    equally large ones come by their first photo, and -1 is none. `sizes` has an
    entry a cluster, `note` is one line for people, and `suggestion` is the
    result of `suggest_k`, None where `k` was given.
    """

    def __init__(self, model: CollectionModel, numbers: np.ndarray, points: np.ndarray, note: str) -> None:
        self.model, self.note = model, note
        self.suggestion: Optional[Suggestion] = None
        self.numbers = _by_size(numbers)
        self.sizes: List[int] = np.bincount(self.numbers[self.numbers >= 0]).tolist()
        self._apart = np.full(len(points), np.inf)  # from the middle of the photo's own cluster
        for number in range(len(self.sizes)):
            own = np.flatnonzero(self.numbers == number)
            self._apart[own] = squared_lengths(points[own] - points[own].mean(axis=0))

    def __repr__(self) -> str:
        return f"Clusters: {self.note}"

    @property
    def frame(self) -> Any:
        """The rows of the frame that the photos came from, with a column `cluster`, None for a photo in none.

        It replaces a column of that name. For a model from disk, which has no
        frame: `label`, `name` and `cluster`.
        """
        frame = self.model.data
        if frame is None:
            frame = typed_frame((("label", None, self.model.labels), ("name", str, self.model.names)))
        if "cluster" in frame.column_names():
            frame = frame.remove_column("cluster")
        numbers = [None if number < 0 else number for number in self.numbers.tolist()]
        return frame.add_column(SArray(numbers, dtype=int), "cluster")

    def central(self, cluster: int, k: Optional[int] = 8) -> List[Any]:
        """The labels of the `k` photos nearest to the middle of a cluster, the most central first; all with None.

        Raises `FrameError` for a number that is not a cluster, and for k < 1.
        """
        check_whole("k", k, none_is="all")
        return [self.model.labels[row] for row in self._central(cluster)[:k].tolist()]

    def scores(self, labels: Optional[Any] = None) -> Scores:
        """How well the clusters agree with labels.

        `labels`: one entry a photo, the name of a column of `model.data`, or
        nothing for folders. Raises `FrameError` where the photos that count have
        fewer than two labels, and for labels of another number than the photos.
        """
        return score(self.numbers, labels_of(self.model, labels))

    def _central(self, cluster: int) -> np.ndarray:
        if isinstance(cluster, bool) or cluster not in range(len(self.sizes)):
            raise FrameError(f"there is no cluster {cluster!r}; there are {len(self.sizes)}, from 0 on")
        own = np.flatnonzero(self.numbers == cluster)
        return own[np.argsort(self._apart[own], kind="stable")]


@takes(model="model")
def cluster(
    model: CollectionModel,
    k: Optional[int] = None,
    *,
    method: str = "kmeans",
    metric: Optional[str] = None,
    smallest: Optional[int] = None,
    seed: int = 0,
    progress: bool = True,
) -> Clusters:
    """Sort the photos of a model into clusters.

    Parameters
    ----------
    model : SimilarityModel
    k : int, optional
        For `kmeans` only: the number of clusters. By default the suggestion of
        `suggest_k` among 2 to 12, or 1 where fewer than three photos differ.
    method : {"kmeans", "hdbscan"}
        `kmeans` puts every photo into one of `k` clusters; `hdbscan` finds dense
        groups of photos, and their number, and leaves the others in none.
    metric : {"euclidean", "cosine"}, optional
        By default the model's.
    smallest : int, optional
        For `hdbscan` only: how many photos a cluster has at least, 2 or more. By
        default the square root of the number of photos, at least 5.
    seed : int
        The same seed gives the same clusters.
    progress : bool

    Returns
    -------
    Clusters
        Fewer than `k` where fewer photos differ; the note mentions it.

    Raises
    ------
    FrameError
        For an unknown method or metric, and for a k larger than the number of
        photos.

    Notes
    -----
    Photos are compared by the first principal components of their features, 50
    for k-means and 20 for HDBSCAN. `helpers.collection.partition` has the
    details, also of what changes above 20,000 photos.

    Examples
    --------
    >>> from helpers.photos.load import load_photos
    >>> from helpers.similarity.build import create
    >>> data, bad = load_photos("data/robots")
    >>> found = cluster(create(data, model="efficientnet-lite0", verbose=False), 2, progress=False)
    >>> sum(found.sizes), found.scores().purity > 0.9
    (199, True)
    """
    photos = len(model.vectors)
    _check(photos, k, method, smallest)
    metric = metric or model.index.metric
    if method == "hdbscan":
        smallest = smallest or max(_SMALLEST, round(photos**0.5))
        points = components(model.vectors, metric, _FEW_COMPONENTS, seed, progress)
        if progress and photos > _SLOW:
            print("HDBSCAN compares all with all and shows no progress: about 10 seconds, or less")
        clusters = Clusters(model, by_density(points, smallest, seed), points, "")
        clusters.note = (
            f"{_counted(len(clusters.sizes), 'cluster')} of {smallest} photos or more, by HDBSCAN ({metric}); "
            f"{photos - sum(clusters.sizes)} of {_counted(photos, 'photo')} in none"
        )
        return clusters
    points = components(model.vectors, metric, COMPONENTS, seed, progress)
    suggestion = suggest(points, KS, seed, progress) if k is None else None
    wanted = k or (suggestion.k if suggestion else 1)
    clusters = Clusters(model, _k_means(points, wanted, seed, progress), points, "")
    kind = "k-means" if photos <= MANY else "mini-batch k-means"
    clusters.note = f"{_counted(len(clusters.sizes), 'cluster')} of {_counted(photos, 'photo')}, by {kind} ({metric})"
    if len(clusters.sizes) < wanted:
        clusters.note += f"; {wanted} were asked for, but fewer photos differ"
    if k is None:
        clusters.note += f"; {suggestion.note if suggestion else 'too few photos differ to suggest more'}"
        clusters.suggestion = suggestion
    return clusters


@takes(found="clusters")
def show_clusters(
    found: Clusters, photos: int = COLUMNS, *, labels: Optional[Any] = None, words: Optional[Sequence[str]] = None
) -> Figure:
    """Draw each cluster as a contact sheet: its size, its most common label, and its most central photos first.

    Parameters
    ----------
    found : Clusters
    photos : int
        How many of each cluster, 1 to 20; by default 6.
    labels : optional
        As for `Clusters.scores`. Where the photos have fewer than two different
        labels, none is shown.
    words : optional
        A word a cluster, such as the `cluster_words` of `describe`.

    Returns
    -------
    matplotlib.figure.Figure
        The 20 largest clusters; a line below counts what was left out.

    Raises
    ------
    FrameError
        For another number of photos, of labels or of words.
    """
    check_whole("photos", photos)
    if words is not None and len(words) != len(found.sizes):
        raise FrameError(f"there are {len(words)} words for {len(found.sizes)} clusters; give one for each")
    if photos > _MOST_PHOTOS:
        raise FrameError(f"photos={photos}: show_clusters draws {_MOST_PHOTOS} of each cluster at most")
    labelled = tallies(found.numbers, labels_of(found.model, labels))
    several = len({tally.label for tally in labelled.values()}) > 1 or any(
        tally.share < 1 for tally in labelled.values()
    )
    collection = found.model.collection
    strips = []
    for number, size in enumerate(found.sizes[:_MOST_SHOWN]):
        title = f"cluster {number}: {_counted(size, 'photo')}"
        if several and number in labelled:
            title += (
                f", {int(100 * labelled[number].share + 1e-9)} % {labelled[number].label}"  # 99.9 is not all of them
            )
        if words is not None:
            title += f"; perhaps: {words[number]}"
        rows = found._central(number)[:photos].tolist()
        strips.append(PhotoGroup(title, [Tile(collection.names[row], collection.sources[row]) for row in rows]))
    notes = []
    if len(found.sizes) > _MOST_SHOWN:
        notes.append(f"{_MOST_SHOWN} of {len(found.sizes)} clusters shown, the largest")
    alone = len(found.numbers) - sum(found.sizes)
    if alone:
        notes.append(f"{_counted(alone, 'photo')} in no cluster")
    return contact_sheets(strips, "; ".join(notes))


def _check(photos: int, k: Optional[int], method: str, smallest: Optional[int]) -> None:
    check_whole("k", k, none_is="a suggestion")
    check_whole("smallest", smallest, none_is="a number that fits the photos")
    if method not in METHODS:
        raise FrameError(f"method={method!r} is not known; there are {' and '.join(METHODS)}")
    if method == "hdbscan" and k is not None:
        raise FrameError("HDBSCAN finds the number of clusters itself: leave k out, or take method='kmeans'")
    if method == "kmeans" and smallest is not None:
        raise FrameError("smallest= is for method='hdbscan'; k-means has no smallest cluster")
    if smallest == 1:
        raise FrameError("smallest is 2 or more: one photo is not a cluster")
    if photos == 0:
        raise FrameError("the model has no photos to sort")
    if k is not None and k > photos:
        raise FrameError(f"k={k} is more than the {_counted(photos, 'photo')} there are; take a smaller k")


def _k_means(points: np.ndarray, k: int, seed: int, progress: bool) -> np.ndarray:
    with progress_bar(total=starts(len(points)), unit="runs", show=progress) as bar:
        return k_means(points, k, seed, bar)


def _by_size(numbers: np.ndarray) -> np.ndarray:
    """The same groups, numbered by their size; numbers below 0 become -1."""
    kept, firsts, counts = np.unique(numbers[numbers >= 0], return_index=True, return_counts=True)
    order = np.lexsort((firsts, -counts))
    renumbered = np.full(len(numbers), -1, np.int64)
    for place, group in enumerate(kept[order].tolist()):
        renumbered[numbers == group] = place
    return renumbered


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'s' * (count != 1)}"
