"""Whether two photos that look the same were taken at two moments, as frames of a burst are."""

import datetime
import io
from contextlib import closing
from typing import Any, Dict, Iterator, List, Optional, Union

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from helpers.collection.duplicates import thresholds
from helpers.collection.duplicates.photo_files import PhotoFiles
from helpers.collection.duplicates.same_picture import smooth
from helpers.errors import PhotoError
from helpers.features.blocks import parts
from helpers.files.threads import work_ahead
from helpers.images import jpeg
from helpers.images.decode import Source, open_photo
from helpers.images.opening import opened
from helpers.photos.metadata.read import taken

_SIDE, _FIELD = 128, 8  # pixels
_PAIRS = 256  # at once
_MOST = 1536  # pixels across and down of a photo that are saved again; a multiple of a JPEG's blocks


class Moments:
    """When photos were taken: by the model's frame, or by the files, which are then read once."""

    def __init__(self, photos: PhotoFiles) -> None:
        data = photos.model.data
        self._sources = photos.sources
        self._known: Dict[int, Optional[datetime.datetime]] = {}
        if data is not None and "taken" in data.column_names() and data["taken"].dtype is datetime.datetime:
            self._known = dict(enumerate(data["taken"]))

    def __getitem__(self, row: int) -> Optional[datetime.datetime]:
        if row not in self._known:
            self._known[row] = taken(self._sources[row])
        return self._known[row]

    def at_once(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Rows that the frame dates to one second, ascending, two and more at a time; no file is read."""
        same: Dict[datetime.datetime, List[int]] = {}
        for row in rows.tolist():
            moment = self._known.get(row)
            if moment is not None:
                same.setdefault(moment, []).append(row)
        return (np.array(each, np.int64) for each in same.values() if len(each) > 1)

    def apart(self, first: np.ndarray, second: np.ndarray, others: "Optional[Moments]" = None) -> np.ndarray:
        """Seconds between the photos of each pair, nan where one of them is not known: float64 [pairs]."""
        others = others or self
        pairs = ((self[one], others[other]) for one, other in zip(first.tolist(), second.tolist()))
        return np.array([abs((a - b).total_seconds()) if a and b else np.nan for a, b in pairs], float)


class Exposures:
    """Finds pairs of photos, of one collection or of two, that are not one exposure."""

    def __init__(self, photos: PhotoFiles, others: Optional[PhotoFiles] = None) -> None:
        self._photos, self._others = photos, others or photos
        self.moments = Moments(photos)
        self._other_moments = self.moments if others is None else Moments(others)
        self._stands_for: Dict[int, int] = {}  # a photo → another one of the same exposure

    def differ(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Which pairs were not taken at once, though they may look the same: bool [pairs].

        By the camera's clock: other seconds are other exposures. It counts in
        seconds, and bursts are faster: two photos of one second and one size in
        pixels are two exposures unless one is the other, saved again (see
        `resaved`), or both are a third, as far as that has been asked for; where
        something has moved, at 128 x 128 pixels, it is not tried. Where a moment
        is not known, they count as one exposure.
        """
        seconds = self.moments.apart(first, second, self._other_moments)
        differ = seconds > 0
        at_once = np.flatnonzero(seconds == 0)
        ours, theirs = self._photos.sizes.of(first[at_once]), self._others.sizes.of(second[at_once])
        at_once = at_once[(ours[:, :2] == theirs[:, :2]).all(axis=1)]
        asked = at_once[self._are_two(first[at_once], second[at_once])]
        still = [some[~self._moved(first[some], second[some])] for some in parts(asked, _PAIRS)]
        pairs = [(int(first[place]), int(second[place])) for some in still for place in some]
        sources = [(self._photos.sources[one], self._others.sources[other]) for one, other in pairs]
        with closing(work_ahead(lambda pair: resaved(*pair), sources, ahead=4)) as results:
            for (one, other), same in zip(pairs, results):
                ends = self._one(one), self._one(self._other(other))
                if same and ends[0] != ends[1]:
                    self._stands_for[ends[0]] = ends[1]
        differ[at_once] = self._are_two(first[at_once], second[at_once])
        return differ

    def _are_two(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Which pairs are not known to be one exposure: bool [pairs]."""
        pairs = zip(first.tolist(), second.tolist())
        return np.array([self._one(one) != self._one(self._other(other)) for one, other in pairs], bool)

    def _other(self, row: int) -> int:
        """The number of a photo of the second collection, where there are two: none of the first has it."""
        return row if self._others is self._photos else -1 - row

    def _one(self, photo: int) -> int:
        """The photo that stands for all that are known to be of the same exposure as this one."""
        while photo in self._stands_for:
            photo = self._stands_for[photo]
        return photo

    def _moved(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        ours, theirs = _small(self._photos, first), _small(self._others, second)
        moved = np.ones(len(first), bool)
        for place, (one, other) in enumerate(zip(first.tolist(), second.tolist())):
            a, b = ours[one], theirs[other]
            if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
                moved[place] = min(_most_moved(a, b), _most_moved(b, a)) > thresholds.MOVED
        return moved


def resaved(one: Source, other: Source) -> bool:
    """Whether one of two photos of one size is the other, saved again.

    If the first is saved as the second was, with the quantization tables of its
    JPEG, and this gives the second, it is. Another exposure has other noise,
    which saving does not turn into the noise of this one. The same is tried after
    each level of each colour has become what it is on average in the second, for
    copies that are brighter, darker or of more contrast. False for a photo that
    cannot be read, and for two copies of a third.
    """
    try:
        photos = [np.asarray(open_photo(each))[:_MOST, :_MOST] for each in (one, other)]
        ways = [_ways_to_save(each) for each in (one, other)]
    except PhotoError:
        return False
    if photos[0].shape != photos[1].shape:
        return False
    apart = _level_difference(*photos)
    limit = max(thresholds.RESAVED, thresholds.RESAVED_SHARE * apart)
    directions = list(zip(photos, photos[::-1], ways[::-1]))
    if apart <= limit or any(
        _level_difference(_saved(photo, way), like) <= limit for photo, like, saved_as in directions for way in saved_as
    ):
        return True
    for photo, like, saved_as in directions:
        toned = _toned(photo, like)
        limit = thresholds.TONED_SHARE * _level_difference(toned, like)
        if any(_level_difference(_saved(toned, way), like) <= limit for way in saved_as):
            return True
    return False


def _ways_to_save(source: Source) -> List[Dict[str, Any]]:
    """The options by which Pillow saves a photo as a JPEG was saved, upright or on its side; none for other formats."""
    with opened(source) as image:
        tables = [np.reshape(table, (8, 8)) for _, table in sorted(getattr(image, "quantization", {}).items())]
        if image.format not in jpeg.FORMATS or not tables:
            return []
        options = {"subsampling": max(0, get_sampling(image))}
    return [
        {**options, "qtables": [table.ravel().tolist() for table in turned]}
        for turned in (tables, [table.T for table in tables])
    ]


def _saved(photo: np.ndarray, options: Dict[str, Any]) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", **options)
    return np.asarray(Image.open(buffer, formats=["JPEG"]))


def _toned(photo: np.ndarray, like: np.ndarray) -> np.ndarray:
    """A photo with the brightness and contrast of another one that shows the same: uint8 as both.

    Each level of each colour becomes the mean of the other photo where it is, never
    less than a lower level does.
    """
    toned = np.empty_like(photo)
    for channel in range(photo.shape[-1]):
        levels = photo[..., channel].ravel()
        counts = np.bincount(levels, minlength=256)
        sums = np.bincount(levels, weights=like[..., channel].ravel(), minlength=256)
        there = np.flatnonzero(counts)
        curve = np.maximum.accumulate(np.interp(np.arange(256), there, sums[there] / counts[there]))
        toned[..., channel] = np.rint(curve).astype(np.uint8)[levels].reshape(photo.shape[:2])
    return toned


def _level_difference(a: np.ndarray, b: np.ndarray) -> float:
    """By how many grey levels two photos differ on average."""
    return float(np.sqrt(np.square(_grey(a) - _grey(b)).mean()))


def _most_moved(a: np.ndarray, b: np.ndarray) -> float:
    """How much the part of a picture that differs most does so, as a multiple of what `MOVED` describes."""
    off = _grey(_toned(a, b)) - _grey(b)
    down, across = np.gradient(_grey(b))
    slopes = down**2 + across**2
    return float(np.sqrt(_fields(off**2) / (_fields(slopes) / 4 + thresholds.MOVED_NOISE)).max())


def _fields(a: np.ndarray) -> np.ndarray:
    count = _SIDE // _FIELD
    return a.reshape(count, _FIELD, count, _FIELD).mean(axis=(1, 3))


def _grey(colours: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(colours).convert("L"), np.float32)


def _small(photos: PhotoFiles, rows: np.ndarray) -> Dict[int, Union[np.ndarray, PhotoError]]:
    wanted: List[int] = np.unique(rows).tolist()
    sources = [photos.sources[row] for row in wanted]
    with closing(work_ahead(_small_one, sources, ahead=16)) as made:
        return dict(zip(wanted, made))


def _small_one(source: Source) -> Union[np.ndarray, PhotoError]:
    """A photo of 128 x 128 pixels, blurred a little: uint8 [128, 128, 3]."""
    try:
        colours = np.asarray(open_photo(source, size=(_SIDE, _SIDE)), np.float32)
        return np.rint(np.moveaxis(smooth(np.moveaxis(colours, -1, 0)), 0, -1)).astype(np.uint8)
    except PhotoError as error:
        return error
