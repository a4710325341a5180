"""Detections that repeat: a stump that a detector takes for an animal in photo after photo of one camera."""

import datetime
from itertools import product
from math import floor, log
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
from matplotlib.figure import Figure

from helpers.arguments import check_whole
from helpers.errors import FrameError
from helpers.files.progress import progress_bar
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame
from helpers.frames.photo_paths import row_paths
from helpers.images.boxes import SIDES, Box, box_in, intersection_over_union
from helpers.images.contact_sheets import PhotoGroup, Tile, contact_sheets
from helpers.photos.events import add_events, cameras_of
from helpers.season.detection.detections import Detections

_MOST = 100  # places of a figure
_LEAST = 1e-6  # of a side, as a share of the photo: what is smaller is less than a pixel
_EACH = 5  # photos of a place in it
_TYPES = (*(("place", int), ("camera", str), ("photos", int)), *(("path", str), ("kind", str), ("score", float)))


def find_repeats(
    detections: Detections,
    cards: SFrame,
    *,
    photos: int = 20,
    events: int = 3,
    overlap: float = 0.9,
    largest: float = 0.2,
    progress: bool = True,
) -> SFrame:
    """Find animals that are at the same place in many photos of a camera, and so perhaps are none.

    Parameters
    ----------
    detections
        What `read_detections` returned.
    cards
        The frame that they were read for, with a camera, deployment or folder.
    photos
        From how many photos of one camera on a place is found.
    events
        In how many events, at least, where the frame has dates: an animal that
        sleeps before the camera is in one.
    overlap
        How far boxes at one place overlap: the area that two have in common, as
        a share of the area that they cover together, 0.5 to 1.
    largest
        The largest box, as a share of the photo, 0 to 1: an animal close to the
        camera fills the photo again and again.
    progress
        Whether to show a progress bar.

    Returns
    -------
    SFrame
        A row for each detection at such a place: `place`, a number from 0,
        `camera`, `photos` of the place, `path`, `kind`, `score`, and `left`,
        `top`, `right`, `bottom`. The places with the most photos come first,
        and of a place the photos by path. `detections.without(repeats)` sets
        them, or those of some places, aside. Nothing else changes: `detections`
        still has them.

    Raises
    ------
    FrameError
        For another frame or number, and a frame without cameras.

    Notes
    -----
    The rule is that of MegaDetector's `repeat_detection_elimination`: a box
    that comes again and again does not move as animals do. Only animals are
    looked at: a person who seems to repeat stays hidden.
    """
    _check(photos, events, overlap, largest)
    if not isinstance(detections, Detections):
        raise FrameError(f"detections is what read_detections() returned, not {type(detections).__name__}")
    if not isinstance(cards, SFrame) or not detections.is_of(cards):
        raise FrameError("cards is the frame that the detections were read for, with all of its rows")
    cameras, event_of_photo = cameras_of(cards), _events(cards)
    places: Dict[str, _Places] = {}
    sides = detections.boxes[:, 2:] - detections.boxes[:, :2]
    small = (sides.prod(axis=1) <= largest) & (sides.min(axis=1, initial=1) > _LEAST)
    order = [row for row in np.argsort(-detections.scores, kind="stable") if detections.kinds[row] == "animal"]
    for row in progress_bar(order, desc="repeats", show=progress):
        if small[row]:
            camera = cameras[detections.rows[row]]
            places.setdefault(camera, _Places(overlap)).add(int(row), detections.boxes[row])
    found: List[_Place] = []
    for camera, of_camera in places.items():
        for rows in of_camera.rows:
            seen = {int(photo) for photo in detections.rows[rows]}
            enough = event_of_photo is None or len({event_of_photo[photo] for photo in seen}) >= events
            if len(seen) >= photos and enough:
                found.append(_Place(camera, len(seen), sorted(rows)))
    found.sort(key=lambda place: (-place.photos, place.camera, place.rows))
    return _frame(detections, found)


