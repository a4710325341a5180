"""Two collections against each other: which of these photos are already in the archive."""

from typing import Dict, List, NamedTuple, Optional

import numpy as np

from helpers.arguments import check_distance, takes
from helpers.collection.duplicates import thresholds
from helpers.collection.duplicates.evidence import Evidence
from helpers.collection.duplicates.fingerprints import near_hashes
from helpers.collection.duplicates.pairs import by_metric, neighbours, usual_distance
from helpers.collection.duplicates.photo_files import PhotoFiles
from helpers.collection.duplicates.same_picture import picture_distances
from helpers.errors import FrameError
from helpers.frames import Frame
from helpers.frames.columns import typed_frame
from helpers.similarity.members import CollectionModel


class _ArchiveMatch(NamedTuple):
    row: int  # of the archive
    kind: str
    distance: float


@takes(model="model", archive="model")
def compare_collections(
    model: CollectionModel,
    archive: CollectionModel,
    kind: str = "picture",
    threshold: Optional[float] = None,
    *,
    progress: bool = True,
) -> Frame:
    """Which photos of a model are in another one, the archive, already.

    Parameters
    ----------
    model, archive : SimilarityModel
    kind : {"bytes", "picture", "near"}
        As for `helpers.collection.find_duplicates`.
    threshold : float, optional
        Likewise; by default near photos are those within a quarter of the usual
        distance of two photos of the archive.

    Returns
    -------
    SFrame
        A row for each photo that is in the archive, in the order of the model:
        `label`, `path`, `archive_label` and `archive_path` of the nearest photo
        in the archive, `kind` (`bytes`, or the kind asked for) and `distance`,
        0 for the same bytes. Photos whose files are gone are left out.

    Raises
    ------
    FrameError
        For another kind, a threshold out of range, and models of different
        networks.

    Examples
    --------
    >>> from helpers.photos.load import load_photos
    >>> from helpers.similarity.build import create
    >>> both = [create(load_photos(folder)[0], model="efficientnet-lite0", verbose=False)
    ...         for folder in ("data/robots/tarn", "data/robots")]
    >>> found = compare_collections(*both)
    >>> len(found), found["archive_path"][0], found["kind"][0]
    (80, 'tarn/tarn-001.jpg', 'bytes')
    """
    if kind not in thresholds.KINDS:
        raise FrameError(f"kind={kind!r} is not known; there are {', '.join(thresholds.KINDS)}")
    check_distance("threshold", threshold)
    if kind == "bytes" and threshold is not None:
        raise FrameError("threshold is not for bytes, which are the same or not")
    if kind != "bytes" and model.network.identity != archive.network.identity:
        raise FrameError(
            f"the features of {model.network.name} and {archive.network.name} cannot be compared; build both models "
            f"with the same model=, or ask for kind='bytes'"
        )
    ours, theirs = PhotoFiles(model), PhotoFiles(archive)
    rows = {theirs.identities[row]: int(row) for row in theirs.rows}
    matches: Dict[int, _ArchiveMatch] = {}
    for row in np.flatnonzero(ours.one >= 0).tolist():
        same = rows.get(ours.identities[row])
        if same is not None:
            matches[row] = _ArchiveMatch(same, "bytes", 0.0)
    left = np.array([row for row in np.flatnonzero(ours.one >= 0).tolist() if row not in matches], np.int64)
    limit = _limit(archive, kind, threshold)
    if len(left) and kind == "picture":
        matches.update(_pictures(ours, theirs, left, limit, progress))
    elif len(left) and kind == "near":
        for some, near, distances in neighbours(model, left, archive.index, 1, progress):
            for row, other, distance in zip(some.tolist(), near[:, 0].tolist(), distances[:, 0].tolist()):
                if distance <= limit:
                    matches[row] = _ArchiveMatch(other, "near", distance)
    return _frame(model, archive, matches)


def _limit(archive: CollectionModel, kind: str, wanted: Optional[float]) -> float:
    if kind == "bytes":
        return 0.0
    usual, largest = thresholds.SAME_PICTURE, thresholds.LARGEST_SAME_PICTURE
    if kind == "near":
        apart = usual_distance(archive)
        usual, largest = (by_metric(archive, share) * apart for share in (thresholds.NEAR, thresholds.LARGEST_NEAR))
    if wanted is not None and wanted > largest:
        raise FrameError(f"threshold is {largest:.3g} at most, not {wanted!r}")
    return usual if wanted is None else wanted


def _pictures(
    ours: PhotoFiles, theirs: PhotoFiles, left: np.ndarray, limit: float, progress: bool
) -> Dict[int, _ArchiveMatch]:
    """The nearest picture of each photo that has one."""
    prints, bad = ours.fingerprints(left, progress)
    others, gone = theirs.fingerprints(theirs.rows, progress)
    left = np.setdiff1d(left, [row for row, _ in bad])
    rows = np.setdiff1d(theirs.rows, [row for row, _ in gone])
    count = len(theirs.names)
    keys: List[np.ndarray] = [np.empty(0, np.int64)]
    for start, near, bits in near_hashes(others.hashes[rows], prints.hashes[left], thresholds.CANDIDATES):
        keys.append((left[start : start + len(near), None] * count + rows[near])[bits <= thresholds.HASH_BITS])
    for some, near, _ in neighbours(ours.model, left, theirs.model.index, thresholds.CANDIDATES, progress):
        near = theirs.one[near]
        keys.append((some[:, None] * count + near)[np.isin(near, rows)])
    first, second = np.divmod(np.unique(np.concatenate(keys)), count)
    apart = picture_distances(prints, first, others, second, progress)
    same = np.flatnonzero(apart <= limit)
    first, second, apart = first[same], second[same], apart[same]
    keep = ~Evidence(ours, theirs).lacking(first, second, progress)
    matches: Dict[int, _ArchiveMatch] = {}
    for row, other, distance in zip(first[keep].tolist(), second[keep].tolist(), apart[keep].tolist()):
        if row not in matches or distance < matches[row].distance:
            matches[row] = _ArchiveMatch(other, "picture", distance)
    return matches


def _frame(model: CollectionModel, archive: CollectionModel, matches: Dict[int, _ArchiveMatch]) -> Frame:
    rows = sorted(matches)
    nearest = [matches[row] for row in rows]
    columns = (
        ("label", type(model.labels[0]), [model.labels[row] for row in rows]),
        ("path", str, [model.names[row] for row in rows]),
        ("archive_label", type(archive.labels[0]), [archive.labels[match.row] for match in nearest]),
        ("archive_path", str, [archive.names[match.row] for match in nearest]),
        ("kind", str, [match.kind for match in nearest]),
        ("distance", float, [match.distance for match in nearest]),
    )
    return typed_frame(columns)
