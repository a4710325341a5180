"""How the figures of a timeline look: their colours, which differ in lightness too, their axes and legends."""

from typing import Any, Dict, List, Sequence, Tuple

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from helpers.errors import FrameError
from helpers.images.sheet import GREY, INK
from helpers.season.sighting import CANDIDATE, CONFIRMED

COLOURS = {CONFIRMED: "#1d4ed8", CANDIDATE: "#93c5fd"}
LIGHT, FAINT = "#e5e7eb", "#f0f1f3"

_NARROWEST, _WIDEST = 3.5, 20  # inches
_ONE_LINE = 4.5  # inches, that a legend of three takes


def check_width(width: Any) -> None:
    """Raise `FrameError` unless a figure can be so wide."""
    if isinstance(width, bool) or not isinstance(width, (int, float)) or not _NARROWEST <= width <= _WIDEST:
        raise FrameError(f"width={width!r}: a figure is {_NARROWEST} to {_WIDEST} inches wide")


def plain(axes: Any) -> None:
    """Axes with small grey numbers, and without a frame."""
    axes.tick_params(labelsize=8, colors=GREY, labelcolor=GREY)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set(size=8, color=INK)
    for side in ("top", "right"):
        if side in axes.spines:
            axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        if side in axes.spines:
            axes.spines[side].set_color("#c3c9d2")


def statuses(candidates: int, before: str = "") -> List[Tuple[Any, str]]:
    """The entries of a legend for sightings, of which so many are candidates: the first of those that there are."""
    said = f"first {candidates:,} candidates" if candidates > 1 else "candidates"
    return [(COLOURS[CONFIRMED], "confirmed"), (COLOURS[CANDIDATE], before + said)]


def legend(figure: Figure, entries: Sequence[Tuple[Any, str]], loc: str = "outside lower left", **place: Any) -> None:
    """What the colours mean, below the axes or at another place."""
    patches = [Patch(facecolor=colour, edgecolor=LIGHT, linewidth=0.6, label=text) for colour, text in entries]
    columns = len(patches) if figure.get_size_inches()[0] >= _ONE_LINE else 2
    style: Dict[str, Any] = dict(place, loc=loc, ncols=columns, frameon=False, fontsize=8, labelcolor=GREY)
    figure.legend(handles=patches, handlelength=1.2, handleheight=0.9, columnspacing=1.2, **style)
