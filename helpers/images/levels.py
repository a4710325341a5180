"""Pixels as 8 bits of grey or colour: what scientific cameras and drawing programs store otherwise.

Numbers are stretched over the levels between a picture's own ends, since 12
bits in a file of 16, or degrees below zero, would all be black otherwise.
"""

import sys
from typing import Any, List, Optional, Tuple

import numpy as np
from PIL import Image

STRETCHED = "stretched"  # in the `info` of a picture whose numbers were: those that became black and white
_FENCE = 3.0  # spreads of the inner nine tenths of the values, beyond which a value does not belong to the picture
_COUNTED = 1_000_000  # pixels that are enough to find that spread
_NO_DATA = 42113  # the TIFF tag GDAL_NODATA: the value that stands for none
_PALE = 224  # a picture that has all its levels above this is hardly seen on white
_FLAT = 16  # levels: of 12 bits in 16, Pillow leaves fewer
_BIG, _LITTLE = "RGB;16B", "RGB;16L"  # Pillow's names for colours of 16 bits, by the order of their bytes
_OTHER_HALF = {_BIG: _LITTLE, _LITTLE: _BIG, "RGB;16N": _BIG if sys.byteorder == "little" else _LITTLE}
_UNSIGNED = 65535  # the largest of 16 bits


def is_deep(mode: str) -> bool:
    """Whether a Pillow mode has more than 8 bits of grey."""
    return mode in ("I", "F") or mode.startswith("I;16")


def is_transparent(image: Image.Image) -> bool:
    """Whether some of an open picture may be transparent."""
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info


def eight_bits(image: Image.Image, native: bool = False) -> Image.Image:
    """A loaded picture as RGB, or with `native` as L, RGB or RGBA: what Pillow clips to white is stretched."""
    if is_deep(image.mode):
        image = stretched(image)
    if is_transparent(image):
        image = image.convert("RGBA")
        return image if native else opaque(image)
    if native and image.mode in ("L", "1"):
        return image.convert("L")
    return image if image.mode == "RGB" else image.convert("RGB")  # which would copy it


def opaque(image: Image.Image) -> Image.Image:
    """An RGBA picture laid on white, as RGB; on black where nothing of it would be seen on white."""
    laid = _laid_on("white", image)
    seen: Any = laid.getextrema()
    opacity = image.getchannel("A").getextrema()
    if min(darkest for darkest, _ in seen) > _PALE and opacity not in ((0, 0), (255, 255)):
        laid = _laid_on("black", image)
    return laid


def _laid_on(colour: str, image: Image.Image) -> Image.Image:
    laid = Image.new("RGB", image.size, colour)
    laid.paste(image, mask=image)  # the same pixels as `alpha_composite`, in half the time
    return laid


def stretched(image: Image.Image) -> Image.Image:
    """Grey of more than 8 bits as L, from the least value, black, to the largest.

    NaN, the value that a TIFF names as no data, and values far from all others
    (no data that is not named, a broken pixel) don't count, and become black, or
    white where they are above the rest. A picture of a single value keeps its
    level, of 65,535.
    """
    pixels = np.asarray(image)
    if pixels.dtype.kind == "i" and _is_unsigned(image):
        pixels = pixels.astype(np.int32).view(np.uint32)
    counted = np.isfinite(pixels)
    none = _no_data(image)
    if none is not None:
        counted &= pixels != none
    low, high = _ends(pixels, counted)
    with np.errstate(invalid="ignore"):  # some NaN would be reported
        values = pixels.astype(np.float64 if pixels.dtype.itemsize > 2 else np.float32)
    if none is not None:
        values[pixels == none] = np.nan
    if low == high:
        level = 255.0 * min(max(low, 0.0), _UNSIGNED) / _UNSIGNED
        values.fill(level)
    else:
        np.clip(values, low, high, out=values)
        values -= low
        values *= 255.0 / (high - low)
    values += 0.5
    made = Image.fromarray(np.nan_to_num(values, copy=False).astype(np.uint8))
    made.info[STRETCHED] = low, high
    return made


def deep_colour(image: Any) -> Optional[List[Any]]:
    """How Pillow would read the lower halves of colours of 16 bits instead of the upper ones; None for others.

    It keeps the upper halves alone, by the order of a number's bytes, which is
    turned round here. To be asked before the picture is loaded.
    """
    halves = []
    for tile in image.tile or ():  # an icon has none in some versions of Pillow, which have decoded it
        options = tile[3]
        order = options if isinstance(options, str) else options[0] if options else None
        if order not in _OTHER_HALF:
            return None
        other = _OTHER_HALF[order] if order is options else (_OTHER_HALF[order], *options[1:])
        halves.append(tile._replace(args=other) if hasattr(tile, "_replace") else (*tile[:3], other))
    return halves or None


def is_flat(image: Image.Image) -> bool:
    """Whether the colours of a loaded picture are so near to each other that little can be told apart."""
    ends: Any = image.getextrema()
    return bool(max(high for _, high in ends) - min(low for low, _ in ends) < _FLAT)


def stretched_colour(upper: Image.Image, again: Any, halves: List[Any]) -> Image.Image:
    """Colours of 16 bits as RGB of 8, stretched as grey is, all three colours alike.

    `upper` are their upper halves, `again` is the same picture, opened but not
    loaded, and `halves` what `deep_colour` gave for it.
    """
    again.tile = halves
    pixels = np.asarray(upper).astype(np.uint16) * 256 + np.asarray(again)
    rows = Image.fromarray(pixels.reshape(len(pixels), -1))
    flat = stretched(rows)
    made = Image.fromarray(np.asarray(flat).reshape(pixels.shape))
    made.info[STRETCHED] = flat.info[STRETCHED]
    return made


def _ends(pixels: np.ndarray, counted: np.ndarray) -> Tuple[float, float]:
    """The least and the largest value of a picture, without those far from all others; 0 and 0 for no value."""
    step = max(1, pixels.size // _COUNTED)
    sample = np.unique(pixels.ravel()[::step][counted.ravel()[::step]]).astype(np.float64)
    if not len(sample):
        sample = np.unique(pixels[counted]).astype(np.float64)
    if not len(sample):
        return 0.0, 0.0
    # Of distinct values, since no data may be most of a picture.
    first, last = np.percentile(sample, (5, 95))
    spread = max(last - first, np.finfo(np.float32).tiny)
    counted = counted & (pixels >= first - _FENCE * spread) & (pixels <= last + _FENCE * spread)
    if not counted.any():  # two values, the ends of all that a number can be
        return float(sample[0]), float(sample[-1])
    return float(pixels[counted].min()), float(pixels[counted].max())


def _no_data(image: Any) -> Optional[float]:
    try:
        return float(str(image.tag_v2[_NO_DATA]).strip("\0 "))
    except (AttributeError, KeyError, ValueError):  # no TIFF, none named, no number
        return None


def _is_unsigned(image: Any) -> bool:
    """Whether Pillow took 32 bits of a TIFF, without a sign, for numbers with one."""
    tags = getattr(image, "tag_v2", None)
    return tags is not None and tags.get(258) == (32,) and tags.get(339, (1,)) == (1,)
