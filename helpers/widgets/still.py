"""Figures as still pictures in a widget, which a saved notebook keeps; and lines of text."""

import io
from typing import Any

import ipywidgets
from matplotlib.figure import Figure


def png_of(figure: Figure) -> bytes:
    """The figure as a PNG at its own resolution, hardly compressed: it is drawn anew at every click."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi="figure", pil_kwargs={"compress_level": 1})
    return buffer.getvalue()


def still(**layout: Any) -> ipywidgets.Image:
    """An empty picture that is no wider than its cell; its `value` takes what `png_of` gives."""
    return ipywidgets.Image(format="png", layout={"max_width": "100%", "object_fit": "contain", **layout})


def text_line(**settings: Any) -> ipywidgets.Label:
    """A line of text as it is: `$…$` in a name is no formula, as it would be in a Label."""
    line = ipywidgets.Label(**settings)
    line.add_class("mathjax_ignore")
    return line
