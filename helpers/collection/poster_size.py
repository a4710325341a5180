"""How many tiles of which size a picture for print has, and how large it is."""

from typing import NamedTuple, Optional, Tuple

import numpy as np

from helpers.arguments import check_whole
from helpers.errors import FrameError

_TILE = 96  # pixels
_SMALLEST = 4  # pixels of a tile, of which anything can be seen
_MOST = 400  # megapixels, which take 1.6 GB
_LONGEST = 65_500  # pixels of a side: a JPEG has no more, and in a PDF there is one
_PROPORTION = 2**0.5  # of a sheet of paper: a grid without a given size is no longer than that
_NEARLY = 0.95  # of the largest tiles

Size = Tuple[Optional[float], Optional[float]]  # width and height


class Sheet(NamedTuple):
    """A grid in the middle of a sheet; `tile`, `width` and `height` are pixels."""

    columns: int
    rows: int
    tile: int
    width: int
    height: int


def sheet_for(positions: np.ndarray, columns: Optional[int], tile: Optional[int], size: Size, dpi: float) -> Sheet:
    """A sheet for the photos of a map, [n, 2]; `size` is in centimetres.

    Without `columns` the grid has the proportions of the sheet where both its
    sides are given, else about those of the map. Raises `FrameError` where the
    picture would be too large, its tiles too small, or arguments do not fit.
    """
    for name, value in (("width_cm", size[0]), ("height_cm", size[1]), ("dpi", dpi)):
        missing = value is None and name != "dpi"
        if not missing and not (isinstance(value, (int, float, np.number)) and 0 < value < np.inf):
            raise FrameError(f"{name} is a number above 0, not {value!r}")
    check_whole("columns", columns, none_is="as many as look well")
    check_whole("tile", tile, none_is="as large as the sheet has room for")
    width, height = (None if side is None else max(1, round(side / 2.54 * dpi)) for side in size)
    if tile is not None and (width or height):
        raise FrameError("give tile=, or the size of the sheet, not both: one follows from the other")
    count = len(positions)
    columns = min(columns or _columns(positions, width, height), count)
    rows = -(-count // columns)
    if width or height:
        tile = min(side // cells for side, cells in ((width, columns), (height, rows)) if side)
    else:
        tile = tile or _TILE
    if tile < _SMALLEST:
        way_out = "take a larger sheet, or more dpi" if width or height else f"take {_SMALLEST} at least"
        raise FrameError(f"tiles of {tile} pixels are too small for {columns} x {rows} photos; {way_out}")
    sheet = Sheet(columns, rows, tile, width or columns * tile, height or rows * tile)
    _check(sheet, dpi if width or height else None)
    return sheet


def _columns(positions: np.ndarray, width: Optional[int], height: Optional[int]) -> int:
    """As many as leave the fewest cells empty, with tiles that are nearly as large as can be."""
    if width and height:
        proportion = width / height
    else:
        across, down = np.ptp(positions, axis=0).tolist()
        proportion = min(max((across or 1) / (down or 1), 1 / _PROPORTION), _PROPORTION)
    columns = np.arange(1, len(positions) + 1)
    rows = -(-len(positions) // columns)
    tiles = np.minimum(proportion / columns, 1 / rows)
    well = np.flatnonzero(tiles >= _NEARLY * np.max(tiles))
    return int(columns[min(well, key=lambda place: (rows[place] * columns[place], -tiles[place]))])


def _check(sheet: Sheet, dpi: Optional[float]) -> None:
    """Raise `FrameError` for a picture that is too large, and say how it would fit: by its `dpi`, or by its tiles."""
    megapixels, longest = sheet.width * sheet.height / 1e6, max(sheet.width, sheet.height)
    if megapixels <= _MOST and longest <= _LONGEST:
        return
    share = min((_MOST / megapixels) ** 0.5, _LONGEST / longest)
    fits = f"tile={int(sheet.tile * share)}" if dpi is None else f"dpi={int(dpi * share)}"
    raise FrameError(
        f"{sheet.columns} x {sheet.rows} tiles of {sheet.tile} pixels make {sheet.width} x {sheet.height} pixels, "
        f"{megapixels:,.0f} megapixels; {_MOST} can be drawn, and {_LONGEST} pixels a side: {fits} would fit"
    )
