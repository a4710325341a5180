"""A figure with photos in tiles and text around them, laid out in inches from the top left."""

import io
import itertools
import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, TypeVar, Union

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image, ImageDraw

from helpers.errors import PhotoError
from helpers.images.boxes import Box, within
from helpers.images.crop import enlarged
from helpers.images.decode import Source, open_photo
from helpers.images.fonts import drawable, families_of, fitted

_PIXELS = 300  # of a photo's longer side: sharp on a fine screen and when saved at dpi=200
_INSET = 88  # pixels: the whole photo's longer side, in a corner of a tile that shows a part of it
_TIE = 0.02  # of the part's side: gaps count as equal, and the corner is at the right and at the bottom
_FRAME = "#e8590c"  # around the part, as in the explorer

# Inches; the figure has 100 pixels per inch on the screen.
TILE, GAP, MARGIN = 1.5, 0.16, 0.2
LINE = 0.155
TITLE = 0.26

INK, GREY = "#1f2328", "#6b7280"
_FAINT, _RULE, _REFUSED = "#f3f4f6", "#e5e7eb", "#d1d5db"

Block = TypeVar("Block")
TilePixels = Union[np.ndarray, PhotoError]  # a photo at the size of a tile, uint8 [height, width, 3], or why not


class InlineFigure(Figure):
    """A Figure that Jupyter shows inline.

    It shows a plain one only after pyplot was imported, and pyplot keeps every
    figure that it makes in memory.
    """

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi="figure")
        return buffer.getvalue()


class Sheet:
    """A figure while it is drawn, with one pair of axes over all of it. `finish` comes last."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = InlineFigure(figsize=(width, height), dpi=100, facecolor="white")
        self.figure.set_layout_engine("none")  # whatever matplotlibrc asks for
        self.axes = self.figure.add_axes((0, 0, 1, 1), frameon=False)

    def finish(self) -> Figure:
        """The figure; drawing photos has moved the limits of its axes."""
        self.axes.set(xlim=(0, self.width), ylim=(self.height, 0), aspect="auto")
        self.axes.set_axis_off()
        return self.figure

    def stack(self, blocks: Sequence[Block], heights: Sequence[float], draw: Callable[[Block, float], None]) -> None:
        """Draw blocks beneath each other with a faint line between them: `draw(block, top)` draws one."""
        top = MARGIN
        for block, height in zip(blocks, heights):
            if top > MARGIN:
                line = top - 0.6 * GAP
                self.axes.plot([MARGIN, self.width - MARGIN], [line, line], color=_RULE, linewidth=0.8)
            draw(block, top)
            top += height

    def title(self, title: str, top: float) -> float:
        """Write the title of a block, where it has one; returns where its tiles begin."""
        if not title:
            return top
        self.text(MARGIN, top + 0.6 * TITLE, title, size=10, weight="bold", within=self.width - 2 * MARGIN)
        return top + TITLE

    def photo(self, photo: TilePixels, x: float, y: float) -> None:
        """Draw what `read_tiles` gave for a photo as a tile with its left top corner there."""
        refused = isinstance(photo, PhotoError)
        self.axes.add_patch(Rectangle((x, y), TILE, TILE, facecolor=_REFUSED if refused else _FAINT))
        if isinstance(photo, PhotoError):
            reason = "\n".join(textwrap.wrap(str(photo), 20, max_lines=6, placeholder="…"))
            self.text(x + TILE / 2, y + TILE / 2, reason, size=7.5, color="#4b5563", ha="center", va="center")
            return
        height, width = (TILE * side / max(photo.shape[:2]) for side in photo.shape[:2])
        left, top = x + (TILE - width) / 2, y + (TILE - height) / 2
        extent = (left, left + width, top + height, top)
        self.axes.imshow(photo, extent=extent, aspect="auto", origin="upper", zorder=2)

    def name(self, name: str, x: float, y: float, *, with_folder: bool) -> None:
        """The name of a photo's file and, on the next line, its folder."""
        folder, _, file = name.rpartition("/")
        self.text(x, y, file, within=TILE)
        if with_folder:
            self.text(x, y + LINE, folder, color=GREY, within=TILE)

    def text(
        self, x: float, y: float, text: str, *, size: float = 8, color: str = INK, within: float = 0, **style: Any
    ) -> None:
        """Write text; with `within`, shortened in its middle to that many inches."""
        lines = [fitted(text, within * 72 / size)] if within else [drawable(line) for line in text.split("\n")]
        drawn = "\n".join(lines)
        self.axes.text(
            x, y, drawn, size=size, color=color, family=families_of(drawn), parse_math=False, usetex=False, **style
        )


def corners(columns: int, left: float, top: float, row_height: float) -> Iterator[Tuple[float, float]]:
    """The left top corners of tiles, `columns` side by side and then in further rows, without end."""
    for number in itertools.count():
        row, column = divmod(number, columns)
        yield left + column * (TILE + GAP), top + row * row_height


def several_folders(names: Iterable[str]) -> bool:
    """Whether photos, by their names, are in more than one folder."""
    folders = {name.rpartition("/")[0] for name in names}
    return len(folders) > 1


class TilePhoto(NamedTuple):
    """What a tile is to show."""

    source: Optional[Source]  # None for a query that the model does not remember
    box: Optional[Box] = None  # the part of the photo that was compared; None for the whole photo


def read_tiles(photos: Iterable[TilePhoto]) -> List[TilePixels]:
    """Photos at the size of a tile, in their order; for one that cannot be read, or None, the reason."""
    with ThreadPoolExecutor(4) as readers:
        return list(readers.map(read_tile, photos))


def read_tile(photo: TilePhoto) -> TilePixels:
    """One photo at the size of a tile; the reason why it cannot be read is returned, not raised.

    Of a photo with a box that is the part in the box, enlarged and framed, with the whole photo small in a corner.
    """
    if photo.source is None:
        return PhotoError("this query is not one that the model remembers")
    try:
        if photo.box is not None:
            return _part_and_whole(photo.source, photo.box)
        return np.asarray(open_photo(photo.source, within=_PIXELS))
    except PhotoError as error:
        return error


def _part_and_whole(source: Source, box: Box) -> np.ndarray:
    pixels, part = enlarged(source, box, _PIXELS)
    picture = Image.fromarray(pixels)
    inner = within(box, part)
    _outline(picture, inner, 2)
    if part == (0.0, 0.0, 1.0, 1.0):
        return np.asarray(picture)
    whole = open_photo(source, within=_INSET)
    _outline(whole, box, 2)
    bordered = Image.new("RGB", (whole.width + 4, whole.height + 4), "white")
    bordered.paste(whole, (2, 2))
    # The corner that has most room beside the box: below or above it, and on the side of the wider gap.
    left = picture.width - bordered.width if inner[0] <= 1 - inner[2] + _TIE else 0
    top = picture.height - bordered.height if inner[1] <= 1 - inner[3] + _TIE else 0
    picture.paste(bordered, (left, top))
    return np.asarray(picture)


def _outline(picture: Image.Image, box: Box, width: int) -> None:
    """Draw a frame around a box, outside it as far as the picture reaches; at least so large that it is seen."""
    left, top, right, bottom = (edge * picture.size[place % 2] for place, edge in enumerate(box))
    edges = (left - width, top - width, max(right, left + 1) + width - 1, max(bottom, top + 1) + width - 1)
    far = (picture.width - 1, picture.height - 1)
    clipped = [min(max(0, round(edge)), far[place % 2]) for place, edge in enumerate(edges)]
    ImageDraw.Draw(picture).rectangle(tuple(clipped), outline=_FRAME, width=width)
