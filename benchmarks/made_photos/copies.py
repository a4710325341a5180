"""Copies of photos as people make them: smaller, compressed, cropped, stored lying on their side, brighter, darker.

A copy keeps the date that the camera wrote, as most programs do.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, List

if TYPE_CHECKING:
    from PIL.Image import Image

CROP = 0.05  # of the width and of the height, on each side
_TAKEN = "taken"  # where a photo in memory has the date of its file


def _saved(photo: "Image", quality: int = 90, orientation: int = 1) -> bytes:
    from PIL.Image import Exif

    exif = Exif()
    exif[0x0112] = orientation
    if photo.info.get(_TAKEN):
        exif[0x8769] = {0x9003: photo.info[_TAKEN]}  # DateTimeOriginal
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=quality, exif=exif)
    return buffer.getvalue()


def _half(photo: "Image") -> bytes:
    return _saved(photo.resize((max(1, photo.width // 2), max(1, photo.height // 2))))


def _cropped(photo: "Image") -> bytes:
    across, down = round(CROP * photo.width), round(CROP * photo.height)
    return _saved(photo.crop((across, down, photo.width - across, photo.height - down)))


def _lying(photo: "Image") -> bytes:
    from PIL.Image import Transpose

    return _saved(photo.transpose(Transpose.ROTATE_90), orientation=6)


def _brighter(photo: "Image", factor: float) -> bytes:
    from PIL.ImageEnhance import Brightness

    made = Brightness(photo).enhance(factor)
    made.info.update(photo.info)
    return _saved(made)


KINDS: Dict[str, Callable[["Image"], bytes]] = {
    "half size": _half,
    "JPEG quality 40": lambda photo: _saved(photo, 40),
    "5 % off each side": _cropped,
    "90° by EXIF": _lying,
    "20 % brighter": lambda photo: _brighter(photo, 1.2),
    "20 % darker": lambda photo: _brighter(photo, 0.8),
}


def make(originals: List[Path], folder: Path) -> List[Path]:
    """A copy of every kind of each photo, by photos and then by `KINDS`: `7-2.jpg` is of the third kind."""
    from helpers.images.decode import open_photo, read_exif

    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number, original in enumerate(originals):
        photo = open_photo(original)
        photo.info[_TAKEN] = read_exif(original).get(0x9003)
        for place, copied in enumerate(KINDS.values()):
            made.append(folder / f"{number}-{place}.jpg")
            made[-1].write_bytes(copied(photo))
    return made
