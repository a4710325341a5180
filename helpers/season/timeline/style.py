"""How the figures of a timeline look: their colours, which differ in lightness too, their axes, titles and legends."""

import textwrap
from typing import Any, Dict, List, Sequence, Tuple

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from helpers.errors import FrameError
from helpers.images.fonts import drawable, families_of, fitted
from helpers.images.fonts import width as text_width
from helpers.images.sheet import GREY, INK, InlineFigure
from helpers.season.sighting import CANDIDATE, CONFIRMED

COLOURS = {CONFIRMED: "#1d4ed8", CANDIDATE: "#93c5fd"}
OTHER = "#d97706"  # of a second species
LIGHT, FAINT = "#e5e7eb", "#f0f1f3"

_NARROWEST, _WIDEST = 3.5, 20  # inches
_EM, _HANDLE = 8 / 72, 3.3  # of a legend: inches of its letters, and ems of a colour and the gaps around it
_LETTERS = 13  # of a title in an inch


def check_width(width: Any) -> None:
    """Raise `FrameError` unless this is the width of a figure."""
    if isinstance(width, bool) or not isinstance(width, (int, float)) or not _NARROWEST <= width <= _WIDEST:
        raise FrameError(f"width={width!r}: a figure is {_NARROWEST} to {_WIDEST} inches wide")


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches; raises `FrameError` for a width out of range."""
    check_width(width)
    return InlineFigure(figsize=(width, height), dpi=100, facecolor="white", layout="constrained")


def write_instead(axes: Any, text: str) -> None:
    """Write a text in place of the axes."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", transform=axes.transAxes, color=GREY, size=9, parse_math=False)


def set_title(figure: Figure, *paragraphs: str) -> None:
    """Write paragraphs above the axes; empty ones are left out."""
    letters = int(figure.get_size_inches()[0] * _LETTERS)
    lines = [drawable(line) for paragraph in paragraphs for line in textwrap.wrap(paragraph, letters)]
    style: Dict[str, Any] = {"size": 9, "color": INK, "x": 0.01, "ha": "left", "parse_math": False}
    figure.suptitle("\n".join(lines), family=families_of("".join(lines)), **style)


def plain(axes: Any) -> None:
    """Give axes small grey numbers, and no frame."""
    axes.tick_params(labelsize=8, colors=GREY, labelcolor=GREY)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set(size=8, color=INK)
    for side, spine in axes.spines.items():
        if side in ("top", "right"):
            spine.set_visible(False)
        elif side in ("left", "bottom"):
            spine.set_color("#c3c9d2")


def statuses(candidates: int, before: str = "") -> List[Tuple[Any, str]]:
    """The entries of a legend for confirmed sightings and for so many candidates."""
    text = f"first {candidates:,} candidates" if candidates > 1 else "candidates"
    return [(COLOURS[CONFIRMED], "confirmed"), (COLOURS[CANDIDATE], before + text)]


def legend(figure: Figure, entries: Sequence[Tuple[Any, str]], loc: str = "outside lower left", **place: Any) -> None:
    """Explain the colours, below the axes or at another place."""
    room = figure.get_size_inches()[0] - 0.2
    words = [fitted(text, room / _EM - _HANDLE) for _, text in entries]
    patches = [
        Patch(facecolor=colour, edgecolor=LIGHT, linewidth=0.6, label=text) for (colour, _), text in zip(entries, words)
    ]
    columns = next((count for count in range(len(words), 1, -1) if _wide(words, count) <= room), 1)
    style: Dict[str, Any] = dict(place, loc=loc, ncols=columns, frameon=False, fontsize=8, labelcolor=GREY)
    shown = figure.legend(handles=patches, handlelength=1.2, handleheight=0.9, columnspacing=1.2, **style)
    for text in shown.get_texts():
        text.set_parse_math(False)  # a name may hold dollar signs
        text.set_fontfamily(families_of(text.get_text()))


def _wide(words: Sequence[str], columns: int) -> float:
    """The inches of a legend whose entries stand in so many columns, one after the other down each."""
    down = -(-len(words) // columns)
    widest = (max(map(text_width, words[first : first + down])) for first in range(0, len(words), down))
    return sum(_EM * (1.05 * ems + _HANDLE) for ems in widest)
