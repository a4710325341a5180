"""How good each of several methods is, as a bar chart: precision@10, its interval, and photos a second."""

from typing import Any, Dict, List, Optional

from matplotlib.figure import Figure

from helpers.images.fonts import families_of, fitted
from helpers.images.fonts import width as text_width
from helpers.images.sheet import InlineFigure

# They differ in lightness too, for print and for people who see no colours.
_COLOURS = {"euclidean": "#1d4ed8", "cosine": "#93c5fd"}
_INK, _GREY = "#1f2328", "#6b7280"
_ROW = 0.3  # inches
_ABOVE, _BELOW, _BAR = 0.75, 0.6, 4.5
_LETTERS, _LONGEST = 9, 32  # points; ems of the longest name


def title_of(row: Dict[str, Any]) -> str:
    """A method in a few words: its model, its metric, and its precision where that is not fp32."""
    precision = "" if row["precision"] == "fp32" else f", {row['precision']}"
    return f"{row['model']}{precision}, {row['metric']}"


def draw_bars(rows: List[Dict[str, Any]], chance: Optional[float]) -> Figure:
    """A bar for each method, in their order from the top; `rows` are those of `helpers.similarity.compare`.

    `chance` is the precision of neighbours that are drawn at random; with None no method has a precision, and the
    figure says so and has the speeds only.
    """
    names = [fitted(title_of(row), _LONGEST) for row in rows]
    left = 0.3 + max(map(text_width, names)) * _LETTERS / 72
    height, width = _ABOVE + _ROW * len(rows) + _BELOW, left + 1.4 * _BAR
    figure = InlineFigure(figsize=(width, height), dpi=100, facecolor="white")
    figure.set_layout_engine("none")
    axes = figure.add_axes((left / width, _BELOW / height, _BAR / width, _ROW * len(rows) / height))
    for place, (name, row) in enumerate(zip(names, rows)):
        style: Dict[str, Any] = {"va": "center", "size": _LETTERS, "color": _INK, "parse_math": False}
        axes.text(-0.02, place, name, ha="right", family=families_of(name), **style)
        if "precision_at_10" in row:
            axes.barh(place, row["precision_at_10"], height=0.7, color=_COLOURS[row["metric"]], zorder=2)
            axes.plot([row["low"], row["high"]], [place, place], color=_INK, linewidth=1.2, zorder=3)
            axes.text(1.09, place, f"{row['precision_at_10']:.3f}", ha="right", **style)
        axes.text(1.27, place, _speed(row["photos_per_second"]), ha="right", **style)
    if chance is not None:
        axes.axvline(chance, color=_GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=4)
        axes.text(chance, len(rows) - 0.35, f"at random {chance:.2f}", ha="center", va="top", size=8, color=_GREY)
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.4, -0.6), yticks=[], xticks=[0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.tick_top()
    axes.tick_params(labelsize=8, color=_GREY, labelcolor=_GREY)
    axes.grid(axis="x", color="#e5e7eb", zorder=0)
    axes.spines[:].set_visible(False)
    top = 1 - 0.22 / height
    title = "precision@10, and its 95 % interval"
    if chance is None:
        title = "all photos have one label: nothing to tell apart"
        axes.set(xticks=[])
    figure.text(left / width, top, title, size=10, weight="bold", color=_INK, va="center")
    figure.text((left + 1.27 * _BAR) / width, top, "photos/s", size=9, color=_INK, ha="right", va="center")
    return figure


def _speed(rate: float) -> str:
    return f"{rate:.1f}" if rate < 10 else f"{rate:.0f}"
