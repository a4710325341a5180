"""The figure of a species' photos by time, with their dates, sites and statuses."""

import datetime
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple, Union

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.arguments import check_whole, takes
from helpers.errors import FrameError
from helpers.images.boxes import Box
from helpers.images.sheet import GAP, GREY, INK, LINE, MARGIN, TILE, Sheet, TilePhoto, TilePixels, read_tiles
from helpers.season.sighting import CONFIRMED, GivenSightings, Sighting, sightings_of
from helpers.season.timeline.style import COLOURS, check_width

if TYPE_CHECKING:
    from helpers.season.season import Season
    from helpers.similarity.model import SimilarityModel

_MOST = 100  # photos
_ROW = TILE + 4.3 * LINE + GAP
Tiles = Dict[Tuple[Any, Optional[Box]], TilePixels]  # by the label of the photo, and the part of it


@takes(sightings="sightings or frame", season="season or model")
def show_strip(
    sightings: GivenSightings,
    season: Union["Season", "SimilarityModel"],
    *,
    k: int = 40,
    width: float = 8.6,
    tiles: Optional[Tiles] = None,
) -> Figure:
    """Draw the best photo of each sighting by time, with its date, site, camera and status.

    Parameters
    ----------
    sightings
        A `Sightings`, of which the candidates are the first `k`, or its frame.
    season
        The season or the model that has the photos.
    k
        How many photos to draw, 1 to 100: of more sightings the confirmed ones,
        then the candidates of the best rank.
    width
        Of the figure, 3.5 to 20 inches.
    tiles
        A dict that keeps the photos from one call to the next, so that each is read once.

    Returns
    -------
    Figure
        Photos without a date come last. Where parts of photos are compared, a
        tile shows the part, enlarged and framed, and in its corner the whole
        photo. A photo that cannot be read is a grey tile with the reason.

    Raises
    ------
    FrameError
        For a `k` or width out of range, or a frame without the columns of sightings.
    """
    check_whole("k", k)
    if k > _MOST:
        raise FrameError(f"k={k}: show_strip draws {_MOST} photos at most")
    check_width(width)
    every = sightings_of(sightings)
    best = sorted(every, key=lambda one: (one.status != CONFIRMED, one.rank is None, one.rank or 0))[:k]
    best.sort(key=lambda one: (one.start is None, one.start or datetime.datetime.min, one.event))
    note = "" if best else "no sighting"
    if len(best) < len(every):
        note = f"{len(best)} of {len(every)} sightings shown"
    tiles = {} if tiles is None else tiles
    new = [key for key in dict.fromkeys((one.label, one.box) for one in best) if key not in tiles]
    tiles.update(zip(new, read_tiles(TilePhoto(season.photo(label), box) for label, box in new)))
    return _PhotoStrip(best, tiles, note, max(1, int((width - 2 * MARGIN + GAP) / (TILE + GAP)))).finish()


class _PhotoStrip(Sheet):
    def __init__(self, sightings: List[Sighting], tiles: Tiles, note: str, columns: int) -> None:
        across, down = min(columns, max(2, len(sightings))), -(-len(sightings) // columns)
        height = 2 * MARGIN + down * _ROW - GAP * bool(sightings) + 1.5 * LINE * bool(note)
        super().__init__(2 * MARGIN + across * (TILE + GAP) - GAP, height)
        for number, sighting in enumerate(sightings):
            row, column = divmod(number, columns)
            self._draw(
                sighting, tiles[sighting.label, sighting.box], MARGIN + column * (TILE + GAP), MARGIN + row * _ROW
            )
        if note:
            self.text(MARGIN, self.height - MARGIN, note, color=GREY, within=self.width - 2 * MARGIN)

    def _draw(self, sighting: Sighting, photo: TilePixels, x: float, y: float) -> None:
        self.photo(photo, x, y)
        status = sighting.status
        self.axes.add_patch(
            Rectangle((x, y + TILE + 0.02), TILE, 0.05, facecolor=COLOURS[status], linewidth=0, zorder=3)
        )
        below = y + TILE + 1.6 * LINE
        when = "no date" if sighting.start is None else f"{sighting.start:%Y-%m-%d %H:%M}"
        self.text(x, below, when, weight="bold", within=TILE)
        where = " · ".join(filter(None, (sighting.site, sighting.camera))) or sighting.deployment or "no site"
        self.text(x, below + LINE, where, within=TILE)
        text = status if sighting.photos in (None, 1) else f"{status}, {sighting.photos} photos"
        self.text(x, below + 2 * LINE, text, color=INK if status == CONFIRMED else GREY, within=TILE)
