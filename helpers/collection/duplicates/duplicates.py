"""Photos that a collection has more than once: the same bytes, the same picture, or nearly the same.

`find_duplicates(model)` returns `Duplicates`: groups, best copy first. Nothing is ever deleted: the result is a frame,
a CSV, or files moved to a folder, which asks first and can be undone. All thresholds are in `thresholds.py`.
"""

import os
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

import numpy as np
from matplotlib.figure import Figure

from helpers.arguments import check_whole, takes
from helpers.collection.duplicates import thresholds
from helpers.collection.duplicates.evidence import Evidence
from helpers.collection.duplicates.finder import DuplicateFinder
from helpers.collection.duplicates.groups import Member
from helpers.collection.duplicates.move_aside import GroupPhoto, Moved, move_aside
from helpers.collection.duplicates.same_picture import picture_distances
from helpers.errors import ExportError
from helpers.files.replacing import replacing
from helpers.files.spelling import expanded
from helpers.files.spreadsheet import write_rows
from helpers.frames.columns import bad_frame, typed_frame
from helpers.frames.photo_paths import folder_of
from helpers.images.contact_sheets import COLUMNS, PhotoGroup, Tile, contact_sheets
from helpers.images.thumbnails import Thumbnails
from helpers.photos.export import check_free
from helpers.similarity.members import CollectionModel

_MOST = 20  # groups that a figure shows
_BEST = "best"


@takes(model="model")
def find_duplicates(
    model: CollectionModel,
    kind: str = "picture",
    threshold: Optional[float] = None,
    *,
    seconds: Optional[float] = None,
    progress: bool = True,
) -> "Duplicates":
    """Groups of photos that are the same, or nearly.

    Parameters
    ----------
    model : SimilarityModel
    kind : {"picture", "bytes", "near"}
        `"bytes"`: files with the same bytes (sha-256). `"picture"`: also one
        picture twice, resized, compressed, cropped a little, made brighter or
        stored lying on its side. `"near"`: photos whose features are near each
        other, such as a burst.
    threshold : float, optional
        For `"picture"`, how much of a picture's contrast may remain when another
        is laid over it, 0 to 0.5, by default 0.25; whatever it is, their detail
        has to agree, too. For `"near"`, the largest distance of features, which
        has no unit: by default a quarter of the usual distance of two photos of
        the collection, and for `cosine`, which is a square, a sixteenth.
    seconds : float, optional
        For `"near"`: only photos that were taken within so many seconds of each
        other, as far as the moments are known.
    progress : bool
        Show progress bars.

    Returns
    -------
    Duplicates

    Raises
    ------
    FrameError
        For another kind and for a threshold out of range.

    Notes
    -----
    A group's first photo is its best, most likely the original: the one with most
    pixels; of these the one with most of what a camera writes into EXIF; one
    without cut-off lights rather than its brighter copy; the least compressed;
    the first name. The size of the file does not count, since that of a brighter
    copy is larger. The others are
    within the threshold of it, or within half the threshold of one that is and
    within twice the threshold of the best, so that photos that each are near
    the next make no chain. Candidates are the
    neighbours by features and by perceptual hash (`imagehash.phash`). Photos of
    different moments by the camera's clock are never the same picture, and of
    one second and one size only where one is the other, saved again. A small
    copy, which looks like each frame of a burst, goes to the one that it is
    nearest to as bright as it is. Photos without a date are judged by what they
    show: of a camera that never moves, frames whose files have lost their dates
    count as copies. Pictures of numbers that had to be stretched to be seen (16
    bits, floats) are copies where the numbers agree: saved again or made smaller.
    Made brighter, cropped or turned into 8 bits they are not, since another
    measurement looks the same then.

    Examples
    --------
    >>> from helpers.photos.load import load_photos
    >>> from helpers.similarity.build import create
    >>> data, bad = load_photos("data/robots/tarn")
    >>> find_duplicates(create(data, model="efficientnet-lite0", verbose=False))
    no duplicates among 80 photos (picture, threshold 0.25)
    """
    return Duplicates(DuplicateFinder(model, kind, seconds=seconds, progress=progress), threshold)


