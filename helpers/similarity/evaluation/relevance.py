"""Which photos are right as neighbours of which: those with the same label, outside the photo's own group."""

from typing import Any, Iterable, List, NamedTuple, Optional

import numpy as np

from helpers.errors import FrameError
from helpers.frames.per_photo import check_entries, group_numbers, numbers


class Relevance(NamedTuple):
    """Labels and groups as numbers, one a photo, and what follows from them."""

    label: np.ndarray  # the number of the photo's label, -1 without one
    labels: List[Any]  # the labels by their numbers
    group: np.ndarray  # the number of the photo's group
    others: np.ndarray  # how many photos are outside its group
    relevant: np.ndarray  # how many of these have its label; -1 for a photo without one
    queries: np.ndarray  # the photos that count: with a label, and another photo outside their group

    @classmethod
    def of(cls, labels: Iterable[Any], groups: Optional[Iterable[Any]], count: int) -> "Relevance":
        """Raises `FrameError` unless there is an entry for each of `count` photos."""
        photo_labels = list(labels)
        check_entries(photo_labels, count, "labels")
        photo_groups = None if groups is None else list(groups)
        if photo_groups is not None:
            check_entries(photo_groups, count, "groups")
        label, names = numbers(photo_labels, "labels")
        group = group_numbers(photo_groups, count)
        others = count - np.bincount(group)[group] if count else np.zeros(0, np.int64)
        relevant = np.full(count, -1, np.int64)
        labelled = np.flatnonzero(label >= 0)
        if len(labelled):
            pairs = label[labelled] * count + group[labelled]
            _, pair, in_group = np.unique(pairs, return_inverse=True, return_counts=True)
            relevant[labelled] = np.bincount(label[labelled])[label[labelled]] - in_group[pair.reshape(-1)]
        return cls(label, names, group, others, relevant, np.flatnonzero((label >= 0) & (others > 0)))

    @property
    def can_be_judged(self) -> bool:
        """Whether there are two labels to tell apart, and a photo that counts."""
        return len(self.labels) > 1 and len(self.queries) > 0

    def checked(self) -> "Relevance":
        """Itself; raises `FrameError` where it cannot be judged."""
        if len(self.labels) < 2:
            raise FrameError("there is nothing to tell apart: give labels=, at least two different ones")
        if not len(self.queries):
            raise FrameError("no photo has another one outside its own group; give other groups, or none")
        return self
