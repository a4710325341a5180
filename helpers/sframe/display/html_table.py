"""A frame as an HTML table, with thumbnails, for a notebook.

Everything that comes from the data is escaped: file names are data. Colours
are those of the notebook's theme, light or dark.
"""

import base64
from html import escape
from typing import Any, Iterable, List, Optional, Sequence

from helpers.errors import PhotoError
from helpers.sframe.display.table import Table
from helpers.sframe.display.text_table import shown
from helpers.sframe.image import Image

THUMBNAIL = 85  # pixels along the longer side
LONGEST = 100  # characters of one value
COLUMNS = 40

_TABLE = "border-collapse: collapse; font-variant-numeric: tabular-nums;"
_CELL = (
    "border: 1px solid var(--jp-border-color2, #ddd); padding: 4px 8px; text-align: left; vertical-align: top;"
    " overflow-wrap: anywhere; max-width: 32em;"
)
_HEAD = f"{_CELL} background: var(--jp-layout-color2, transparent); font-weight: 600;"
_QUIET = "opacity: 0.7;"


def html_table(frame: Table, rows: int, title: str = "", total: Optional[int] = None) -> str:
    """The first rows and columns; only their images are opened. `total`: all rows, where `frame` has only some."""
    total = len(frame) if total is None else total
    names = frame.column_names()[:COLUMNS]
    head = frame.select_columns(names).head(rows)
    kinds = zip(head.column_names(), head.column_types())
    heads = [f'{escape(name)} <span style="{_QUIET}">{kind.__name__}</span>' for name, kind in kinds]
    body = [[cell(value) for value in row.values()] for row in head]
    shape = f"{total:,} rows x {frame.num_columns():,} columns"
    hidden = [f"the first {len(head):,} rows are shown"] if len(head) < total else []
    hidden += [f"the first {COLUMNS} columns are shown"] if frame.num_columns() > COLUMNS else []
    return page(title, table(heads, body), "; ".join([shape, *hidden]))


def cell(value: Any) -> str:
    """One value as HTML: an image as a thumbnail, anything else as escaped text."""
    if value is None:
        return f'<span style="{_QUIET}">None</span>'
    if isinstance(value, Image):
        return thumbnail(value)
    text = shown(value)
    if len(text) <= LONGEST:
        return escape(text)
    return f'<span title="{escape(text[: 20 * LONGEST])}">{escape(text[:LONGEST])}…</span>'


def thumbnail(image: Image) -> str:
    """A small picture of an image, or the reason why there is none."""
    if not image.width:
        return escape(shown(image))
    try:
        data = base64.b64encode(image.thumbnail(THUMBNAIL)).decode()
    except PhotoError as error:
        return escape(str(error))
    size = f"{image.width} x {image.height}"
    return f'<img src="data:image/jpeg;base64,{data}" alt="{size}" title="{size}" style="max-height: {THUMBNAIL}px">'


def table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells, which are HTML."""
    lines = [_row("th", _HEAD, heads), *(_row("td", _CELL, row) for row in rows)]
    return f'<table style="{_TABLE}">' + "\n".join(lines) + "</table>"


def page(title: str, content: str, note: str) -> str:
    """A table with its title above, and a note below, that scrolls when it is large."""
    above = f"<strong>{escape(title)}</strong>" if title else ""
    below = f'<div style="{_QUIET}">{escape(note)}</div>'
    return f'<div style="max-height: 60em; overflow: auto;">{above}{content}{below}</div>'


def _row(tag: str, style: str, cells: Iterable[str]) -> str:
    parts: List[str] = [f'<{tag} style="{style}">{part}</{tag}>' for part in cells]
    return "<tr>" + "".join(parts) + "</tr>"
