"""Descriptors that are designed, not learnt, from before networks; for comparison.

They are used like networks: `create(data, model="colour")`. scikit-image computes them.
"""

from dataclasses import dataclass
from typing import Callable, Dict, Tuple

import numpy as np

_HSV = (16, 4, 4)  # steps of hue, saturation and value


@dataclass(frozen=True)
class Descriptor:
    """One descriptor: photos of `size`, uint8 [height, width, 3] RGB, to float32 [dimension]."""

    name: str
    compute: Callable[[np.ndarray], np.ndarray]
    dimension: int
    about: str  # one line for the person
    version: int = 1  # raise it with every change of the result
    size: Tuple[int, int] = (128, 128)  # width, height


def pixels(photo: np.ndarray) -> np.ndarray:
    """The pixels one after the other, float32 [3 * width * height], 0 to 1."""
    return photo.reshape(-1).astype(np.float32) / np.float32(255)


def colour(photo: np.ndarray) -> np.ndarray:
    """A histogram of colours: the square roots of their shares, float32 [256], of length 1.

    The shares are those of 16 hues x 4 saturations x 4 values. The Euclidean
    distance of the roots is, up to a factor, the Hellinger distance between the
    histograms (Arandjelović and Zisserman, CVPR 2012, section 3, on why it is
    better).
    """
    from skimage.color import rgb2hsv

    steps = np.array(_HSV)
    bins = np.minimum((rgb2hsv(photo).reshape(-1, 3) * steps).astype(np.int64), steps - 1)
    counts = np.bincount(np.ravel_multi_index(tuple(bins.T), _HSV), minlength=int(np.prod(steps)))
    return np.sqrt(counts / counts.sum()).astype(np.float32)


def hog(photo: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients, float32 [1764] for 128 x 128 pixels.

    N. Dalal and B. Triggs, CVPR 2005: cells of 16 x 16 pixels, 9 directions,
    blocks of 2 x 2 cells, `L2-Hys`.
    """
    from skimage.feature import hog as gradients

    features = gradients(
        photo, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2), block_norm="L2-Hys", channel_axis=-1
    )
    return np.asarray(features, dtype=np.float32)


DESCRIPTORS: Dict[str, Descriptor] = {
    descriptor.name: descriptor
    for descriptor in (
        Descriptor("pixels", pixels, dimension=3072, size=(32, 32), about="32 x 32 pixels as they are, no network"),
        Descriptor("colour", colour, dimension=256, about="a histogram of colours, no network"),
        Descriptor("hog", hog, dimension=1764, about="histograms of oriented gradients, no network"),
    )
}
