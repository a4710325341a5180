"""A query and its matches as a figure: the photo that was asked for, then its neighbours in order.

`show_matches(model, found)` hands on a matplotlib Figure, which shows itself as
the last expression of a cell and is saved with `figure.savefig("matches.png")`.
"""

import io
import math
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.decode import open_photo, photo_size
from helpers.errors import FrameError, PhotoError
from helpers.fonts import drawable, families_of, fitted
from helpers.recent import Source

_MOST_QUERIES, _MOST_ROWS, _MOST_COLUMNS = 10, 20, 20  # matplotlib draws at most 65,535 pixels each way
_PIXELS = 300  # of a photo's longer side: sharp on a fine screen and when saved at dpi=200

# Inches; the figure has 100 pixels per inch on the screen.
_TILE, _GAP, _MARGIN = 1.5, 0.16, 0.2
_BESIDE_QUERY = 0.34
_LINE = 0.155
_TITLE = 0.26

_INK, _GREY, _FAINT, _QUERY = "#1f2328", "#6b7280", "#f3f4f6", "#c2410c"


class MatchesFigure(Figure):
    """A Figure that shows itself inline.

    Jupyter shows a plain one only after pyplot was imported, and pyplot keeps
    every figure that it makes alive.
    """

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi="figure")
        return buffer.getvalue()


@dataclass(frozen=True)
class _Tile:
    """One photo of the grid and what is written beneath it."""

    name: str
    source: Optional[Source]  # None: the model does not remember the photo
    rank: Optional[int] = None  # None: the query
    distance: float = math.nan
    is_query: bool = False


class _Block(NamedTuple):
    """A query with those of its matches that there is room for."""

    query: _Tile
    matches: List[_Tile]
    rows: int
    total: int
    title: str = ""


def show_matches(model: Any, found: Any, *, columns: int = 5) -> Figure:
    """Draw each query photo and, beside it, its matches by rank, with distances and names.

    `found` is what `model.query` gave, or any of its rows; `columns` is how
    many matches stand side by side, 1 to 20. Tiles keep their size: with more
    matches the figure grows downwards, to 20 rows of matches for each of 10
    queries at most, and says what it left out. Distances have 3 digits.

    A photo that has gone missing or is damaged is a grey tile with the reason.

    Raises `FrameError` for a frame that is no query's answer, for labels that
    the model does not have, and for `columns` out of range.
    """
    if not isinstance(columns, int) or not 1 <= columns <= _MOST_COLUMNS:
        raise FrameError(f"columns={columns}: show_matches puts 1 to {_MOST_COLUMNS} matches side by side")
    missing = {"query_label", "reference_label", "distance", "rank"} - set(found.column_names())
    if missing:
        raise FrameError(f"found lacks {', '.join(sorted(missing))}; show_matches takes what model.query gives")

    answers: Dict[Any, List[Any]] = {}
    for row in found:
        answers.setdefault(row["query_label"], []).append(row)
    asked = model.asked(found)
    for label in asked:
        answers.setdefault(label, [])

    shown = list(answers)[:_MOST_QUERIES]
    blocks = [_block(model, label, asked.get(label), answers[label], columns) for label in shown]
    note = ""
    if len(answers) > len(shown):
        note = f"{len(shown)} of {len(answers)} queries shown; filter the result by query_label to see the others"
    elif not answers:
        note = "no matches"
    return _Sheet(blocks, note, with_folders=_several_folders(model.names)).figure


def show_methods(model: Any, label: Any, answers: Sequence[Tuple[str, Any]]) -> Figure:
    """Draw what several methods found for the photo `label` of a model: a row for each, under its title.

    `answers` are titles and frames as `model.query` gives them, of this one
    query; the photos are taken from `model`. Raises `FrameError` for a label
    that it does not have.
    """
    query = model.name_of(label), model.photo(label)
    blocks = []
    for title, found in answers:
        rows = list(found)
        blocks.append(_block(model, label, query, rows, max(1, len(rows)))._replace(title=title))
    return _Sheet(blocks, "", with_folders=_several_folders(model.names)).figure


