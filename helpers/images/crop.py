"""Parts cut out of a photo, as large as a network takes them."""

import contextlib
import io
import math
from typing import List, Sequence, Tuple

import numpy as np
from PIL import Image, ImageOps

from helpers.images.boxes import Box
from helpers.images.decode import open_photo, photo_size

_TO_AVERAGE = 1.5  # pixels for one of the network's: its features then differ from those at full resolution by a
# hundredth of what two photos differ by, and with 1 by a fortieth


def edges_of(box: Box, size: Tuple[int, int], margin: float) -> Box:
    """The edges of what is cut out for a box, in pixels of a photo of that size.

    The box with a margin on each side, a share of its own sides; at the photo's
    edge it is moved, and cut off only where the photo ends. A pixel at least.
    """
    first, last = [], []
    for axis, length in enumerate(size):
        side = min(float(length), max(1.0, (box[axis + 2] - box[axis]) * length * (1 + 2 * margin)))
        start = min(max(0.0, (box[axis] + box[axis + 2]) / 2 * length - side / 2), length - side)
        first.append(start)
        last.append(start + side)
    return first[0], first[1], last[0], last[1]


def cut(content: bytes, boxes: Sequence[Box], size: Tuple[int, int], margin: float = 0.0) -> List[np.ndarray]:
    """What boxes of a photo hold, stretched to `size` (width, height): uint8 [height, width, 3] each.

    `content` are the bytes of the photo's file, which is decoded once, a JPEG at
    a fraction of its resolution where that is enough for all boxes. Raises `PhotoError`.
    """
    full = photo_size(content)
    parts = [edges_of(box, full, margin) for box in boxes]
    scale = max(size[axis] / (part[axis + 2] - part[axis]) for part in parts for axis in (0, 1))
    photo = _opened(content, scale)
    across, down = photo.width / full[0], photo.height / full[1]
    return [
        np.asarray(
            photo.resize(
                size,
                Image.Resampling.BICUBIC,
                box=(left * across, top * down, right * across, bottom * down),
            )
        )
        for left, top, right, bottom in parts
    ]


def _opened(content: bytes, scale: float) -> Image.Image:
    """The upright photo, RGB; what needs `scale` of its full resolution has pixels to average."""
    scale *= _TO_AVERAGE
    # `open_photo` makes a photo exactly as large as it is told, which for 8 megapixels takes longer than to decode it.
    # What is wrong with the file, it says in our words.
    with contextlib.suppress(Exception), Image.open(io.BytesIO(content)) as image:
        if image.format in ("JPEG", "MPO") and scale <= 0.5:
            image.draft(None, (math.ceil(scale * image.width), math.ceil(scale * image.height)))
            return ImageOps.exif_transpose(image).convert("RGB")
    return open_photo(content)
