"""Which of several copies is the original, as far as files show it: neither brightness nor a size in bytes counts."""

from contextlib import closing
from typing import Any, List, NamedTuple, Set

import numpy as np

from helpers.collection.duplicates import thresholds
from helpers.collection.duplicates.groups import Pairs
from helpers.collection.duplicates.photo_files import PhotoFiles, by_name
from helpers.collection.duplicates.same_picture import SIDE, Fingerprints
from helpers.errors import PhotoError
from helpers.files.threads import work_ahead
from helpers.images.budget import reading_tags
from helpers.images.decode import Source, camera_tags, open_photo
from helpers.images.opening import opened
from helpers.images.trouble import TROUBLE

# EXIF tags that cameras write, and programs leave out of copies, if any: time, aperture and ISO of the exposure, two
# dates with their fractions of a second, focal length, the maker's note, and the numbers of camera and lens.
_OF_CAMERAS = frozenset(
    (0x829A, 0x829D, 0x8827, 0x9003, 0x9004, 0x9291, 0x9292, 0x920A, 0x927C, 0xA431, 0xA432, 0xA434, 0xA435)
)
_EXACT = ("PNG", "TIFF", "BMP", "PPM")  # formats that lose nothing, unless they have a palette
_SMALL, _NOISE = 128, 3  # pixels across and down; levels
_UNKNOWN = 29.0  # the step of formats that don't record theirs: that of a JPEG of quality 75


class _Traces(NamedTuple):
    """What a file records of its past."""

    tags: int  # how many of those that cameras write
    step: float  # by how much numbers are rounded on average to compress them: 0 where nothing is lost


def ranks(photos: PhotoFiles, linked: Set[int], derived: Set[int]) -> np.ndarray:
    """0 for the best photo of all, most likely the original: int64 [photos]. Only those in `linked` are looked at.

    Files come before photos that are in memory alone; then those with most
    pixels; with most of what a camera writes into EXIF; those that are not in
    `derived`; the least compressed; the first by name.
    """
    rows = np.array(sorted(linked), np.int64)
    sources = [photos.sources[row] for row in rows.tolist()]
    sizes = photos.sizes.of(rows)
    with closing(work_ahead(_traces, sources, ahead=64)) as looked_at:
        traces = list(looked_at)
    order = sorted(range(len(rows)), key=lambda at: by_name(photos.names[rows[at]]))
    order.sort(
        key=lambda at: (
            isinstance(sources[at], bytes),
            -sizes[at, 0] * sizes[at, 1],
            -traces[at].tags,
            int(rows[at]) in derived,
            traces[at].step,
        )
    )
    rank = np.full(len(photos.names), len(photos.names), np.int64)
    rank[rows[order]] = np.arange(len(rows))
    return rank


def cut_off(photos: PhotoFiles, prints: Fingerprints, pairs: Pairs) -> Set[int]:
    """The photos that were made of another one by making it so bright, dark or full of contrast that some was cut off.

    Of two that are one picture of one size, these have more places at the ends of their levels.
    """
    greys = prints.grey.reshape(len(prints.grey), SIDE * SIDE)
    first, second = pairs.first, pairs.second
    other = [np.abs(of(greys[first], axis=1) - of(greys[second], axis=1)) for of in (np.mean, np.std)]
    pixels = [photos.sizes.of(rows)[:, :2].prod(axis=1) for rows in (first, second)]
    differ = (np.maximum(*other) > thresholds.OTHER_LEVELS) & (pixels[0] == pixels[1])
    first, second = first[differ], second[differ]
    rows = np.unique([first, second])
    with closing(work_ahead(_share_at_the_ends, [photos.sources[row] for row in rows.tolist()], ahead=64)) as shares:
        share = np.zeros(len(greys))
        share[rows] = list(shares)
    more = share[second] - share[first]
    return {*second[more > thresholds.CUT_OFF].tolist(), *first[more < -thresholds.CUT_OFF].tolist()}


def _share_at_the_ends(source: Source) -> float:
    """The share of a photo whose red, green or blue is about the highest or the lowest of all its levels."""
    try:
        levels = np.asarray(open_photo(source, size=(_SMALL, _SMALL)), np.int16).reshape(-1, 3)
    except PhotoError:
        return 0.0
    at_an_end = (levels >= levels.max(axis=0) - _NOISE) | (levels <= levels.min(axis=0) + _NOISE)
    return float(at_an_end.mean())


def _traces(source: Source) -> _Traces:
    try:
        with opened(source) as image, reading_tags(image):
            tags = len(_OF_CAMERAS & camera_tags(image).keys())
            return _Traces(tags, _step(image))
    except TROUBLE:
        return _Traces(0, np.inf)


def _step(image: Any) -> float:
    tables: List[Any] = list(getattr(image, "quantization", {}).values())
    if tables:
        return float(np.mean(tables[0]))
    return 0.0 if image.format in _EXACT and image.mode != "P" else _UNKNOWN
