"""Photos loaded from a folder, resized, and turned into features."""

import os
import random
import sys
from array import array
from pathlib import Path
from typing import Iterator, NoReturn, Optional, Union

import numpy as np
from PIL import Image as Pillow

from helpers.errors import PhotoError
from helpers.files.spelling import expanded
from helpers.images.levels import opaque
from helpers.sframe.array.sarray import SArray
from helpers.sframe.errors import NoSuchFile, Unsupported
from helpers.sframe.frame.sframe import SFrame
from helpers.sframe.image import Image
from helpers.sframe.left_out import refuse

_ENDINGS = (".jpg", ".jpeg", ".png")  # what Turi Create loads; helpers.photos.load.load_photos knows more
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def load_images(
    url: Union[str, "os.PathLike[str]"],
    format: str = "auto",
    with_path: bool = True,
    recursive: bool = True,
    ignore_failure: bool = True,
    random_order: bool = False,
) -> SFrame:
    """The JPEG and PNG files of a folder, in order of their paths: columns `path` (absolute) and `image`.

    Only the header of each file is read. A file that is not a photo is left out,
    with the reason on stderr; with `ignore_failure=False` it raises
    `PhotoError`. `format="JPG"` or `"PNG"` takes all files, whatever their
    ending, that are of that format. Hidden files count, as in Turi Create.

    Raises `NoSuchFile` where there is no such folder.
    """
    paths = sorted(_files(expanded(url).absolute(), recursive))
    if format not in ("JPG", "PNG"):
        paths = [path for path in paths if path.lower().endswith(_ENDINGS)]
    if random_order:
        random.shuffle(paths)
    loaded, images = [], []
    for path in paths:
        try:
            images.append(Image(path, format))
            loaded.append(path)
        except PhotoError as error:
            if not ignore_failure:
                raise
            print(error, file=sys.stderr)
    frame = SFrame().add_column(SArray(images, Image), "image")
    return frame.add_column(SArray(loaded, str), "path")[["path", "image"]] if with_path else frame


def resize(
    image: Union[Image, SArray],
    width: int,
    height: int,
    channels: Optional[int] = None,
    decode: bool = False,
    resample: str = "nearest",
) -> Union[Image, SArray]:
    """Stretch an image, or all of a column, to a size, with 1, 3 or 4 channels.

    Without `channels` an image keeps its own, and a column gets 3. The corners
    of the result are the corners of the original, as in Turi Create: `nearest`
    gives the same pixels, `bilinear` the same within one grey level, where Turi
    Create does not leave out the first or last row or column. Transparency is laid on
    white, which Turi Create lays on black.

    With `decode=True` the result holds raw pixels, else a PNG.
    """
    if width < 0 or height < 0:
        raise ValueError("a width and a height are above zero")
    if resample not in ("nearest", "bilinear"):
        raise ValueError(f"resample is 'nearest' or 'bilinear', not {resample!r}")
    if channels is not None and channels <= 0:
        raise ValueError("an image has 1, 3 or 4 channels")
    if isinstance(image, SArray) and image.dtype is Image:
        count = 3 if channels is None else channels
        return image.apply(lambda one: resize(one, width, height, count, decode, resample), Image)
    if not isinstance(image, Image):
        raise ValueError("resize() takes an Image or an SArray of Images")
    channels = image.channels if channels is None else channels
    if not width or not height or channels not in _MODES:
        raise Unsupported(f"no image is {width} x {height} with {channels} channels; 1, 3 or 4 are possible")
    pixels = _sampled(_with_channels(image.pixel_data, channels), int(width), int(height), resample)
    resized = Image.from_array(pixels)
    return resized if decode else Image.from_bytes(resized.source)  # type: ignore[arg-type]


def get_deep_features(
    images: SArray, model_name: str = "resnet-50", batch_size: int = 64, verbose: bool = True
) -> SArray:
    """The feature of each image as an array of floats, from the network `model_name`; missing for a bad image."""
    from helpers.features.embedding import embed

    if not isinstance(images, SArray):
        raise TypeError("get_deep_features() takes an SArray of images")
    if not len(images):
        raise Unsupported("there are no images to get features of")
    if batch_size < 1:
        raise ValueError("batch_size is 1 or more")
    # In fp32, whatever their number, so that features of different calls can be compared.
    result = embed(images, model=model_name, precision="fp32", batch_size=batch_size, progress=verbose)
    features: list = [None] * len(images)
    for row, vector in zip(result.rows, result.vectors):
        features[int(row)] = array("d", vector.astype(np.float64))
    return SArray(features, array)


def _files(url: Path, recursive: bool) -> Iterator[str]:
    if url.is_file():
        yield str(url)
        return
    if not url.is_dir():
        raise NoSuchFile(f"{url}: no such file or folder")
    for folder, _, names in os.walk(url):
        yield from (str(Path(folder) / name) for name in names)
        if not recursive:
            return


def _with_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    image = Pillow.fromarray(pixels)
    if image.mode == "RGBA" and channels < 4:
        image = opaque(image)
    return np.asarray(image if image.mode == _MODES[channels] else image.convert("RGB").convert(_MODES[channels]))


def _sampled(pixels: np.ndarray, width: int, height: int, resample: str) -> np.ndarray:
    down = np.linspace(0, pixels.shape[0] - 1, height) if height > 1 else np.zeros(1)
    across = np.linspace(0, pixels.shape[1] - 1, width) if width > 1 else np.zeros(1)
    if resample == "nearest":
        return pixels[np.floor(down + 0.5).astype(int)][:, np.floor(across + 0.5).astype(int)]
    return _blended(_blended(pixels.astype(np.float64), down, axis=0), across, axis=1).astype(np.uint8)


def _blended(pixels: np.ndarray, places: np.ndarray, axis: int) -> np.ndarray:
    """Rows or columns between those of the pixels, each a mixture of its two neighbours."""
    before = np.floor(places).astype(int)
    after = np.minimum(before + 1, pixels.shape[axis] - 1)
    shape = [1] * pixels.ndim
    shape[axis] = -1
    part = (places - before).reshape(shape)
    return pixels.take(before, axis) * (1 - part) + pixels.take(after, axis) * part


def __getattr__(name: str) -> NoReturn:
    refuse("image_analysis", name)
