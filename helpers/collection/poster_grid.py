"""The grid of a poster: how many tiles of which size it has, and which photo of a map goes into which cell."""

from typing import Iterator, NamedTuple, Optional, Tuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from helpers.arguments import check_whole
from helpers.errors import FrameError
from helpers.files.progress import progress_bar

_TILE = 96  # pixels
_SMALLEST = 4  # pixels of a tile, of which anything can be seen
_MOST = 400  # megapixels, which take 1.6 GB
_LONGEST = 65_500  # pixels of a side: a JPEG has no more, and in a PDF there is one
_PROPORTION = 2**0.5  # of a sheet of paper: a grid without a given size is no longer than that
_NEARLY = 0.95  # of the largest tiles
_EXACT = 2_000  # points that are assigned at once
_PART = 1_000  # points of a part, where there are more

Size = Tuple[Optional[float], Optional[float]]  # width and height


class PosterGrid(NamedTuple):
    """A grid in the middle of a sheet; `tile`, `width` and `height` are pixels."""

    columns: int
    rows: int
    tile: int
    width: int
    height: int


def grid_for(positions: np.ndarray, columns: Optional[int], tile: Optional[int], size: Size, dpi: float) -> PosterGrid:
    """The grid for the photos of a map, [n, 2], on a sheet of `size` in centimetres.

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
    grid = PosterGrid(columns, rows, tile, width or columns * tile, height or rows * tile)
    _check(grid, dpi if width or height else None)
    return grid


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


def _check(grid: PosterGrid, dpi: Optional[float]) -> None:
    """Raise `FrameError` for a picture that is too large, with the `dpi` or the `tile` that would fit."""
    megapixels, longest = grid.width * grid.height / 1e6, max(grid.width, grid.height)
    if megapixels <= _MOST and longest <= _LONGEST:
        return
    share = min((_MOST / megapixels) ** 0.5, _LONGEST / longest)
    fits = f"tile={int(grid.tile * share)}" if dpi is None else f"dpi={int(dpi * share)}"
    raise FrameError(
        f"{grid.columns} x {grid.rows} tiles of {grid.tile} pixels make {grid.width} x {grid.height} pixels, "
        f"{megapixels:,.0f} megapixels; {_MOST} can be drawn, and {_LONGEST} pixels a side: {fits} would fit"
    )


def snapped(positions: np.ndarray, rows: int, columns: int, progress: bool = False) -> np.ndarray:
    """The row and column of each point's cell, int64 [n, 2]; no two have the same.

    `positions`, [n, 2], are x and y, downwards. The cells are the first n of
    the grid, line by line, which has at least as many. The map is stretched to
    the grid, and for up to 2,000 points the sum of the squared ways from points
    to cells is the smallest possible. More points are halved, and the halves go
    to the halves of the grid, until a part has 1,000 at most. That keeps
    neighbours as well: of the ten nearest of 5,000 points on a t-SNE map, 79 %
    are among the 20 nearest on the grid; of 1,500 it is 77 % either way. The
    least sum for all 5,000 would take 40 times as long.
    """
    cells = np.stack(np.divmod(np.arange(len(positions)), columns), axis=1)
    low, high = positions.min(axis=0), positions.max(axis=0)
    shares = (positions - low) / np.where(high > low, high - low, 1)
    points = shares[:, ::-1] * (rows - 1, columns - 1)
    every = np.arange(len(points))
    if len(points) <= _EXACT:
        return cells[_assigned(points, cells)]
    taken = np.empty(len(points), np.int64)
    with progress_bar(total=len(points), show=progress) as shown:
        for some, theirs in _parts(points, every, cells, every):
            taken[some] = theirs[_assigned(points[some], cells[theirs])]
            shown.update(len(some))
    return cells[taken]


def _assigned(points: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The place of each point's cell."""
    costs = np.zeros((len(points), len(cells)))
    for axis in range(2):
        costs += np.square(points[:, axis, None] - cells[None, :, axis])
    places: np.ndarray = linear_sum_assignment(costs)[1]
    return places


def _parts(
    points: np.ndarray, some: np.ndarray, cells: np.ndarray, theirs: np.ndarray
) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
    """Points and as many cells, few enough to be assigned at once."""
    if len(some) <= _PART:
        yield some, theirs
        return
    axis, half = int(np.argmax(np.ptp(cells[theirs], axis=0))), len(some) // 2
    some = some[np.lexsort((points[some, 1 - axis], points[some, axis]))]
    theirs = theirs[np.lexsort((cells[theirs, 1 - axis], cells[theirs, axis]))]
    yield from _parts(points, some[:half], cells, theirs[:half])
    yield from _parts(points, some[half:], cells, theirs[half:])
