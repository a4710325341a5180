"""Figures of an autoencoder: its losses, and photos beside their reconstructions.

Each function returns a matplotlib Figure, which Jupyter shows as the last
expression of a cell and `figure.savefig("losses.png")` saves.
"""

from typing import Any, List, Optional, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.arguments import check_whole, takes
from helpers.errors import FrameError
from helpers.images.sheet import InlineFigure
from helpers.networks.autoencoder.model import Autoencoder

_MOST = 40  # photos in a figure
_TILE, _GAP, _MARGIN, _TITLES = 1.1, 0.08, 0.2, 0.85  # inches; _TITLES is the width of the titles beside the rows
_INK, _GREY, _ACCENT = "#1f2328", "#6b7280", "#c2410c"


@takes(autoencoder="autoencoder")
def show_losses(autoencoder: Autoencoder) -> Figure:
    """Draw the losses by epoch, of the photos learnt from and of those held back, with the best epoch marked.

    Parameters
    ----------
    autoencoder : Autoencoder

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = InlineFigure(figsize=(7, 3.4), dpi=100, facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    epochs, own, other = (list(autoencoder.losses[name]) for name in ("epoch", "loss", "validation_loss"))
    best = autoencoder.best_epoch
    marker = "." if len(epochs) < 3 else ""
    axes.axvline(best, color=_ACCENT, linewidth=0.8, linestyle=":")
    axes.plot(epochs, own, color=_GREY, marker=marker, label="photos learnt from")
    axes.plot(epochs, other, color=_ACCENT, marker=marker, label="photos held back (validation)")
    label = f"best epoch: {best}, {other[best - 1]:.4f}"
    axes.plot(best, other[best - 1], "o", color=_ACCENT, label=label)
    axes.set(ylim=(0, None), xlabel="epoch", ylabel="loss: mean squared error")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure


@takes(autoencoder="autoencoder")
def show_reconstructions(autoencoder: Autoencoder, photos: Any, *, columns: int = 8) -> Figure:
    """Draw photos as the encoder sees them and, below each, its reconstruction by the decoder.

    Parameters
    ----------
    autoencoder : Autoencoder
    photos : SFrame, SArray of Image, or Image
        The first 40 are drawn.
    columns : int, default 8
        Photos side by side.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    PhotoError
        For a photo that cannot be read.
    FrameError
        For `columns` below 1.
    """
    some = photos[:_MOST] if hasattr(photos, "__len__") else photos
    pixels = autoencoder.pixels(some)
    return show_rows(
        [pixels, autoencoder.reconstruct(pixels)], ["photo", f"from {autoencoder.latent}\nnumbers"], columns
    )


@takes(rows="list")
def show_rows(rows: Sequence[np.ndarray], titles: Optional[Sequence[str]] = None, columns: int = 8) -> Figure:
    """Draw rows of small photos beneath each other, with titles beside them.

    Parameters
    ----------
    rows : sequence of numpy.ndarray
        Each uint8 [N, height, width, 3], with the same N of at least 1.
    titles : sequence of str, optional
        One for each row.
    columns : int, default 8
        Photos side by side; with more in a row, the rows continue below.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    FrameError
        For no photo, or rows of different lengths.
    """
    check_whole("columns", columns)
    count = len(rows[0]) if len(rows) else 0
    if not count or any(len(row) != count for row in rows):
        raise FrameError("rows must have the same number of photos, and at least one")
    across = min(columns, count)
    blocks = [slice(start, start + across) for start in range(0, count, across)]
    left = _MARGIN + (_TITLES if titles else 0)
    width = left + across * (_TILE + _GAP) - _GAP + _MARGIN
    height = 2 * _MARGIN + len(blocks) * (len(rows) * (_TILE + _GAP) + _MARGIN) - _GAP - _MARGIN
    figure = InlineFigure(figsize=(width, height), dpi=100, facecolor="white")
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1), frameon=False)
    top = _MARGIN
    for block in blocks:
        for number, row in enumerate(rows):
            if titles:
                axes.text(_MARGIN, top + _TILE / 2, titles[number], size=9, color=_INK, va="center", parse_math=False)
            _draw(axes, list(row[block]), left, top)
            top += _TILE + _GAP
        top += _MARGIN
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="auto")  # last: drawing photos moves the limits
    axes.set_axis_off()
    return figure


def _draw(axes: Any, photos: List[np.ndarray], left: float, top: float) -> None:
    for place, photo in enumerate(photos):
        high, wide = (_TILE * side / max(photo.shape[:2]) for side in photo.shape[:2])
        x, y = left + place * (_TILE + _GAP) + (_TILE - wide) / 2, top + (_TILE - high) / 2
        axes.imshow(photo, extent=(x, x + wide, y + high, y), aspect="auto", interpolation="bilinear")