def _block(model: Any, label: Any, query: Optional[Tuple[str, Source]], answer: List[Any], columns: int) -> _Block:
    name, source = query or (f"query {label}", None)
    rows = min(_MOST_ROWS, -(-len(answer) // columns))
    shown = sorted(answer, key=lambda row: row["rank"])[: rows * columns]
    names = [model.name_of(row["reference_label"]) for row in shown]
    photos = [model.photo(row["reference_label"]) for row in shown]
    same = [place for place, photo in enumerate(photos) if _is_same(photo, source)]
    # A copy of the query is no more than its copy: where the names tell them apart, they decide.
    itself = next((place for place in same if names[place] == name), same[0] if same else None)
    matches = [
        _Tile(names[place], photos[place], row["rank"], row["distance"], is_query=place == itself)
        for place, row in enumerate(shown)
    ]
    return _Block(_Tile(name, source), matches, max(1, rows), len(answer))


def _is_same(photo: Source, query: Optional[Source]) -> bool:
    """Whether two sources are one photo: the same file, or the same bytes (Turi Create's frames hold a copy)."""
    if isinstance(photo, bytes) and isinstance(query, str):
        photo, query = query, photo
    if isinstance(photo, str) and isinstance(query, str):
        return Path(photo).absolute() == Path(query).absolute()
    if isinstance(photo, str) and isinstance(query, bytes):
        file = Path(photo)
        return file.is_file() and file.stat().st_size == len(query) and file.read_bytes() == query
    return photo == query


def _several_folders(names: List[str]) -> bool:
    first = _folder(names[0]) if names else ""
    return any(_folder(name) != first for name in names)


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


class _Sheet:
    """The figure while it is drawn: one pair of axes over all of it, in inches from the top left."""

    def __init__(self, blocks: List[_Block], note: str, *, with_folders: bool) -> None:
        self.with_folders = with_folders
        self.row_height = _TILE + (4 if with_folders else 3) * _LINE + _GAP
        self.columns = max([1, *(-(-len(block.matches) // block.rows) for block in blocks)])
        width = 2 * _MARGIN + (1 + self.columns) * (_TILE + _GAP) - _GAP + _BESIDE_QUERY - _GAP
        heights = [
            block.rows * self.row_height + 2 * _LINE * (block.total > len(block.matches)) + _TITLE * bool(block.title)
            for block in blocks
        ]
        height = 2 * _MARGIN + sum(heights) + 2 * _LINE * bool(note) - _GAP * bool(blocks)
        self.figure = MatchesFigure(figsize=(width, height), dpi=100, facecolor="white")
        self.figure.set_layout_engine("none")  # whatever matplotlibrc wants, inches are inches
        self.axes = self.figure.add_axes((0, 0, 1, 1), frameon=False)

        top = _MARGIN
        with ThreadPoolExecutor(4) as readers:
            for block, block_height in zip(blocks, heights):
                if top > _MARGIN:
                    self.axes.plot([_MARGIN, width - _MARGIN], [top - 0.6 * _GAP] * 2, color="#e5e7eb", linewidth=0.8)
                self.block(block, top, readers)
                top += block_height
        if note:
            self.text(_MARGIN, height - _MARGIN, note, color=_GREY)
        # Last, because drawing photos moves the limits.
        self.axes.set(xlim=(0, width), ylim=(height, 0), aspect="auto")
        self.axes.set_axis_off()

    def block(self, block: _Block, top: float, readers: ThreadPoolExecutor) -> None:
        if block.title:
            self.text(_MARGIN, top + 0.6 * _TITLE, block.title, size=10, weight="bold")
            top += _TITLE
        query, *photos = readers.map(_read, [tile.source for tile in (block.query, *block.matches)])
        self.tile(block.query, query, _MARGIN, top)
        left = _MARGIN + _TILE + _BESIDE_QUERY
        for number, (tile, photo) in enumerate(zip(block.matches, photos)):
            row, column = divmod(number, self.columns)
            self.tile(tile, photo, left + column * (_TILE + _GAP), top + row * self.row_height)
        if block.total > len(block.matches):
            note = f"{len(block.matches)} of {block.total} matches shown"
            self.text(left, top + block.rows * self.row_height + _LINE / 2, note, color=_GREY)
        if not block.matches:
            self.text(left + _TILE / 2, top + _TILE / 2, "no matches", size=9, color=_GREY, ha="center", va="center")

    def tile(self, tile: _Tile, photo: Union[np.ndarray, PhotoError], x: float, y: float) -> None:
        self.photo(photo, x, y)
        below, right = y + _TILE + 1.25 * _LINE, x + _TILE
        if tile.rank is None:
            self.axes.add_patch(Rectangle((x, y), _TILE, _TILE, fill=False, edgecolor=_QUERY, linewidth=2.5, zorder=3))
            self.text(x, below, "query", size=9, color=_QUERY, weight="bold")
        else:
            self.text(x, below, str(tile.rank), size=9, weight="bold")
            self.text(right, below, _digits(tile.distance), size=9, ha="right")
            if tile.is_query:
                self.text(x + 0.27, below, "query itself", color=_QUERY)
        self.text(x, below + _LINE, tile.name.rpartition("/")[2], fit=True)
        if self.with_folders:
            self.text(x, below + 2 * _LINE, _folder(tile.name), color=_GREY, fit=True)

    def photo(self, photo: Union[np.ndarray, PhotoError], x: float, y: float) -> None:
        refused = isinstance(photo, PhotoError)
        self.axes.add_patch(Rectangle((x, y), _TILE, _TILE, facecolor="#d1d5db" if refused else _FAINT))
        if isinstance(photo, PhotoError):
            reason = "\n".join(textwrap.wrap(str(photo), 20, max_lines=6, placeholder="…"))
            self.text(x + _TILE / 2, y + _TILE / 2, reason, size=7.5, color="#4b5563", ha="center", va="center")
            return
        height, width = (_TILE * side / max(photo.shape[:2]) for side in photo.shape[:2])
        left, top = x + (_TILE - width) / 2, y + (_TILE - height) / 2
        extent = (left, left + width, top + height, top)
        self.axes.imshow(photo, extent=extent, aspect="auto", origin="upper", zorder=2)

    def text(
        self, x: float, y: float, text: str, *, size: float = 8, color: str = _INK, fit: bool = False, **style: Any
    ) -> None:
        lines = [drawable(line) for line in text.split("\n")] if not fit else [fitted(text, _TILE * 72 / size)]
        drawn = "\n".join(lines)
        self.axes.text(
            x, y, drawn, size=size, color=color, family=families_of(drawn), parse_math=False, usetex=False, **style
        )


def _read(source: Optional[Source]) -> Union[np.ndarray, PhotoError]:
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


def _digits(distance: float) -> str:
    """Three significant digits, and no exponent where a plain number will do."""
    return f"{distance:.0f}" if 1000 <= distance < 1e6 else f"{distance:#.3g}".rstrip(".")
