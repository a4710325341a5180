"""Two collections against each other: which of these photos are already in the archive."""

from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np

from helpers.arguments import check_distance
from helpers.collection.duplicates.exposures import Exposures
from helpers.collection.duplicates.looks import near_hashes
from helpers.collection.duplicates.pairs import (
    BITS,
    KINDS,
    LIKE,
    NEAR,
    PHOTOS,
    SAME,
    by_metric,
    pictures_apart,
    usual_distance,
)
from helpers.collection.duplicates.photos import Photos
from helpers.errors import FrameError
from helpers.features.blocks import parts
from helpers.features.nearest import bar
from helpers.frames.columns import typed_frame


class _Match(NamedTuple):
    row: int  # of the archive
    kind: str
    distance: float


def compare_collections(
    model: Any, archive: Any, kind: str = "picture", threshold: Optional[float] = None, *, progress: bool = True
) -> Any:
    """Which photos of a model are in another one, the archive, already.

    `kind` and `threshold` are those of `helpers.collection.find_duplicates`; by
    default near photos are those within a quarter of the usual distance of two
    photos of the archive.

    Returns an SFrame, a row for each photo that was found, in the order of the
    model: `label`, `path`, `archive_label` and `archive_path` of the nearest
    photo in the archive, `kind` (what the two are to each other: `bytes`, or
    the kind asked for) and `distance`, 0 for the same bytes. Photos that have
    gone are not found. Raises `FrameError` for another kind, a threshold out of
    range, and models of different networks.

    >>> from helpers.photos.load import load_photos
    >>> from helpers.similarity.build import create
    >>> both = [create(load_photos(folder)[0], model="efficientnet-lite0", verbose=False)
    ...         for folder in ("data/robots/tarn", "data/robots")]
    >>> found = compare_collections(*both)
    >>> len(found), found["archive_path"][0], found["kind"][0]
    (80, 'tarn/tarn-001.jpg', 'bytes')
    """
    if kind not in KINDS:
        raise FrameError(f"kind={kind!r} is not known; there are {', '.join(KINDS)}")
    check_distance("threshold", threshold)
    if kind == "bytes" and threshold is not None:
        raise FrameError("threshold is not for bytes, which are the same or not")
    if kind != "bytes" and model.network.identity != archive.network.identity:
        raise FrameError(
            f"the features of {model.network.name} and {archive.network.name} cannot be compared; build both models "
            f"with the same model=, or ask for kind='bytes'"
        )
    ours, theirs = Photos(model), Photos(archive)
    rows = {theirs.identities[row]: int(row) for row in theirs.rows}
    found: Dict[int, _Match] = {}
    for row in np.flatnonzero(ours.one >= 0).tolist():
        same = rows.get(ours.identities[row])
        if same is not None:
            found[row] = _Match(same, "bytes", 0.0)
    left = np.array([row for row in np.flatnonzero(ours.one >= 0).tolist() if row not in found], np.int64)
    if len(left) and kind == "picture":
        limit = SAME if threshold is None else threshold
        found.update(_pictures(ours, theirs, left, limit, progress))
    elif len(left) and kind == "near":
        limit = by_metric(archive, NEAR) * usual_distance(archive) if threshold is None else threshold
        with bar(len(left), progress) as shown:
            for some in parts(left, PHOTOS):
                near, distances = archive.index.search(model.vectors[some], 1)
                for row, other, distance in zip(some.tolist(), near[:, 0].tolist(), distances[:, 0].tolist()):
                    if distance <= limit:
                        found[row] = _Match(other, "near", distance)
                shown.update(len(some))
    return _frame(model, archive, found)


def _pictures(ours: Photos, theirs: Photos, left: np.ndarray, limit: float, progress: bool) -> Dict[int, _Match]:
    """The nearest picture of each photo that has one."""
    looks, bad = ours.looks(left, progress)
    others, gone = theirs.looks(theirs.rows, progress)
    left = np.setdiff1d(left, [row for row, _ in bad])
    rows = np.setdiff1d(theirs.rows, [row for row, _ in gone])
    count = len(theirs.names)
    keys: List[np.ndarray] = [np.empty(0, np.int64)]
    for start, near, bits in near_hashes(others.hashes[rows], looks.hashes[left], LIKE):
        keys.append((left[start : start + len(near), None] * count + rows[near])[bits <= BITS])
    with bar(len(left), progress) as shown:
        for some in parts(left, PHOTOS):
            near = theirs.one[theirs.model.index.search(ours.model.vectors[some], LIKE)[0]]
            keys.append((some[:, None] * count + near)[np.isin(near, rows)])
            shown.update(len(some))
    first, second = np.divmod(np.unique(np.concatenate(keys)), count)
    apart = pictures_apart(looks, first, others, second, progress)
    same = np.flatnonzero(apart <= limit)
    first, second, apart = first[same], second[same], apart[same]
    keep = ~Exposures(ours, theirs).differ(first, second)
    found: Dict[int, _Match] = {}
    for row, other, distance in zip(first[keep].tolist(), second[keep].tolist(), apart[keep].tolist()):
        if row not in found or distance < found[row].distance:
            found[row] = _Match(other, "picture", distance)
    return found


def _frame(model: Any, archive: Any, found: Dict[int, _Match]) -> Any:
    rows = sorted(found)
    matches = [found[row] for row in rows]
    columns = (
        ("label", type(model.labels[0]), [model.labels[row] for row in rows]),
        ("path", str, [model.names[row] for row in rows]),
        ("archive_label", type(archive.labels[0]), [archive.labels[match.row] for match in matches]),
        ("archive_path", str, [archive.names[match.row] for match in matches]),
        ("kind", str, [match.kind for match in matches]),
        ("distance", float, [match.distance for match in matches]),
    )
    return typed_frame(columns)
