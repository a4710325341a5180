"""How well clusters agree with the labels of their photos."""

from typing import Any, Dict, List, NamedTuple

import numpy as np

from helpers.errors import FrameError
from helpers.frames.columns import typed_frame
from helpers.frames.per_photo import numbers as numbered


class Scores(NamedTuple):
    """How well clusters agree with labels; photos without a label, or in no cluster, do not count."""

    photos: int  # that count
    left_out: int
    rand: float  # adjusted Rand index (Hubert and Arabie, 1985): 1 the same groups, 0 as at random
    information: float  # normalised mutual information: 1 the same groups, 0 nothing in common
    purity: float  # the share of photos that have the most common label of their cluster
    frame: Any  # an SFrame: cluster, size, labelled (photos), label (the most common one), share (of those labelled)

    def __str__(self) -> str:
        left = f"; {self.left_out} left out" if self.left_out else ""
        return (
            f"adjusted Rand index {self.rand:.3f}, normalised mutual information {self.information:.3f}, "
            f"purity {self.purity:.3f} ({self.photos} photos{left})"
        )


class Tally(NamedTuple):
    """The labels of one cluster."""

    labelled: int
    label: Any  # the most common one; of equally common ones that which comes first
    share: float  # of the labelled photos


def score(numbers: np.ndarray, labels: List[Any]) -> Scores:
    """Judge clusters, int64 [photos], -1 in none, by labels, one a photo; see `Clusters.scores`."""
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    known, _ = numbered(labels, "labels")
    count = (known >= 0) & (numbers >= 0)
    if len(np.unique(known[count])) < 2:
        raise FrameError(
            "the photos in clusters have fewer than two labels, so there is nothing to compare: give labels="
        )
    clusters = tallies(numbers, labels)
    right = sum(round(tally.share * tally.labelled) for tally in clusters.values())
    return Scores(
        photos=int(count.sum()),
        left_out=int((~count).sum()),
        rand=float(adjusted_rand_score(known[count], numbers[count])),
        information=float(normalized_mutual_info_score(known[count], numbers[count])),
        purity=right / int(count.sum()),
        frame=_frame(clusters, np.bincount(numbers[numbers >= 0]).tolist()),
    )


def tallies(numbers: np.ndarray, labels: List[Any]) -> Dict[int, Tally]:
    """Cluster → its tally, for each that has photos with a label."""
    known, names = numbered(labels, "labels")
    clusters = {}
    for number in np.unique(numbers[(numbers >= 0) & (known >= 0)]).tolist():
        counts = np.bincount(known[(numbers == number) & (known >= 0)])
        label = int(np.argmax(counts))
        clusters[number] = Tally(int(counts.sum()), names[label], float(counts[label] / counts.sum()))
    return clusters


def _frame(tallies_of: Dict[int, Tally], sizes: List[int]) -> Any:
    clusters = list(range(len(sizes)))
    nothing = Tally(0, None, np.nan)
    each = [tallies_of.get(number, nothing) for number in clusters]
    labels = [tally.label.item() if isinstance(tally.label, np.generic) else tally.label for tally in each]
    kinds = {type(label) for label in labels if label is not None}
    kind = kinds.pop() if kinds in ({int}, {float}, {str}) else str
    columns = (
        ("cluster", int, clusters),
        ("size", int, sizes),
        ("labelled", int, [tally.labelled for tally in each]),
        ("label", kind, [None if label is None else kind(label) for label in labels]),
        ("share", float, [tally.share if tally.labelled else None for tally in each]),
    )
    return typed_frame(columns)
