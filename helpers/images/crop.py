"""Parts cut out of a photo, as large as a network takes them."""

import contextlib
import math
from typing import List, Sequence, Tuple, Union

import numpy as np
from PIL import Image, ImageOps

from helpers.images.boxes import Box, edges_of
from helpers.images.decode import open_photo, photo_size, turned
from helpers.images.opening import opened

_TO_AVERAGE = 1.5  # pixels for one of the network's: its features then differ from those at full resolution by a
# hundredth of what two photos differ by, and with 1 by a fortieth


def cut(
    content: bytes,
    boxes: Sequence[Box],
    size: Tuple[int, int],
    margin: Union[float, Sequence[float]] = 0.0,
    *,
    infrared: bool = False,
) -> List[np.ndarray]:
    """The contents of boxes of a photo, stretched to `size` (width, height): uint8 [height, width, 3] each.

    `content` are the bytes of the photo's file, which is decoded once, a JPEG at
    a fraction of its resolution where that is enough for all boxes. `margin` is
    that of `edges_of`, one number or one for each box. In `infrared` light an
    animal is a little brighter than the night behind it: its cut is grey, and
    between its darkest and its brightest hundredth as bright as can be. Raises
    `PhotoError`.
    """
    full = photo_size(content)
    margins = np.broadcast_to(margin, len(boxes)).tolist()
    parts = [edges_of(box, full, around) for box, around in zip(boxes, margins)]
    scale = max(size[axis] / (part[axis + 2] - part[axis]) for part in parts for axis in (0, 1))
    photo = _opened(content, scale)
    across, down = photo.width / full[0], photo.height / full[1]
    cuts = (
        photo.resize(size, Image.Resampling.BICUBIC, box=(left * across, top * down, right * across, bottom * down))
        for left, top, right, bottom in parts
    )
    return [np.asarray(_stretched(image) if infrared else image) for image in cuts]


def _stretched(image: Image.Image) -> Image.Image:
    return ImageOps.autocontrast(image.convert("L"), cutoff=1).convert("RGB")


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
