"""A map as a still picture for print: every photo once, in a grid, near the photos that look like it."""

import io
import os
from contextlib import closing
from pathlib import Path
from typing import Any, Dict, Hashable, Iterator, List, Optional, Tuple, Union

from PIL import Image, ImageDraw

from helpers.arguments import takes
from helpers.collection.poster_grid import PosterGrid, grid_for, snapped
from helpers.errors import ExportError, FrameError, PhotoError
from helpers.files.progress import progress_bar
from helpers.files.replacing import replacing
from helpers.files.spelling import expanded
from helpers.files.threads import work_ahead
from helpers.frames.per_photo import entries, numbers
from helpers.images.decode import Source, open_photo, photo_size
from helpers.images.thumbnails import Thumbnails

_SHOWN = 900  # pixels of the longer side, in a notebook
_AT_ONCE = 500
_GAP, _FRAME = 0.04, 0.05  # of a tile: between two photos, and around one
_GREY = "#d1d5db"
_COLOURS = (
    "#2563eb",
    "#ea580c",
    "#059669",
    "#db2777",
    "#ca8a04",
    "#7c3aed",
    "#0891b2",
    "#dc2626",
    "#65a30d",
    "#475569",
)
_FORMATS = {".png": "PNG", ".pdf": "PDF"}


@takes(atlas="atlas")
def montage(
    atlas: Any,
    path: Union[str, "os.PathLike[str]", None] = None,
    *,
    columns: Optional[int] = None,
    tile: Optional[int] = None,
    width_cm: Optional[float] = None,
    height_cm: Optional[float] = None,
    dpi: float = 150,
    crop: bool = True,
    frames: Optional[Any] = None,
    progress: bool = True,
) -> "Montage":
    """Draw the photos of an `Atlas` in a grid, near the photos that look like them.

    No two photos overlap and none is left out; a photo that cannot be read is a
    grey tile.

    Parameters
    ----------
    atlas : Atlas
    path : path, optional
        A file that ends with .png or .pdf. It is written whole or not at all,
        over an older one.
    columns : int, optional
        How many photos are side by side; by default the grid has the proportions
        of the sheet, or about those of the map.
    tile : int, optional
        Pixels of a cell, both ways; by default 96.
    width_cm, height_cm : float, optional
        Instead of `tile`, one or both: the size of the sheet, on which tiles are
        as large as possible. A1 is 59.4 x 84.1.
    dpi : float
        Pixels an inch in print.
    crop : bool
        With True the middle of each photo, as a square; with False all of it.
    frames : optional
        An entry for each photo, such as its label, or the name of a column of
        `model.data`; photos with equal ones have a frame of the same colour, one
        of ten (see `Montage.colours`), and those without one have none.
    progress : bool

    Returns
    -------
    Montage
        Shows itself in a notebook; `image()` is the whole picture. Drawing takes
        4 bytes a pixel.

    Raises
    ------
    FrameError
        For arguments that do not fit, and more than 400 megapixels.
    ExportError
        Where the file cannot be written.

    Examples
    --------
    >>> from helpers.collection.atlas import Atlas
    >>> from helpers.photos.load import load_photos
    >>> from helpers.similarity.build import create
    >>> data, bad = load_photos("data/robots/tarn")
    >>> model = create(data, model="efficientnet-lite0", verbose=False)
    >>> montage(Atlas(model, method="pca"), tile=48, columns=10)
    Montage of 80 photos: 10 x 8 tiles of 48 pixels, 480 x 384 pixels, 8.1 x 6.5 cm at 150 dpi
    """
    if path is not None:
        _check_path(Path(path))
    grid = grid_for(atlas.positions, columns, tile, (width_cm, height_cm), dpi)
    drawn = Montage(atlas, grid, dpi, crop, frames, progress)
    if path is not None:
        drawn.save(path)
    return drawn


