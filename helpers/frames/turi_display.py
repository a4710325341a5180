"""Turi Create's frames inside a notebook, on today's pandas.

Turi Create's own way of showing a table sets a pandas option to -1, which
pandas has refused since 2.0, and puts every photo into the page at full size;
a frame as the last value of a cell is a table whose words are broken.
"""

from typing import Any, Optional

import turicreate
import turicreate.visualization._plot as _plot

from helpers.errors import KinframeError
from helpers.frames.images import source_of
from helpers.sframe import Image, SArray, SFrame
from helpers.sframe.display.html_table import html_table
from helpers.sframe.display.show import EXPLORED, Page
from helpers.sframe.display.text_table import HEAD
from helpers.sframe.notebook import show_inline


def repair() -> None:
    """Make Turi Create's frames and columns show themselves as the stand-in's do, by `explore()` and as a value."""
    _plot.display_table_in_notebook = show_table
    turicreate.SFrame._repr_html_ = frame_html


def show_table(frame: Any, title: Optional[str] = None) -> None:
    """Show the first hundred rows of one of Turi Create's frames below the cell, photos in a grid beside them."""
    head = _copied(frame, EXPLORED)
    show_inline(Page(html_table(head, EXPLORED, title or "", total=len(frame), beside=True), str(frame.head(EXPLORED))))


def frame_html(frame: Any) -> str:
    """The first ten rows of one of Turi Create's frames; no more of it is computed where it has not been yet."""
    return html_table(_copied(frame, HEAD), HEAD, total=len(frame) if frame.__has_size__() else None)


def _copied(frame: Any, rows: int) -> SFrame:
    """The first rows as a frame of the stand-in."""
    head = frame.head(rows)  # a slice would compute all of it
    ours = SFrame()
    for name, kind in zip(head.column_names(), head.column_types()):
        values = list(head[name])
        if kind is turicreate.Image:
            ours = ours.add_column(SArray([_image(value) for value in values], Image), name)
        else:
            ours = ours.add_column(SArray(values, kind), name)
    return ours


def _image(image: Any) -> Optional[Image]:
    try:
        return None if image is None else Image.from_bytes(source_of(image))  # type: ignore[arg-type]  # Turi Create holds bytes
    except KinframeError:  # a bad photo is shown as missing; the table is still shown
        return None
