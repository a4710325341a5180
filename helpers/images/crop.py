"""Parts cut out of a photo, as large as a network takes them."""

import contextlib
import math
from typing import List, Sequence, Tuple

import numpy as np
from PIL import Image

from helpers.images.boxes import Box, edges_of
from helpers.images.decode import open_photo, photo_size, turned
from helpers.images.opening import opened

_TO_AVERAGE = 1.5  # pixels for one of the network's: its features then differ from those at full resolution by a
# hundredth of what two photos differ by, and with 1 by a fortieth


def cut(content: bytes, boxes: Sequence[Box], size: Tuple[int, int], margin: float = 0.0) -> List[np.ndarray]:
    """The contents of boxes of a photo, stretched to `size` (width, height): uint8 [height, width, 3] each.

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
    """The upright photo, RGB, with more pixels than at `scale` of its full resolution: they will be averaged."""
    scale *= _TO_AVERAGE
    # `open_photo` makes a photo exactly as large as asked, which for 8 megapixels takes longer than decoding it.
    # Where the file is damaged, it raises `PhotoError` below.
    with contextlib.suppress(Exception), opened(content) as image:
        if image.format in ("JPEG", "MPO") and scale <= 0.5:
            image.draft(None, (math.ceil(scale * image.width), math.ceil(scale * image.height)))
            return turned(image).convert("RGB")
    return open_photo(content)