class Montage:
    """Photos in a grid, made by `montage`; as the last expression of a cell it shows itself, reduced.

    `cells` is int64 [photos, 2], the row and column of each photo, counted from
    0 at the top left; `colours` is the colour of each entry of `frames`.
    """

    def __init__(self, atlas: Any, grid: PosterGrid, dpi: float, crop: bool, frames: Any, progress: bool) -> None:
        self._model, self._grid, self._dpi, self._crop, self._progress = atlas.model, grid, dpi, crop, progress
        self.colours: Dict[Hashable, str] = {}
        self._colour_of: List[Optional[str]] = [None] * len(atlas.positions)
        if frames is not None:
            known, labels = numbers(entries(self._model, frames, "frames"), "frames")
            self.colours = {label: _COLOURS[place % len(_COLOURS)] for place, label in enumerate(labels)}
            self._colour_of = [None if each < 0 else _COLOURS[each % len(_COLOURS)] for each in known.tolist()]
        self.cells = snapped(atlas.positions, grid.rows, grid.columns, progress)
        self._shown: Optional[bytes] = None

    def __repr__(self) -> str:
        grid = self._grid
        width, height = self.size_cm
        return (
            f"Montage of {len(self.cells)} photos: {grid.columns} x {grid.rows} tiles of {grid.tile} pixels, "
            f"{grid.width} x {grid.height} pixels, {width:.1f} x {height:.1f} cm at {self._dpi:g} dpi"
        )

    @property
    def size_cm(self) -> Tuple[float, float]:
        """Width and height of the sheet in print."""
        return 2.54 * self._grid.width / self._dpi, 2.54 * self._grid.height / self._dpi

    def _repr_png_(self) -> bytes:
        if self._shown is None:
            grid = self._grid
            scale = min(1.0, _SHOWN / max(grid.width, grid.height))
            tile = max(1, int(grid.tile * scale))
            # As it will be printed, unless there are more photos in a line than pixels.
            width = max(round(grid.width * scale), grid.columns * tile)
            height = max(round(grid.height * scale), grid.rows * tile)
            self._shown = _png(self._drawn(PosterGrid(grid.columns, grid.rows, tile, width, height)))
        return self._shown

    def image(self) -> Image.Image:
        """The whole picture, RGB, as it is saved."""
        return self._drawn(self._grid)

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Write the picture to a file that ends with .png or .pdf; see `montage`."""
        place = expanded(path).absolute()
        kind = _check_path(place)
        image = self.image()
        try:
            with replacing(place) as half:
                if kind == "PNG":
                    image.save(half, "PNG", dpi=(self._dpi, self._dpi), compress_level=2)
                else:
                    image.save(half, "PDF", resolution=self._dpi, quality=90, title=place.stem)
        except OSError as error:
            raise ExportError(
                f"{place}: the montage could not be written ({error.strerror or error}), and nothing was left there; "
                "make room, or choose another place"
            ) from error
        scale = min(1.0, _SHOWN / max(image.size))
        small = tuple(max(1, round(side * scale)) for side in image.size)
        self._shown = _png(image.resize(small, Image.Resampling.LANCZOS, reducing_gap=3))  # type: ignore[arg-type]

    def _drawn(self, grid: PosterGrid) -> Image.Image:
        """The grid in the middle of a white sheet."""
        image = Image.new("RGB", (grid.width, grid.height), "white")
        pen = ImageDraw.Draw(image)
        left, top = (grid.width - grid.columns * grid.tile) // 2, (grid.height - grid.rows * grid.tile) // 2
        gap = round(grid.tile * _GAP / 2)
        frame = max(1, round(grid.tile * _FRAME)) if self.colours else 0
        side = max(1, grid.tile - 2 * (gap + frame))
        with progress_bar(total=len(self.cells), show=self._progress) as shown:
            for row, photo in enumerate(self._photos(side)):
                down, right = self.cells[row].tolist()
                x, y = left + right * grid.tile + gap + frame, top + down * grid.tile + gap + frame
                colour = self._colour_of[row]
                if photo is None:
                    pen.rectangle((x, y, x + side - 1, y + side - 1), fill=_GREY)
                    photo = Image.new("RGB", (side, side), _GREY)
                x, y = x + (side - photo.width) // 2, y + (side - photo.height) // 2
                if colour is not None:
                    box = (x - frame, y - frame, x + photo.width + frame - 1, y + photo.height + frame - 1)
                    pen.rectangle(box, fill=colour)
                image.paste(photo, (x, y))
                shown.update()
        return image

    def _photos(self, side: int) -> Iterator[Optional[Image.Image]]:
        """Each photo, made to fit into a square; None for one that cannot be read."""
        thumbnails, collection = Thumbnails(), self._model.collection
        photos = list(zip(collection.sources, collection.identities))
        for start in range(0, len(photos), _AT_ONCE):
            some = photos[start : start + _AT_ONCE]
            small = thumbnails.get_many(some)
            wanted = ((jpeg, source, side, self._crop, thumbnails.size) for jpeg, (source, _) in zip(small, some))
            with closing(work_ahead(_fitted, wanted, ahead=64)) as made:
                yield from made


def _fitted(wanted: Tuple[Optional[bytes], Source, int, bool, int]) -> Optional[Image.Image]:
    """A photo from its thumbnail, or where that is too small from its file; None where there is none."""
    jpeg, source, side, crop, size = wanted
    if jpeg is None:
        return None
    try:
        photo: Source = jpeg
        width, height = photo_size(jpeg)
        if max(width, height) >= size and (min if crop else max)(width, height) < side:
            photo = source
            width, height = photo_size(source)
        scale = side / (min if crop else max)(width, height)
        width, height = max(1, round(width * scale)), max(1, round(height * scale))
        image = open_photo(photo, size=(width, height))
    except PhotoError:
        return None
    left, top = max(0, (width - side) // 2), max(0, (height - side) // 2)
    return image.crop((left, top, left + side, top + side)) if crop else image


def _check_path(path: Path) -> str:
    """Pillow's name of the format; raises `FrameError`."""
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise FrameError(f"{path}: a montage is written as .png or .pdf; choose a name that ends so")
    if path.is_dir():
        raise FrameError(f"{path}: there is a folder already; choose another name")
    return kind


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
