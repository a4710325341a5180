"""The sightings of a species as a strip of photos in the order of time, with when, where and whether they are sure."""

import datetime
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, List, Optional, Union

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.arguments import check_whole
from helpers.errors import FrameError, PhotoError
from helpers.images.sheet import GAP, GREY, INK, LINE, MARGIN, TILE, Sheet, read_tile
from helpers.season.sighting import CONFIRMED, Sighting, sightings_of
from helpers.season.timeline.style import COLOURS, check_width

_MOST = 100  # photos
_ROW = TILE + 4.3 * LINE + GAP


Tiles = Dict[Any, Union[np.ndarray, PhotoError]]  # by the label of the photo


def show_strip(
    sightings: Any, season: Any, *, k: int = 40, width: float = 8.6, tiles: Optional[Tiles] = None
) -> Figure:
    """Draw the best photo of each sighting in the order of time, with date and time, site, camera and status.

    `season` is the season, or the model, that has the photos. Of more than `k`
    sightings (1 to 100; of a `Sightings` those of its `frame()`) the confirmed
    ones come first, then the candidates of the best rank; all stand in the order
    of time, those without a date last. A photo that has gone missing or is
    damaged is a grey tile with the reason.
    `tiles` are kept from one call to the next, so that a photo is read once.
    Raises `FrameError`.
    """
    check_whole("k", k)
    if k > _MOST:
        raise FrameError(f"k={k}: show_strip draws {_MOST} photos at most")
    check_width(width)
    told = sightings_of(sightings)
    best = sorted(told, key=lambda each: (each.status != CONFIRMED, each.rank is None, each.rank or 0))[:k]
    best.sort(key=lambda each: (each.start is None, each.start or datetime.datetime.min, each.event))
    note = f"{len(best)} of {len(told)} sightings shown" if len(best) < len(told) else "" if best else "no sighting"
    kept: Tiles = {} if tiles is None else tiles
    new = list({each.label: season.photo(each.label) for each in best if each.label not in kept}.items())
    with ThreadPoolExecutor(4) as readers:
        kept.update(zip([label for label, _ in new], readers.map(read_tile, [source for _, source in new])))
    return _Strip(best, kept, note, max(1, int((width - 2 * MARGIN + GAP) / (TILE + GAP)))).finish()


class _Strip(Sheet):
    def __init__(self, told: List[Sighting], tiles: Tiles, note: str, columns: int) -> None:
        across, down = min(columns, max(2, len(told))), -(-len(told) // columns)
        height = 2 * MARGIN + down * _ROW - GAP * bool(told) + 1.5 * LINE * bool(note)
        super().__init__(2 * MARGIN + across * (TILE + GAP) - GAP, height)
        for number, sighting in enumerate(told):
            row, column = divmod(number, columns)
            self.sighting(sighting, tiles[sighting.label], MARGIN + column * (TILE + GAP), MARGIN + row * _ROW)
        if note:
            self.text(MARGIN, self.height - MARGIN, note, color=GREY, within=self.width - 2 * MARGIN)

    def sighting(self, told: Sighting, photo: Union[np.ndarray, PhotoError], x: float, y: float) -> None:
        self.photo(photo, x, y)
        sure = told.status == CONFIRMED
        self.axes.add_patch(
            Rectangle((x, y + TILE + 0.02), TILE, 0.05, facecolor=COLOURS[told.status], linewidth=0, zorder=3)
        )
        below = y + TILE + 1.6 * LINE
        when = "no date" if told.start is None else f"{told.start:%Y-%m-%d %H:%M}"
        self.text(x, below, when, weight="bold", within=TILE)
        where = " · ".join(part for part in (told.site, told.camera) if part) or told.deployment or "no site"
        self.text(x, below + LINE, where, within=TILE)
        said = told.status if told.photos in (None, 1) else f"{told.status}, {told.photos} photos"
        self.text(x, below + 2 * LINE, said, color=INK if sure else GREY, within=TILE)
