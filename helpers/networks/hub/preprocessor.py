"""How a network on Hugging Face wants its photos: `preprocessor_config.json`, as the library transformers writes it."""

import math
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional, Tuple

from helpers.errors import ModelError
from helpers.files.json_file import read_json

_LARGEST = 2**20  # bytes; such files have a few hundred
_SIZES = range(16, 1025)  # pixels

Three = Tuple[float, float, float]


class PhotoConfig(NamedTuple):
    """The arguments of `helpers.networks.onnx.graph.Graph.photos`, and the size of the photos."""

    mean: Three  # on the scale 0 to 255, in the order of `channels`
    std: Three
    channels: str  # RGB or BGR
    size: Optional[Tuple[int, int]]  # width, height; None where it is not in the file


def read_config(path: Path) -> PhotoConfig:
    """The content of a `preprocessor_config.json`.

    Whole photos are stretched to the size, and never cropped: the size is that of
    the crop (`crop_size`) where the network's makers crop (`do_center_crop`), else
    `size`; `crop_pct`, a margin to cut off, and `resample` have no effect. One
    number, or a `shortest_edge`, is the size of a square.

    Raises `ModelError` that names the file and the field.
    """
    config = _Config(path)
    rescale, offset = 1.0, 0.0
    if config.flag("do_rescale", True):
        rescale = config.number("rescale_factor", 1 / 255)
        offset = 1.0 if config.flag("rescale_offset", False) else 0.0  # EfficientNet's: from -1 to 1
    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    flipped = config.flag("do_flip_channel_order", False)
    if config.flag("do_normalize", "image_mean" in config.fields):
        if flipped:
            raise config.wrong("do_flip_channel_order", "is not known together with do_normalize")
        mean, std = config.three("image_mean"), config.spread("image_std")
    if config.flag("include_top", False):  # EfficientNet's: divided by once more
        more = config.spread("image_std")
        std = std[0] * more[0], std[1] * more[1], std[2] * more[2]
    return PhotoConfig(
        mean=((mean[0] + offset) / rescale, (mean[1] + offset) / rescale, (mean[2] + offset) / rescale),
        std=(std[0] / rescale, std[1] / rescale, std[2] / rescale),
        channels="BGR" if flipped else "RGB",
        size=config.size("crop_size" if config.flag("do_center_crop", False) else "size"),
    )


def check_size(size: Tuple[int, int], where: object) -> Tuple[int, int]:
    """Returns the size (width, height); raises `ModelError` for one out of range."""
    if not all(length in _SIZES for length in size):
        raise ModelError(
            f"{where} asks for photos of {size[0]} x {size[1]} pixels; {_SIZES[0]} to {_SIZES[-1]} are possible"
        )
    return size


class _Config:
    """The fields of one file, without those that are null."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            if path.stat().st_size > _LARGEST:
                raise ValueError(f"larger than {_LARGEST} bytes")
            fields = read_json(path, most=_LARGEST)
        except OSError as error:
            raise ModelError(f"{path}: {error.strerror or error}") from error
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{path} is not a preprocessor_config.json: {error}") from error
        if not isinstance(fields, dict):
            raise ModelError(f"{path} is not a preprocessor_config.json: it has no fields")
        self.fields: Dict[str, Any] = {name: value for name, value in fields.items() if value is not None}

    def wrong(self, field: str, reason: str) -> ModelError:
        shown = repr(self.fields.get(field))
        shown = shown if len(shown) < 80 else f"{shown[:77]}..."
        return ModelError(f"{self.path}: {field} is {shown}, which {reason}; take another repository or @revision")

    def flag(self, field: str, default: bool) -> bool:
        value = self.fields.get(field, default)
        if not isinstance(value, bool):
            raise self.wrong(field, "is neither true nor false")
        return value

    def number(self, field: str, default: float) -> float:
        value = _number(self.fields.get(field, default))
        if value is None:
            raise self.wrong(field, "is not a number")
        if value <= 0:
            raise self.wrong(field, "is not above 0")
        return value

    def three(self, field: str) -> Three:
        value = self.fields.get(field)
        numbers = [_number(each) for each in value] if isinstance(value, list) else []
        known = [number for number in numbers if number is not None]
        if not len(known) == len(numbers) == 3:
            raise self.wrong(field, "is not three numbers, for red, green and blue")
        return known[0], known[1], known[2]

    def spread(self, field: str) -> Three:
        numbers = self.three(field)
        if min(numbers) <= 0:
            raise self.wrong(field, "is not above 0")
        return numbers

    def size(self, field: str) -> Optional[Tuple[int, int]]:
        value = self.fields.get(field)
        if value is None:
            return None
        width, height = value, value
        if isinstance(value, dict):
            width, height = value.get("width"), value.get("height")
            if width is None and height is None:
                width = height = value.get("shortest_edge")
        if type(width) is not int or type(height) is not int:
            raise self.wrong(field, "is not a size, such as 224 or {'height': 224, 'width': 224}")
        return check_size((width, height), f"{self.path}: {field}")


def _number(value: object) -> Optional[float]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
