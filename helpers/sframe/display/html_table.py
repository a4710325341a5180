"""A frame as an HTML table, with thumbnails, for a notebook.

Everything that comes from the data is escaped: file names are data, and no `$…$` in them is a formula. Colours
are those of the notebook's theme, light or dark. A front end's own style
sheet comes before these styles, since they are on the elements.
"""

import base64
import math
import os
from array import array
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any, Iterable, List, NamedTuple, Optional, Sequence

import numpy as np

from helpers.errors import PhotoError
from helpers.files.spelling import printable
from helpers.sframe.display.table import Table
from helpers.sframe.display.text_table import shown
from helpers.sframe.image import Image

THUMBNAIL, LARGE = 96, 180  # pixels along the longer side: in a table, and beside one
LONGEST = 60  # characters of one value on one line; longer texts with blanks are wrapped at these
COLUMNS = 40

_NO_MATH = "mathjax_ignore tex2jax_ignore"  # for MathJax 3 and 2
_DIGITS = 4
_MOST_DIGITS = 6  # after the point, where values hardly differ
_LARGEST = 1e15  # a larger number has an exponent
_LIST = 6  # entries of a list of numbers
_WORDS = 200  # characters of a text that is wrapped

_LINE = "1px solid rgba(128, 128, 128, 0.35)"
_BACK = "background: var(--jp-layout-color1, var(--vscode-editor-background, Canvas));"
_INK = "color: var(--jp-content-font-color1, var(--vscode-editor-foreground, CanvasText));"
_TABLE = "border-collapse: separate; border-spacing: 0; margin: 0; font-variant-numeric: tabular-nums;"
_CELL = f"border: 0; border-bottom: {_LINE}; padding: 4px 10px; vertical-align: top; white-space: nowrap; text-align: "
_HEAD = f"position: sticky; top: 0; z-index: 1; {_BACK} {_INK} font-weight: 600;"
_QUIET = "opacity: 0.7;"
_SCROLLS = "min-width: 0; max-height: 60em; overflow: auto;"
_BESIDE = "display: flex; flex-wrap: wrap; gap: 12px; align-items: flex-start;"
_GRID = (
    f"flex: 1 1 400px; {_SCROLLS} display: grid; gap: 8px;"
    f" grid-template-columns: repeat(auto-fill, minmax(min({LARGE}px, 45%), 1fr));"
)
_TILE = "min-width: 0; text-align: center;"
_CAPTION = f"{_QUIET} font-size: 12px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;"


class Cell(NamedTuple):
    """What stands in a cell, as HTML, and whether it stands at the right, as numbers do."""

    html: str
    right: bool = False


def html_table(frame: Table, rows: int, title: str = "", *, total: Optional[int], beside: bool = False) -> str:
    """The first rows and columns; only their images are opened.

    `total` is the number of all rows, None where it is not known. With
    `beside`, the photos of the first column that has some are in a grid
    beside the table, larger.
    """
    names = frame.column_names()[:COLUMNS]
    head = frame.select_columns(names).head(rows)
    kinds = dict(zip(head.column_names(), head.column_types()))
    photos = next((name for name in names if beside and kinds[name] is Image), None)
    columns = []
    heads = []
    for name in names:
        values = list(head[name])
        columns.append([Cell(_size(each)) for each in values] if name == photos else cells(values))
        quiet = f'<span style="{_QUIET} font-weight: 400;">{kinds[name].__name__}</span>'
        heads.append(Cell(f"{text(name)} {quiet}", any(cell.right for cell in columns[-1])))
    if photos is not None:
        columns.insert(0, [Cell(f'<span style="{_QUIET}">{row}</span>', True) for row in range(len(head))])
        heads.insert(0, Cell("", True))
    shape = f"{'?' if total is None else f'{total:,}'} rows x {frame.num_columns():,} columns"
    hidden = [f"the first {len(head):,} rows are shown"] if total is None or len(head) < total else []
    hidden += [f"the first {COLUMNS} columns are shown"] if frame.num_columns() > COLUMNS else []
    content = table(heads, zip(*columns))
    if photos is not None:
        captions = [_name_in(row) for row in head]
        content = f'<div style="{_BESIDE}">{_grid(list(head[photos]), captions)}{content}</div>'
    return page(title, content, "; ".join([shape, *hidden]))


def cells(values: Sequence[Any]) -> List[Cell]:
    """The cells of a column: numbers with four digits, photos as thumbnails, anything else as escaped text."""
    decimals = _decimals([value for value in values if isinstance(value, float)])
    return [_cell(value, decimals) for value in values]


def _cell(value: Any, decimals: int) -> Cell:
    if value is None:
        return Cell(f'<span style="{_QUIET}">None</span>')
    if isinstance(value, Image):
        return Cell(thumbnail(value, THUMBNAIL))
    if isinstance(value, float):
        return Cell(_titled(_rounded(value, decimals), repr(value)), True)
    if isinstance(value, (array, np.ndarray)) or (
        isinstance(value, list) and value and all(isinstance(entry, (int, float)) for entry in value)
    ):
        return Cell(escape(_numbers(value)))
    return Cell(text(shown(value)), isinstance(value, int))


