"""Parts cut out of a photo: as large as a network takes them, or enlarged for people."""

import contextlib
import math
from typing import List, NamedTuple, Sequence, Tuple, Union

import numpy as np
from PIL import Image, ImageOps

from helpers.images import jpeg
from helpers.images.boxes import Box, edges_of, surroundings_of
from helpers.images.decode import Source, open_photo, photo_size, read_photo, turned
from helpers.images.opening import opened

_NEARLY_ALL = 0.75  # of a photo's width and height: with less around it, nothing would be gained
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


class Enlarged(NamedTuple):
    """What a box of a photo has in it, and what is close to it."""

    pixels: np.ndarray  # uint8 [height, width, 3]
    part: Box  # of the photo that is seen


def enlarged(source: Source, box: Box, side: int, aspect: float = 1.0) -> Enlarged:
    """A box of a photo, enlarged to `side` pixels along the longer side and about `aspect` times as wide as high.

    Where the box is most of the photo, that is the whole photo. Raises `PhotoError`.
    """
    content = read_photo(source) if isinstance(source, str) else source
    full = photo_size(content)
    part = surroundings_of(box, full, aspect)
    if min(part[2] - part[0], part[3] - part[1]) >= _NEARLY_ALL:
        part = (0.0, 0.0, 1.0, 1.0)
    width, height = ((part[axis + 2] - part[axis]) * full[axis] for axis in (0, 1))
    scale = side / max(width, height)
    size = max(1, round(scale * width)), max(1, round(scale * height))
    return Enlarged(cut(content, [part], size)[0], part)


def _opened(content: bytes, scale: float) -> Image.Image:
    """The upright photo, RGB, with more pixels than at `scale` of its full resolution: they will be averaged."""
    scale *= _TO_AVERAGE
    # `open_photo` makes a photo exactly as large as asked, which for 8 megapixels takes longer than decoding it.
    # Where the file is damaged, it raises `PhotoError` below.
    with contextlib.suppress(Exception), opened(content) as image:
        if image.format in jpeg.FORMATS and scale <= 0.5:
            image.draft(None, (math.ceil(scale * image.width), math.ceil(scale * image.height)))
            return turned(image).convert("RGB")
    return open_photo(content)
