"""A map as a still picture: its points in their colours, photos where they have room, outlines of where most are."""

import io
import re
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

import numpy as np
from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter

from helpers.explorer.map.colouring import MISSING, Colouring

_SIZE, _EDGE, _TILE = (900, 560), 30, 44  # px
_BLUE = "#1976d2"  # `--kf-strong` of `helpers/widgets/base.css`
_STYLE = (Path(__file__).parent / "page" / "map.css").read_text(encoding="utf-8")
_SHARES = (0.9, 0.7, 0.5, 0.25)  # of the photos that are inside an outline, at least: as in `page/contours.js`
_FEWEST = 30  # photos that have outlines
_CELL = 5  # px of a cell of the density's grid
_NARROW, _BROAD, _SPACINGS = 0.015, 0.04, 1.2  # of the longer side, and of the spacing: the deviation, as there
_LINE, _FILL = 0.35, 0.08  # how opaque
_MOST = 20_000  # points that are drawn one by one; of more, evenly many

Read = Callable[[List[int]], List[Optional[bytes]]]  # thumbnails of photos, by their numbers


def still_map(positions: np.ndarray, colouring: Colouring, read: Read) -> bytes:
    """The map as a JPEG of 900 x 560 pixels; `positions` are float32 [photos, 2]."""
    places = _on_page(positions)
    page = _outlined(places)
    shown = _with_room(places)
    for (x, y), jpeg in zip(places[shown].tolist(), read(shown)):
        if jpeg is not None:
            with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as photo:
                photo.thumbnail((_TILE, _TILE))
                page.paste(photo.convert("RGB"), (round(x - photo.width / 2), round(y - photo.height / 2)))
    pen, radius = ImageDraw.Draw(page), 4 if len(places) < 1000 else 2
    points = (
        np.unique(np.linspace(0, len(places) - 1, _MOST).astype(int)) if len(places) > _MOST else range(len(places))
    )
    colours = _colours(colouring)
    for point in points:
        x, y = places[point].tolist()
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), colours[int(colouring.codes[point])], "white")
    buffer = io.BytesIO()
    page.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _on_page(positions: np.ndarray) -> np.ndarray:
    """Positions in pixels, as large as there is room for, in the middle."""
    low, high = positions.min(0), positions.max(0)
    spans = np.maximum(high - low, 1e-9)
    room = np.array(_SIZE) - 2 * _EDGE
    return (positions - (low + high) / 2) * (room / spans).min() + np.array(_SIZE) / 2


def _outlined(places: np.ndarray) -> Image.Image:
    """A page with the regions of highest density, as the live map has them."""
    page = Image.new("RGB", _SIZE, "white")
    spans = np.ptp(places, axis=0)
    if len(places) < _FEWEST or not spans.max():
        return page
    spacing = np.sqrt(0.5 * max(spans[0] * spans[1], 1.0) / len(places))
    deviation = min(_BROAD * spans.max(), max(_NARROW * spans.max(), _SPACINGS * spacing)) / _CELL
    wide, tall = (side // _CELL for side in _SIZE)
    across, along = np.clip((places // _CELL).astype(int), 0, (wide - 1, tall - 1)).T
    counts = np.zeros((tall, wide))
    np.add.at(counts, (along, across), 1)
    density = _kernel(tall, deviation) @ counts @ _kernel(wide, deviation)
    own = np.sort(density[along, across])
    fine = np.asarray(Image.fromarray(density.astype(np.float32)).resize(_SIZE, Image.Resampling.BICUBIC))
    for share in _SHARES:
        inside = Image.fromarray(fine >= own[int((1 - share) * (len(own) - 1))]).convert("L")
        edge = ImageChops.subtract(inside, inside.filter(ImageFilter.MinFilter(3)))
        for mask, opaque in ((inside, _FILL), (edge, _LINE)):
            page.paste(_BLUE, mask=mask.point(lambda value, opaque=opaque: round(value * opaque)))
    return page


def _kernel(side: int, deviation: float) -> np.ndarray:
    """A Gaussian as a matrix, float64 [side, side], that smooths rows or columns."""
    apart = np.arange(side)[:, None] - np.arange(side)
    return np.asarray(np.exp(-0.5 * (apart / deviation) ** 2))


def _with_room(places: np.ndarray) -> List[int]:
    """The first photo of each field of the page."""
    fields: Dict[Tuple[int, ...], int] = {}
    for number, field in enumerate((places // (_TILE + 4)).astype(int).tolist()):
        fields.setdefault(tuple(field), number)
    return list(fields.values())


def _colours(colouring: Colouring) -> Dict[int, Tuple[int, ...]]:
    """The colour of each code, as the page has it in a light theme."""
    kinds, scale = (_listed(name) for name in ("kinds", "scale"))
    if colouring.legend["kind"] == "scale":
        steps = np.linspace(0, len(scale) - 1, MISSING)
        channels = np.stack([np.interp(steps, range(len(scale)), channel) for channel in np.array(scale).T], 1)
        colours = dict(enumerate(map(tuple, channels.astype(int).tolist())))
    else:
        colours = dict(enumerate([*kinds, *_listed("other")]))
    return {**colours, MISSING: _listed("missing")[0]}


def _listed(name: str) -> List[Tuple[int, ...]]:
    found = re.search(rf"--kf-{name}: ([^;]+);", _STYLE)
    return [ImageColor.getrgb(colour.strip()) for colour in (found[1] if found else "#888").split(",")]
