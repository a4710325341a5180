"""A figure with photos in tiles and text around them, laid out in inches from the top left."""

import io
import itertools
import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Iterable, Iterator, List, Optional, Sequence, Tuple, TypeVar, Union

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.errors import PhotoError
from helpers.images.decode import Source, open_photo, photo_size
from helpers.images.fonts import drawable, families_of, fitted

_PIXELS = 300  # of a photo's longer side: sharp on a fine screen and when saved at dpi=200

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


def read_tiles(sources: Iterable[Optional[Source]]) -> List[TilePixels]:
    """Photos at the size of a tile, in their order; for one that cannot be read, or None, the reason."""
    with ThreadPoolExecutor(4) as readers:
        return list(readers.map(read_tile, sources))


def read_tile(source: Optional[Source]) -> TilePixels:
    """One photo at the size of a tile; the reason why it cannot be read is returned, not raised."""
    if source is None:
        return PhotoError("this query is not one that the model remembers")
    try:
        width, height = photo_size(source)
        scale = min(1.0, _PIXELS / max(width, height))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        return np.asarray(open_photo(source, size=size))
    except PhotoError as error:
        return error