def text(value: str) -> str:
    """A text as HTML: on one line, or wrapped at its blanks; a path without `..`, and a long one by its end."""
    value = printable(value)
    is_path = Path(value).is_absolute()
    tidy = os.path.normpath(value) if is_path and f"{os.sep}..{os.sep}" in value else value
    if len(tidy) <= LONGEST:
        return _titled(tidy, value)
    if is_path or " " not in tidy[:LONGEST]:
        return _titled(_end_of(tidy) if is_path else f"{tidy[: LONGEST - 1]}…", value)
    cut = tidy if len(tidy) <= _WORDS else f"{tidy[:_WORDS]}…"
    wrapped = '<div style="width: 26em; white-space: normal; overflow-wrap: break-word;">'
    return f"{wrapped}{_titled(cut, value)}</div>"


def thumbnail(image: Image, side: int) -> str:
    """A small picture of an image, or the reason why there is none."""
    if not image.width:
        return escape(shown(image))
    try:
        data = base64.b64encode(image.thumbnail(side)).decode()
    except PhotoError as error:
        return f'<div style="white-space: normal; overflow-wrap: break-word;">{escape(str(error))}</div>'
    size = _size(image)
    style = f"display: inline-block; margin: 0; max-width: 100%; max-height: {side}px;"
    return f'<img src="data:image/jpeg;base64,{data}" alt="{size}" title="{size}" style="{style}">'


def table(heads: Iterable[Cell], rows: Iterable[Sequence[Cell]]) -> str:
    """A table that scrolls where it is large, beneath heads that stay."""
    lines = [_row("th", _HEAD, heads), *(_row("td", "", row) for row in rows)]
    return f'<div style="flex: 1 1 300px; {_SCROLLS}"><table style="{_TABLE}">' + "\n".join(lines) + "</table></div>"


def page(title: str, content: str, note: str) -> str:
    """A table with its title and a note above."""
    above = f"<strong>{escape(title)}</strong> " if title else ""
    quiet = f'<span style="{_QUIET}">{escape(note)}</span>'
    return (
        f'<div class="mathjax_ignore tex2jax_ignore" style="max-width: 100%;"><div>{above}{quiet}</div>{content}</div>'
    )


def _row(tag: str, style: str, row: Iterable[Cell]) -> str:
    parts = [f'<{tag} style="{_CELL}{"right" if right else "left"}; {style}">{html}</{tag}>' for html, right in row]
    return "<tr>" + "".join(parts) + "</tr>"


def _grid(images: Sequence[Optional[Image]], captions: Sequence[str]) -> str:
    """Photos side by side, each above the number of its row and its name."""
    tiles = []
    for row, (image, caption) in enumerate(zip(images, captions)):
        picture = "None" if image is None else thumbnail(image, LARGE)
        whole = escape(" · ".join(part for part in (str(row), caption) if part))
        tiles.append(f'<div style="{_TILE}">{picture}<div style="{_CAPTION}" title="{whole}">{whole}</div></div>')
    return f'<div style="{_GRID}">{"".join(tiles)}</div>'


def _name_in(row: Any) -> str:
    path = row.get("path")
    return printable(Path(path).name) if isinstance(path, str) else ""


def _size(image: Optional[Image]) -> str:
    return "None" if image is None else f"{image.width} x {image.height}"


def _titled(short: str, whole: str) -> str:
    return escape(short) if short == whole else f'<span title="{escape(whole[:2000])}">{escape(short)}</span>'


def _end_of(path: str) -> str:
    """The end of a path, from a folder on where there is room."""
    end = path[len(path) - LONGEST + 1 :]
    return f"…{end[end.find(os.sep) if os.sep in end else 0 :]}"


def _decimals(values: Sequence[float]) -> int:
    """Digits after the point: four digits of the largest value, and more where all are nearly the same."""
    finite = [value for value in values if math.isfinite(value) and abs(value) < _LARGEST]
    largest = max(map(abs, finite), default=0.0)
    if not largest:
        return 0
    needed = _DIGITS - 1 - math.floor(math.log10(largest))
    spread = max(finite) - min(finite)
    if 0 < spread < largest / 100:
        needed = max(needed, 1 - math.floor(math.log10(spread)))
    return min(max(needed, 0), _MOST_DIGITS)


def _rounded(value: float, decimals: int) -> str:
    if value == 0:
        return "0"
    if not math.isfinite(value) or abs(value) >= _LARGEST:
        return f"{value:.{_DIGITS}g}"
    few = abs(value) < 10.0 ** (1 - decimals)  # less than two digits would be left
    return f"{value:.2g}" if few else f"{value:.{decimals}f}"


def _numbers(values: Any) -> str:
    flat = values.ravel() if isinstance(values, np.ndarray) else values
    first = list(islice(flat, _LIST))
    written = [f"{each:.{_DIGITS}g}" if isinstance(each, (float, np.floating)) else str(each) for each in first]
    more = f", … {len(flat):,} in all" if len(flat) > _LIST else ""
    return f"[{', '.join(written)}{more}]"
