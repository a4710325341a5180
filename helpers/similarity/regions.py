"""Search with a part of a photo: which photos of a collection have something like it, and where.

>>> from helpers.networks.load import load_network
>>> photos = [f"data/robots/bolu/bolu-{number:03d}.jpg" for number in (1, 2, 4)]
>>> regions = Regions.of(photos, [None] * 3, load_network("efficientnet-lite0"), progress=False)
>>> rows, distances, boxes = regions.search(photos[1], (0.1, 0.2, 0.5, 0.9), k=2)
>>> int(rows[0])
1
"""

import contextlib
import os
from typing import List, Optional, Sequence, Tuple, Union

import numpy as np
from PIL import Image

from helpers.arguments import check_whole
from helpers.features.regions.features import ShapeGroup, groups_of, network_to_cut, session_of
from helpers.features.regions.index import RegionIndex
from helpers.features.regions.network import RegionalNetwork, for_queries
from helpers.features.regions.windows import LEVELS, nearest_aspect
from helpers.features.store import FeatureStore
from helpers.images.boxes import Box, check_box
from helpers.images.decode import open_photo, photo_size
from helpers.networks.load import LoadedModel
from helpers.networks.precision.settled import Settled

SMALLEST = 0.01  # of a box's width and height
_MARGIN = 0.1  # of a box's sides, around what is cut out of a photo
_NARROWEST = 0.5  # the shorter side of what is cut out, as a share of the longer
_GREY = (127, 127, 127)  # beyond a photo's edge


def region_feature(source: Union[str, bytes], box: Box, settled: Settled) -> np.ndarray:
    """The feature of a part of a photo, float32 [dimension], to be compared with those of whole photos.

    A margin around the box is taken too, and more of it around a very narrow one. Raises `PhotoError`, and
    `FrameError` for what is not a box.
    """
    box = check_box(box, smallest=SMALLEST)
    photo = _opened(source, box, settled.loaded.size)
    left, top, right, bottom = _widened(box, photo.size)
    size = settled.loaded.size
    pixels = photo.resize(size, Image.Resampling.BICUBIC, box=(left, top, right, bottom))
    return settled.session.run([np.asarray(pixels)])[0]


def _widened(box: Box, size: Tuple[int, int]) -> Tuple[float, float, float, float]:
    """The box with its margin in pixels of a photo of that size."""
    sides = [(box[2] - box[0]) * size[0], (box[3] - box[1]) * size[1]]
    edges = []
    for axis, length in enumerate(size):
        side = max(sides[axis], _NARROWEST * max(sides)) * (1 + 2 * _MARGIN)
        middle = (box[axis] + box[axis + 2]) / 2 * length
        edges.append((max(0.0, middle - side / 2), min(float(length), middle + side / 2)))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]


def _opened(source: Union[str, bytes], box: Box, size: Tuple[int, int]) -> Image.Image:
    """The photo, no larger than it takes for the box to have twice as many pixels as `size`."""
    full = photo_size(source)
    scale = max(2 * size[axis] / ((box[axis + 2] - box[axis]) * full[axis]) for axis in (0, 1))
    if scale >= 0.5:
        return open_photo(source)
    return open_photo(source, size=(round(full[0] * scale), round(full[1] * scale)))


class Regions:
    """The features of a collection's photos in many windows, ready to be searched.

    `note` is a line for people: how many windows there are, and how much memory they take.
    """

    def __init__(self, groups: List[ShapeGroup], network: RegionalNetwork) -> None:
        self._network, self._index = network, RegionIndex(groups, network.width)
        photos = sum(len(group.rows) for group in groups)
        windows = max((len(group.windows.boxes) for group in groups), default=0)
        size = windows * network.width / 1000
        self.note = f"regions of {photos:,} photos: up to {windows} windows each, {size:.0f} kB a photo"

    @classmethod
    def of(
        cls,
        sources: Sequence[Union[str, bytes]],
        identities: Sequence[Optional[str]],
        loaded: LoadedModel,
        *,
        store: Union[str, "os.PathLike[str]", None] = None,
        progress: bool = True,
    ) -> "Regions":
        """The regions of photos, by their files and the sha-256 of these; those in `store` are taken from it.

        `store` is a file of features, see `helpers.features.store`; each batch is in it as soon as it is computed. A
        photo that cannot be read, or has changed, has no regions. Raises `ModelError` for a network without a feature
        map, and `StoreError`.
        """
        network = network_to_cut(loaded)
        query_network = for_queries(network)
        with contextlib.ExitStack() as stack:
            kept = None if store is None else stack.enter_context(FeatureStore(store))
            return cls(groups_of(sources, identities, network, kept, progress), query_network)

    def search(
        self, source: Union[str, bytes], box: Box, k: int, allowed: Optional[np.ndarray] = None
    ) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The k photos with a part most like what is in the box, and these parts.

        `source` is any photo; `allowed`, bool [photos], leaves out the others. Returns rows of the collection, int64
        [m]; distances, 0 to 2, float64 [m], nearest first, equals by their row; and the box of each photo's nearest
        window, float64 [m, 4]. Raises `PhotoError`, and `FrameError` for what is not a box, or k < 1.
        """
        check_whole("k", k)
        return self._index.search(self._features(source, check_box(box, smallest=SMALLEST)), k, allowed)

    def _features(self, source: Union[str, bytes], box: Box) -> np.ndarray:
        """The features of the box, as large as a window of each level: float32 [levels, width]."""
        windows = self._network.windows
        photo = _opened(source, box, windows.size)
        wide, high = (box[2] - box[0]) * photo.width, (box[3] - box[1]) * photo.height
        middle = ((box[0] + box[2]) / 2 * photo.width, (box[1] + box[3]) / 2 * photo.height)
        aspects = len(windows.boxes) // LEVELS
        places = np.arange(LEVELS) * aspects + nearest_aspect(wide / high)
        pixels = []
        for place in places:
            left, top, right, bottom = windows.boxes[place]
            scale = max((right - left) * windows.size[0], (bottom - top) * windows.size[1]) / max(wide, high)
            pixels.append(_placed(photo, middle, scale, windows.size))
        features = session_of(self._network).run(pixels).reshape(LEVELS, -1, self._network.width)
        return features[np.arange(LEVELS), places]


def _placed(photo: Image.Image, middle: Tuple[float, float], scale: float, size: Tuple[int, int]) -> np.ndarray:
    """The photo, scaled, with a place of it in the middle of a picture of that size; grey where there is no photo."""
    there, here = [], []  # the edges of what is seen, in pixels of the photo and of the picture
    for length, place, side in zip(photo.size, middle, size):
        first = side / 2 - place * scale  # where the photo begins in the picture
        start, end = max(0, round(first)), min(side, round(first + length * scale))
        here.append((start, max(start + 1, end)))
        there.append([min(float(length), max(0.0, (edge - first) / scale)) for edge in here[-1]])
    canvas = Image.new("RGB", size, _GREY)
    seen = (here[0][1] - here[0][0], here[1][1] - here[1][0])
    part = photo.resize(seen, Image.Resampling.BICUBIC, box=(there[0][0], there[1][0], there[0][1], there[1][1]))
    canvas.paste(part, (here[0][0], here[1][0]))
    return np.asarray(canvas)
