"""Photos without the people in them: what a detector took for one is made unrecognisable, for good.

>>> photo = blurred("data/robots/bolu/bolu-001.jpg", [(0.2, 0.2, 0.6, 0.9)])
>>> photo.mode
'RGB'
"""

import os
from typing import Any, BinaryIO, Iterable, Union

from PIL import Image

from helpers.crop import box_of
from helpers.decode import open_photo
from helpers.windows import Box

_CELLS = 6  # along the longer side of a box: a face is then one of them at most
_AROUND = 0.05  # of a box's sides, since detectors cut off hair and hands

Photo = Union[str, "os.PathLike[str]", bytes, BinaryIO, Image.Image]


def blurred(photo: Photo, boxes: Iterable[Any]) -> Image.Image:
    """A copy of the photo, RGB, in which each box and a little around it is a few cells of one colour.

    `photo` is an upright picture or what `helpers.decode.open_photo` takes;
    `boxes` are left, top, right, bottom in shares of it. Nothing of the file but
    its pixels goes along: no EXIF, which holds a small picture of its own, and no
    position. Raises `PhotoError`, and `FrameError` for what is no box.

    Something that many photos show from the same side can still be told from
    its outlines and colours. To be sure, leave the photos out.
    """
    opened = photo if isinstance(photo, Image.Image) else open_photo(photo)
    picture = Image.new("RGB", opened.size)
    picture.paste(opened.convert("RGB"))
    for box in boxes:
        _cover(picture, box_of(box))
    return picture


def _cover(picture: Image.Image, box: Box) -> None:
    edges = []
    for axis, length in enumerate(picture.size):
        around = _AROUND * (box[axis + 2] - box[axis])
        first = max(0, int((box[axis] - around) * length))
        edges.append((first, min(length, max(first + 1, round((box[axis + 2] + around) * length + 0.5)))))
    (left, right), (top, bottom) = edges
    size = (right - left, bottom - top)
    scale = _CELLS / max(size)
    cells = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    part = picture.crop((left, top, right, bottom)).resize(cells, Image.Resampling.BOX)
    picture.paste(part.resize(size, Image.Resampling.NEAREST), (left, top))
