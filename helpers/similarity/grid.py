"""A query and its matches as a figure: the query photo, then its neighbours in order.

`show_matches(model, found)` returns a matplotlib Figure, which is shown as the last expression of a cell and saved
with `figure.savefig("matches.png")`.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Protocol, Sequence, Tuple

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.arguments import takes
from helpers.errors import FrameError, PhotoError
from helpers.frames import Frame, SFrame
from helpers.images.boxes import Box, box_in
from helpers.images.decode import Source
from helpers.images.sheet import (
    GAP,
    GREY,
    LINE,
    MARGIN,
    TILE,
    TITLE,
    Sheet,
    TilePhoto,
    TilePixels,
    corners,
    read_tiles,
    several_folders,
)
from helpers.similarity.recent_queries import AskedPhoto
from helpers.similarity.word_search import ONLY_GUESSES

_MOST_QUERIES, _MOST_ROWS, _MOST_COLUMNS = 10, 20, 20  # matplotlib draws at most 65,535 pixels each way
_COLUMNS = 5  # beside the query; a notebook would shrink a wider figure until its text can't be read
_BESIDE_QUERY = 0.34  # inches
_QUERY = "#c2410c"


class PhotoAlbum(Protocol):
    """The photos that a figure shows: a `SimilarityModel`, or anything with the same methods."""

    names: List[str]

    def name_of(self, label: Any) -> str: ...
    def photo(self, label: Any) -> Source: ...
    def asked(self, found: Frame) -> Mapping[Any, Tuple[Any, ...]]:
        """Name and photo, and optionally box, of each query of a result; those that are not known are absent."""


@dataclass(frozen=True)
class _MatchTile:
    """One photo of the grid and what is written beneath it."""

    name: str
    source: Optional[Source]  # None where the model does not remember the photo
    rank: Optional[int] = None  # None for the query
    distance: float = math.nan
    is_query: bool = False
    box: Optional[Box] = None  # the part that was compared; None for the whole photo
    in_words: bool = False  # whether the name is a text that was asked for
    cutoff: Optional[float] = None  # the least score of what fits a text
    fits: bool = True  # whether the photo does


class _QueryRows(NamedTuple):
    """A query with as many of its matches as are drawn, in rows."""

    query: _MatchTile
    matches: List[_MatchTile]
    rows: int
    total: int  # matches, with those that are not drawn
    title: str = ""


@takes(model="model", found="frame: model.query(data[0:1])")
def show_matches(model: PhotoAlbum, found: Frame, *, columns: int = _COLUMNS) -> Figure:
    """Draw each query photo and, beside it, its matches by rank, with distances and names.

    Tiles keep their size: with more matches the figure grows downwards, to 20 rows of matches for each of 10 queries
    at most, and a line has the number of those that are left out. Distances have 3 digits. Where parts of photos were
    compared, a tile shows the part, enlarged and framed, and in its corner the whole photo. A photo that is missing or
    damaged is a grey tile with the reason.

    Parameters
    ----------
    found
        What `model.query` gave, or any of its rows.
    columns
        How many matches are side by side, 1 to 20.

    Raises
    ------
    FrameError
        For a frame that is not a result of a query, labels that the model does not have, and `columns` out of range.
    """
    if not isinstance(columns, int) or not 1 <= columns <= _MOST_COLUMNS:
        raise FrameError(f"columns={columns}: show_matches puts 1 to {_MOST_COLUMNS} matches side by side")
    missing = {"query_label", "reference_label", "distance", "rank"} - set(found.column_names())
    if missing:
        raise FrameError(f"found lacks {', '.join(sorted(missing))}; show_matches takes what model.query gives")

    matches: Dict[Any, List[Any]] = {}  # by query label
    for row in found:
        matches.setdefault(row["query_label"], []).append(row)
    queries = model.asked(found)
    for label in queries:
        matches.setdefault(label, [])

    shown = list(matches)[:_MOST_QUERIES]
    blocks = [_query_rows(model, label, queries.get(label), matches[label], columns) for label in shown]
    note = ""
    if len(matches) > len(shown):
        note = f"{len(shown)} of {len(matches)} queries shown; filter the result by query_label to see the others"
    elif not matches:
        note = "no matches"
    if any(row.get("word") for rows in matches.values() for row in rows[:1]):
        note = f"{ONLY_GUESSES} {note}".rstrip()
    return _MatchesFigure(blocks, note, with_folders=several_folders(model.names)).figure


def show_methods(model: PhotoAlbum, label: Any, results: Sequence[Tuple[str, SFrame]]) -> Figure:
    """Draw the matches of the photo `label` by several methods: those of each under its title.

    `results` are titles and frames as `model.query` gives them, of this one query; the photos are taken from `model`.
    Raises `FrameError` for a label that it does not have.
    """
    query = model.name_of(label), model.photo(label)
    blocks = []
    for title, found in results:
        blocks.append(_query_rows(model, label, query, list(found), _COLUMNS)._replace(title=title))
    return _MatchesFigure(blocks, "", with_folders=several_folders(model.names)).figure


def _query_rows(
    model: PhotoAlbum, label: Any, query: Optional[Tuple[Any, ...]], matches: List[Any], columns: int
) -> _QueryRows:
    asked = AskedPhoto(*query) if query else None
    in_words = asked is None and bool(matches) and "score" in matches[0]
    name, source = (asked.name, asked.source) if asked else (str(label) if in_words else f"query {label}", None)
    rows = min(_MOST_ROWS, -(-len(matches) // columns))
    shown = sorted(matches, key=lambda row: row["rank"])[: rows * columns]
    names = [model.name_of(row["reference_label"]) for row in shown]
    photos = [model.photo(row["reference_label"]) for row in shown]
    same = [place for place, photo in enumerate(photos) if _is_same(photo, source)]
    # A copy of the query is not the query itself: where their names differ, these decide.
    itself = next((place for place in same if names[place] == name), same[0] if same else None)
    tiles = [
        _MatchTile(
            names[place],
            photos[place],
            row["rank"],
            row["score"] if "fits" in row else row["distance"],
            place == itself,
            box_in(row),
            cutoff=row.get("cutoff"),
            fits=bool(row.get("fits", True)),
        )
        for place, row in enumerate(shown)
    ]
    shown_query = _MatchTile(name, source, box=asked.box if asked else None, in_words=in_words)
    return _QueryRows(shown_query, tiles, max(1, rows), len(matches))


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


class _MatchesFigure(Sheet):
    """The figure while it is drawn: queries below each other, their matches beside them."""

    def __init__(self, blocks: List[_QueryRows], note: str, *, with_folders: bool) -> None:
        self.with_folders = with_folders
        self.row_height = TILE + (4 if with_folders else 3) * LINE + GAP
        self.columns = max([1, *(-(-len(block.matches) // block.rows) for block in blocks)])
        width = 2 * MARGIN + (1 + self.columns) * (TILE + GAP) - GAP + _BESIDE_QUERY - GAP
        heights = [
            block.rows * self.row_height + 2 * LINE * (block.total > len(block.matches)) + TITLE * bool(block.title)
            for block in blocks
        ]
        super().__init__(width, 2 * MARGIN + sum(heights) + 2 * LINE * bool(note) - GAP * bool(blocks))
        self.stack(blocks, heights, self.block)
        if note:
            self.text(MARGIN, self.height - MARGIN, note, color=GREY)
        self.finish()

    def block(self, block: _QueryRows, top: float) -> None:
        top = self.title(block.title, top)
        query, *photos = read_tiles(TilePhoto(tile.source, tile.box) for tile in (block.query, *block.matches))
        self.tile(block.query, PhotoError(block.query.name) if block.query.in_words else query, MARGIN, top)
        left = MARGIN + TILE + _BESIDE_QUERY
        first_below = next((tile for tile in block.matches if not tile.fits), None)
        for tile, photo, (x, y) in zip(block.matches, photos, corners(self.columns, left, top, self.row_height)):
            self.tile(tile, photo, x, y)
            if tile is first_below:
                self.cutoff(tile, x - GAP / 2, y)
        if block.total > len(block.matches):
            note = f"{len(block.matches)} of {block.total} matches shown"
            self.text(left, top + block.rows * self.row_height + LINE / 2, note, color=GREY)
        if not block.matches:
            self.text(left + TILE / 2, top + TILE / 2, "no matches", size=9, color=GREY, ha="center", va="center")

    def cutoff(self, tile: _MatchTile, x: float, y: float) -> None:
        """The line in front of the first photo that does not fit a text."""
        self.axes.add_patch(Rectangle((x, y), 0, TILE, edgecolor=_QUERY, linewidth=2, zorder=3))
        self.text(x + GAP / 2 + 0.27, y + TILE + 1.25 * LINE, f"below {_digits(tile.cutoff or 0.0)}", color=_QUERY)

    def tile(self, tile: _MatchTile, photo: TilePixels, x: float, y: float) -> None:
        self.photo(photo, x, y)
        below, right = y + TILE + 1.25 * LINE, x + TILE
        if tile.rank is None:
            self.axes.add_patch(Rectangle((x, y), TILE, TILE, fill=False, edgecolor=_QUERY, linewidth=2.5, zorder=3))
            self.text(x, below, "query", size=9, color=_QUERY, weight="bold")
        else:
            self.text(x, below, str(tile.rank), size=9, weight="bold")
            self.text(right, below, _digits(tile.distance), size=9, ha="right")
            if tile.is_query:
                self.text(x + 0.27, below, "query itself", color=_QUERY)
        if not tile.in_words:
            self.name(tile.name, x, below + LINE, with_folder=self.with_folders)


def _digits(distance: float) -> str:
    """Three significant digits, and no exponent where a plain number will do."""
    return f"{distance:.0f}" if 1000 <= distance < 1e6 else f"{distance:#.3g}".rstrip(".")
