"""Finding the strips that cameras write into their photos: date, temperature, a maker's logo.

They are the same in all photos of a camera, and not part of the scene.
"""

import contextlib
import datetime
from typing import Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from helpers.arguments import check_whole, takes
from helpers.errors import FrameError, PhotoError
from helpers.files.progress import progress_bar
from helpers.files.threads import work_ahead
from helpers.frames import SFrame
from helpers.frames.columns import typed_frame
from helpers.frames.photo_paths import row_paths
from helpers.images.decode import open_photo
from helpers.photos.events import cameras_of

_SIZE = (160, 480)  # pixels to which photos are reduced: heights matter more than widths
_SAME = 14  # levels of 255 by which a pixel of a strip may differ, between the 10th and the 90th of 100 photos
_SHARE = 0.55  # of a row that stays the same: the rest are digits
_LARGEST = 0.15  # of the height
_FEWEST = 8  # photos that are needed
_AHEAD = 16


class StripHeights(NamedTuple):
    """The heights of a camera's strips, as shares of the photo's; 0 without a strip."""

    top: float
    bottom: float


@takes(data="frame")
def find_strips(data: SFrame, *, photos: int = 40, progress: bool = True) -> SFrame:
    """Find the strips of each camera.

    Parameters
    ----------
    data
        A frame of `load_photos`; with `taken` and `night`, photos are chosen by them.
    photos
        How many photos of a camera to look at, spread over the time, half of
        them by night where possible.
    progress
        Whether to show a progress bar.

    Returns
    -------
    SFrame
        A row per camera, by name: `camera` (with its site); `top` and `bottom`,
        the heights of the strips as shares of the photo's, 0 without one;
        `rows`, both in pixels of the tallest photo; `photos`, how many were
        looked at.

    Raises
    ------
    FrameError
        Where the photos are not files, or the frame has no camera of them.

    Notes
    -----
    A strip is what stays the same, row by row, by day and night. None is found
    in fewer than 8 photos, nor in photos that all look alike, such as a burst.
    """
    check_whole("photos", photos)
    cameras = [str(camera) for camera in cameras_of(data)]
    names = data.column_names()
    taken = list(data["taken"]) if "taken" in names else [None] * len(data)
    infrared = list(data["infrared"]) if "infrared" in names else [None] * len(data)
    heights = list(data["height"]) if "height" in names else [0] * len(data)
    files = [str(file or "") for file in row_paths(data)[1]]
    if "" in files:
        raise FrameError("strips are found in photos that are files; give the frame of load_photos")
    groups: Dict[str, List[int]] = {}
    for row, camera in enumerate(cameras):
        groups.setdefault(camera, []).append(row)
    chosen = {camera: _spread(rows, taken, infrared, photos) for camera, rows in sorted(groups.items())}
    total = sum(map(len, chosen.values()))
    rows = []
    with progress_bar(total=total, desc="strips", show=progress) as bar:
        for camera, some in chosen.items():
            pixels = []
            with contextlib.closing(work_ahead(_grey, [files[row] for row in some], ahead=_AHEAD)) as read:
                for grey in read:
                    bar.update(1)
                    if grey is not None:
                        pixels.append(grey)
            strip = strip_of(np.array(pixels)) if len(pixels) >= _FEWEST else StripHeights(0.0, 0.0)
            tallest = max(heights[row] or 0 for row in groups[camera])
            rows.append((camera, strip.top, strip.bottom, round((strip.top + strip.bottom) * tallest), len(pixels)))
    kinds = (("camera", str), ("top", float), ("bottom", float), ("rows", int), ("photos", int))
    return typed_frame((name, kind, [row[place] for row in rows]) for place, (name, kind) in enumerate(kinds))


def strip_of(pixels: np.ndarray) -> StripHeights:
    """The strips of grey photos of one camera, uint8 [photos, height, width]."""
    low, high = np.percentile(pixels, (10, 90), axis=0)
    same = (high - low <= _SAME).mean(axis=1) >= _SHARE
    height = len(same)
    most = int(_LARGEST * height)
    middle = same[most : height - most]
    if middle.mean() > 0.5:  # nothing changes: no light, or one burst
        return StripHeights(0.0, 0.0)
    return StripHeights(_run(same, most) / height, _run(same[::-1], most) / height)


def _run(same: np.ndarray, most: int) -> int:
    """How many rows from an edge are the same; 0 where they do not end, as in a dark sky."""
    changes = np.flatnonzero(~same[: most + 1])
    return int(changes[0]) if len(changes) else 0


def _grey(file: str) -> Optional[np.ndarray]:
    try:
        return np.asarray(open_photo(file, size=_SIZE).convert("L"))
    except PhotoError:
        return None


def _spread(
    rows: Sequence[int], taken: Sequence[Optional[datetime.datetime]], infrared: Sequence[Optional[int]], count: int
) -> List[int]:
    """At most `count` rows, evenly over the time, half of them infrared where possible."""
    by_time = sorted(rows, key=lambda row: (taken[row] is None, taken[row] or datetime.datetime.min, row))
    dark = [row for row in by_time if infrared[row] == 1]
    light = [row for row in by_time if infrared[row] != 1]
    darks = min(len(dark), max(count // 2, count - len(light)))
    return _some(dark, darks) + _some(light, count - darks)


def _some(rows: List[int], count: int) -> List[int]:
    if len(rows) <= count:
        return rows
    return [rows[place] for place in np.linspace(0, len(rows) - 1, count).astype(int)] if count else []