class Duplicates:
    """Groups of photos, found with `threshold`.

    `groups` are lists of labels, best copy first; the largest group comes
    first, equals by the name of their best copy. `distances` are those of every
    photo of the model to its nearest one, for a histogram. `bad` is an SFrame of
    the photos that could not be looked at: label, path and reason.
    """

    def __init__(self, finder: DuplicateFinder, threshold: Optional[float] = None) -> None:
        """Raises `FrameError` for a threshold out of range."""
        self.model, self.kind, self.threshold = finder.model, finder.kind, finder.threshold(threshold)
        self.distances = finder.distances
        members = finder.groups(self.threshold)
        labels, names = self.model.labels, self.model.names
        self.groups = [[labels[member.row] for member in group] for group in members]
        self.bad = bad_frame([(labels[row], names[row], reason) for row, reason in sorted(finder.photos.bad)])
        self._photos, self._members = finder.photos, members
        self._frame: Any = None

    def __repr__(self) -> str:
        how = self.kind if self.kind == "bytes" else f"{self.kind}, threshold {self.threshold:.3g}"
        among = f"among {len(self.model.labels)} photos ({how})"
        if not self.groups:
            return f"no duplicates {among}"
        photos = sum(map(len, self.groups))
        count = len(self.groups)
        size = f"{self._spare_bytes() / 1e6:.1f} MB"
        return (
            f"{count} group{'s' * (count != 1)} of {photos} photos {among}: "
            f"{photos - count} beside the best of each, {size}"
        )

    @property
    def frame(self) -> Any:
        """An SFrame, a row a photo: `group` (from 1), `label`, `path`, `width`, `height`, `bytes`, `kind`, `distance`, `keep`.

        `kind` is how a photo is related to the best of its group: `bytes`, `picture`
        or `near`; and `best` for that one, whose `keep` is 1. `distance` is from
        the best, of pictures or, for near photos, of features.
        """  # noqa: E501
        if self._frame is None:
            kinds = {"path": str, "kind": str, "distance": float}
            self._frame = typed_frame((name, kinds.get(name), values) for name, values in self._columns().items())
        return self._frame

    def save_csv(self, path: Union[str, "os.PathLike[str]"]) -> Path:
        """Write the frame to a CSV, whole or not at all; text that begins like a formula is marked.

        See `helpers.files.spreadsheet`.

        Returns where it is. Raises `FrameError` where something is there
        already, and `ExportError` where it cannot be written.
        """
        place, columns = expanded(path).absolute(), self._columns()
        check_free(place)
        try:
            with replacing(place) as half:
                write_rows(half, list(columns), zip(*columns.values()), errors="surrogateescape")
        except OSError as error:
            raise ExportError(
                f"{place}: the CSV could not be written ({error.strerror or error}); choose another place"
            ) from error
        return place

    def show(self, k: int = 10, *, thumbnails: Optional[Thumbnails] = None) -> Figure:
        """The first `k` groups, 20 at most, as a figure: a row of up to six photos each, the best one first.

        With `thumbnails` these are drawn, which is faster, and not as sharp.
        """
        check_whole("k", k)
        photos, groups = self._photos, self._members[: min(k, _MOST)]
        rows = [member.row for group in groups for member in group[:COLUMNS]]
        sources = {row: photos.sources[row] for row in rows}
        if thumbnails is not None:
            made = thumbnails.get_many([(sources[row], photos.identities[row]) for row in rows])
            sources.update((row, jpeg) for row, jpeg in zip(rows, made) if jpeg is not None)
        strips = []
        for number, group in enumerate(groups, 1):
            more = f", {COLUMNS} shown" if len(group) > COLUMNS else ""
            tiles = [Tile(photos.names[each.row], sources[each.row], self._caption(each)) for each in group[:COLUMNS]]
            strips.append(PhotoGroup(f"{number}: {len(group)} photos{more}", tiles))
        note = f"{len(strips)} of {len(self.groups)} groups shown" if len(strips) < len(self.groups) else ""
        return contact_sheets(strips, note or ("" if strips else "no duplicates"))

    def move_aside(
        self, folder: Union[str, "os.PathLike[str]"], *, ask: Callable[[str], str] = input, progress: bool = True
    ) -> Moved:
        """Move all photos but the best of each group to a folder, if `ask` says yes.

        The files keep their paths below the folder. `moved.undo()`, or later
        `helpers.collection.undo_move(folder)`, puts them back. Raises what
        `helpers.collection.duplicates.move_aside.move_aside` raises.
        """
        photos = self._photos
        groups = [
            [
                GroupPhoto(photos.names[each.row], photos.sources[each.row], photos.identities[each.row] or "")
                for each in group
            ]
            for group in self._members
        ]
        files = [source if isinstance(source, str) else None for source in photos.sources]
        return move_aside(groups, folder, folder_of(photos.names, files) or "", ask=ask, progress=progress)

    def _caption(self, member: Member) -> str:
        width, height, size = self._photos.sizes.of(np.array([member.row]))[0]
        return f"{width}x{height}, {_short(size)}"

    def _spare_bytes(self) -> int:
        rows = [member.row for group in self._members for member in group[1:]]
        return int(self._photos.sizes.of(np.array(rows, np.int64))[:, 2].sum())

    def _columns(self) -> Dict[str, List[Any]]:
        every = [(number, group[0], member) for number, group in enumerate(self._members, 1) for member in group]
        rows = np.array([member.row for _, _, member in every], np.int64)
        width, height, size = self._photos.sizes.of(rows).T.tolist()
        return {
            "group": [number for number, _, _ in every],
            "label": [self.model.labels[row] for row in rows],
            "path": [self.model.names[row] for row in rows],
            "width": width,
            "height": height,
            "bytes": size,
            "kind": self._kinds([(best.row, member.row) for _, best, member in every]),
            "distance": [member.distance for _, _, member in every],
            "keep": [int(best is member) for _, best, member in every],
        }

    def _kinds(self, pairs: List[Tuple[int, int]]) -> List[str]:
        """How each photo is related to the best of its group."""
        identities = self._photos.identities
        kinds = [self.kind] * len(pairs)
        others = []
        for place, (best, row) in enumerate(pairs):
            if row == best:
                kinds[place] = _BEST
            elif identities[row] == identities[best]:
                kinds[place] = "bytes"
            else:
                others.append(place)
        if self.kind == "near" and others:
            first, second = np.array([pairs[place] for place in others], np.int64).T
            prints, bad = self._photos.fingerprints(np.unique([first, second]))
            same = picture_distances(prints, first, prints, second) <= thresholds.SAME_PICTURE
            unreadable = [row for row, _ in bad]
            same &= ~np.isin(first, unreadable) & ~np.isin(second, unreadable)
            same[same] = ~Evidence(self._photos).lacking(first[same], second[same])
            for place in np.array(others)[same].tolist():
                kinds[place] = "picture"
        return kinds


def _short(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