def show_repeats(repeats: SFrame, cards: SFrame, *, k: int = 40) -> Figure:
    """Draw the places where detections repeat, each with some of its photos, first to last.

    Parameters
    ----------
    repeats
        What `find_repeats` returned, or some of its rows.
    cards
        The frame of the photos.
    k
        How many places to draw, 1 to 100: those with the most photos.

    Returns
    -------
    Figure
        A group of up to five photos for each place, evenly chosen, with the box
        enlarged and the whole photo in the corner. A photo that cannot be read
        is a grey tile with the reason.

    Raises
    ------
    FrameError
        For another frame or number.
    """
    check_whole("k", k)
    if k > _MOST:
        raise FrameError(f"k={k}: show_repeats draws {_MOST} places at most")
    _check_repeats(repeats)
    if not isinstance(cards, SFrame):
        raise FrameError(f"cards is the frame of load_photos, not {type(cards).__name__}")
    files = dict(zip(*row_paths(cards)))
    by_place: Dict[int, List[Dict[str, Any]]] = {}
    for one in repeats:
        by_place.setdefault(one["place"], []).append(one)
    groups = []
    for place, rows in list(by_place.items())[:k]:
        chosen = np.unique(np.linspace(0, len(rows) - 1, min(_EACH, len(rows))).round().astype(int))
        shown = [rows[each] for each in chosen]
        tiles = []
        for one in shown:
            source = files.get(one["path"]) or one["path"]
            tiles.append(Tile(one["path"], source, f"score {one['score']:.2f}", box_in(one)))
        groups.append(PhotoGroup(f"place {place}: {rows[0]['photos']} photos of {rows[0]['camera']}", tiles))
    left = len(by_place) - len(groups)
    note = f"{k} of {len(by_place)} places" if left else "" if groups else "nothing repeats"
    return contact_sheets(groups, note)


class _Place(NamedTuple):
    camera: str
    photos: int
    rows: List[int]  # of the detections


class _Places:
    """The boxes of a camera, each at the place that it overlaps with most, in linear time.

    Boxes of which two overlap by a share have sides that differ by no more than
    that share, and left and top edges that differ by a part of the smaller one:
    they are in the same cell of a grid, or in neighbouring ones. Cells are as
    fine as their boxes are small, so that none holds many.
    """

    def __init__(self, overlap: float) -> None:
        self.rows: List[List[int]] = []  # of each place
        self._overlap = min(overlap, 0.999)
        self._cells: Dict[Tuple[int, ...], List[Tuple[int, Box]]] = {}

    def add(self, row: int, box: np.ndarray) -> None:
        left, top, right, bottom = box.tolist()
        ratio = -log(self._overlap)
        sizes = floor(log(right - left) / ratio), floor(log(bottom - top) / ratio)
        near: List[Tuple[int, Box]] = []
        for shift in product((-1, 0, 1), repeat=2):
            wide, tall = sizes[0] + shift[0], sizes[1] + shift[1]
            across, down = self._place(left, wide), self._place(top, tall)
            for more, further in product((-1, 0, 1), repeat=2):
                near += self._cells.get((wide, tall, across + more, down + further), ())
        if near:
            near.sort()
            shares = intersection_over_union(box[None], np.array([of for _, of in near]))[0]
            best = int(shares.argmax())
            if shares[best] >= self._overlap:
                return self.rows[near[best][0]].append(row)
        cell = *sizes, self._place(left, sizes[0]), self._place(top, sizes[1])
        self._cells.setdefault(cell, []).append((len(self.rows), (left, top, right, bottom)))
        self.rows.append([row])

    def _place(self, edge: float, size: int) -> int:
        """Where an edge is, in steps by which the edges of boxes of that size differ at most."""
        return floor(edge * self._overlap / (1 - self._overlap) * self._overlap ** (size + 1))


def _frame(detections: Detections, found: Sequence[_Place]) -> SFrame:
    rows = [row for place in found for row in place.rows]
    places = [(number, place) for number, place in enumerate(found) for _ in place.rows]
    values: Dict[str, List[Any]] = {
        "place": [number for number, _ in places],
        "camera": [place.camera for _, place in places],
        "photos": [place.photos for _, place in places],
        "path": [detections.names[photo] for photo in detections.rows[rows].tolist()] if rows else [],
        "kind": [detections.kinds[row] for row in rows],
        "score": [float(detections.scores[row]) for row in rows],
    }
    edges = [detections.boxes[row].tolist() for row in rows]
    columns = [(name, kind, values[name]) for name, kind in _TYPES]
    return typed_frame([*columns, *((side, float, [box[each] for box in edges]) for each, side in enumerate(SIDES))])


def _events(cards: SFrame) -> Any:
    """The event of each photo; None where the frame has no dates."""
    names = cards.column_names()
    if "event" in names:
        return list(cards["event"])
    dated = "taken" in names and any(isinstance(moment, datetime.datetime) for moment in cards["taken"])
    return list(add_events(cards)["event"]) if dated else None


def _check_repeats(repeats: Any) -> None:
    needed = [*(name for name, _ in _TYPES), *SIDES]
    if not isinstance(repeats, SFrame) or not set(needed) <= set(repeats.column_names()):
        raise FrameError("repeats is what find_repeats() returned, or some of its rows")


def _check(photos: Any, events: Any, overlap: Any, largest: Any) -> None:
    check_whole("photos", photos)
    check_whole("events", events)
    for name, value, least in (("overlap", overlap, 0.5), ("largest", largest, 0)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= 1:
            raise FrameError(f"{name} is a share from {least} to 1, not {value!r}")
