"""Groups of photos that are near each other, around the best of each: no chain of small steps makes a group."""

from typing import Callable, List, NamedTuple, Tuple

import numpy as np

Compare = Callable[[int, np.ndarray], np.ndarray]  # takes a photo and others, returns their distances


class Pairs(NamedTuple):
    """Pairs of photos whose distance is known, each once, in no order."""

    first: np.ndarray  # int64 [pairs]
    second: np.ndarray
    distance: np.ndarray  # float32 [pairs]

    def within(self, threshold: float) -> "Pairs":
        """Those that are no farther apart."""
        near = self.distance <= threshold
        return Pairs(self.first[near], self.second[near], self.distance[near])

    def nearest(self, count: int) -> np.ndarray:
        """Each of `count` photos' smallest distance, float64; infinite where it has no pair."""
        nearest = np.full(count, np.inf)
        for side in (self.first, self.second):
            np.minimum.at(nearest, side, self.distance)
        return nearest


class Member(NamedTuple):
    """A photo of a group."""

    row: int
    distance: float  # from the first of the group


def groups_around(pairs: Pairs, rank: np.ndarray, threshold: float, compare: Compare) -> List[List[Member]]:
    """Groups of two and more, each with its best photo first and the others by their rank.

    Best first, each photo that no group has yet takes all such photos within
    `threshold` of it; and then those within half the threshold of one of these,
    no farther from the first photo than twice the threshold: such as a darker
    copy, of which only a copy in between is near the first. The rest of a chain
    makes other groups.

    `rank` is int64 [photos], 0 for the best. Not every pair need be known:
    neighbours of what a group has taken are compared with its first photo by
    `compare`. Groups are in the order of their best photos.
    """
    starts, ends, others, distances = _by_photo(pairs.within(threshold), len(rank))
    taken = np.zeros(len(rank), bool)
    groups = []
    linked = np.flatnonzero(ends > starts)
    for head in linked[np.argsort(rank[linked], kind="stable")].tolist():
        if taken[head]:
            continue
        taken[head] = True
        known = slice(starts[head], ends[head])
        free = ~taken[others[known]]
        rows, apart = others[known][free], distances[known][free]
        members, asked = [], {head}
        while len(rows):
            taken[rows] = True
            members += [Member(*each) for each in zip(rows.tolist(), apart.tolist())]
            asked.update(rows.tolist())
            around = {int(row) for each in rows for row in others[starts[each] : ends[each]] if not taken[row]}
            rows = np.array(sorted(around - asked), np.int64)
            asked.update(around)
            if len(rows):
                apart = compare(head, rows)
                near = apart <= threshold
                rows, apart = rows[near], apart[near]
        for row, distance in _beside(members, head, threshold, compare, taken, (starts, ends, others, distances)):
            members.append(Member(row, distance))
            taken[row] = True
        if members:
            groups.append([Member(head, 0.0), *sorted(members, key=lambda member: rank[member.row])])
    return groups


def _beside(
    members: List[Member],
    head: int,
    threshold: float,
    compare: Compare,
    taken: np.ndarray,
    lists: Tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> List[Tuple[int, float]]:
    """Photos that are near to a member rather than to the first photo, and their distances from this one."""
    starts, ends, others, distances = lists
    near = set()
    for member in members:
        known = slice(starts[member.row], ends[member.row])
        near.update(others[known][(distances[known] <= threshold / 2) & ~taken[others[known]]].tolist())
    if not near:
        return []
    rows = np.array(sorted(near), np.int64)
    apart = compare(head, rows)
    return [(row, distance) for row, distance in zip(rows.tolist(), apart.tolist()) if distance <= 2 * threshold]


def _by_photo(pairs: Pairs, count: int) -> Tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Where each photo's neighbours begin and end, and all neighbours and distances one photo after the other."""
    photos = np.concatenate([pairs.first, pairs.second])
    others = np.concatenate([pairs.second, pairs.first])
    distances = np.concatenate([pairs.distance, pairs.distance])
    order = np.lexsort((others, photos))
    ends = np.cumsum(np.bincount(photos, minlength=count))
    return np.concatenate([[0], ends[:-1]]).astype(np.int64), ends, others[order], distances[order]
