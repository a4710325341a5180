"""A map as a still picture: its points in their colours, and photos where they have room."""

import io
import re
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from helpers.explorer.map.colouring import MISSING, Colouring

_SIZE, _EDGE, _TILE = (900, 560), 30, 44  # px
_STYLE = (Path(__file__).parent / "page" / "map.css").read_text(encoding="utf-8")
_MOST = 20_000  # points that are drawn one by one; of more, evenly many

Read = Callable[[List[int]], List[Optional[bytes]]]  # thumbnails of photos, by their numbers


def still_map(positions: np.ndarray, colouring: Colouring, read: Read) -> bytes:
    """The map as a JPEG of 900 x 560 pixels; `positions` are float32 [photos, 2]."""
    page = Image.new("RGB", _SIZE, "white")
    places = _on_page(positions)
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
