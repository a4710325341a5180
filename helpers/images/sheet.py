"""A figure on which photos stand in tiles, with text around them, laid out in inches from the top left."""

import io
import textwrap
from typing import Any, Optional, Union

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


class InlineFigure(Figure):
    """A Figure that shows itself inline.

    Jupyter shows a plain one only after pyplot was imported, and pyplot keeps
    every figure that it makes alive.
    """

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi="figure")
        return buffer.getvalue()


class Sheet:
    """The figure while it is drawn: one pair of axes over all of it. `finish` comes last."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = InlineFigure(figsize=(width, height), dpi=100, facecolor="white")
        self.figure.set_layout_engine("none")  # whatever matplotlibrc wants, inches are inches
        self.axes = self.figure.add_axes((0, 0, 1, 1), frameon=False)

    def finish(self) -> Figure:
        """The figure; drawing photos has moved the limits of its axes."""
        self.axes.set(xlim=(0, self.width), ylim=(self.height, 0), aspect="auto")
        self.axes.set_axis_off()
        return self.figure

    def rule(self, y: float) -> None:
        """A faint line from margin to margin."""
        self.axes.plot([MARGIN, self.width - MARGIN], [y] * 2, color=_RULE, linewidth=0.8)

    def photo(self, photo: Union[np.ndarray, PhotoError], x: float, y: float) -> None:
        """What `read_tile` gave, as a tile with its left top corner there."""
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

    def text(
        self, x: float, y: float, text: str, *, size: float = 8, color: str = INK, within: float = 0, **style: Any
    ) -> None:
        """Text as it is; shortened in its middle where it is wider than `within` inches."""
        lines = [fitted(text, within * 72 / size)] if within else [drawable(line) for line in text.split("\n")]
        drawn = "\n".join(lines)
        self.axes.text(
            x, y, drawn, size=size, color=color, family=families_of(drawn), parse_math=False, usetex=False, **style
        )


def read_tile(source: Optional[Source]) -> Union[np.ndarray, PhotoError]:
    """The photo at the size of a tile, height x width x 3; or, handed on instead of raised, why it cannot be had."""
    if source is None:
        return PhotoError("this query is not one that the model remembers")
    try:
        width, height = photo_size(source)
        scale = min(1.0, _PIXELS / max(width, height))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        return np.asarray(open_photo(source, size=size))
    except PhotoError as error:
        return error
