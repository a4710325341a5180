"""Photos in strips, each beneath its title, with a line or two of text under every photo."""

from typing import List, NamedTuple, Sequence

from matplotlib.figure import Figure

from helpers.images.decode import Source
from helpers.images.sheet import GAP, GREY, LINE, MARGIN, TILE, TITLE, Sheet, corners, read_tiles, several_folders

_NARROWEST = 4  # photos that a sheet has room for side by side, however few there are: titles need it


class Tile(NamedTuple):
    """A photo and the text beneath it."""

    name: str  # its path; the file's name is drawn, and the folder beneath it where there are several
    source: Source
    caption: str = ""


class Strip(NamedTuple):
    """Photos beneath a title, side by side and then in further rows."""

    title: str
    tiles: Sequence[Tile]


def contact_sheets(strips: List[Strip], note: str = "", *, columns: int) -> Figure:
    """The strips beneath each other, `columns` photos side by side; `note` comes last.

    A photo that has gone missing or is damaged is a grey tile with the reason.
    """
    return _Strips(strips, note, columns).finish()


class _Strips(Sheet):
    def __init__(self, strips: List[Strip], note: str, columns: int) -> None:
        tiles = [tile for strip in strips for tile in strip.tiles]
        self.columns, self.with_folders = columns, several_folders(tile.name for tile in tiles)
        self.row_height = TILE + (2 + self.with_folders + any(tile.caption for tile in tiles)) * LINE + GAP
        widest = max([_NARROWEST, *(min(columns, len(strip.tiles)) for strip in strips)])
        heights = [TITLE * bool(strip.title) + -(-len(strip.tiles) // columns) * self.row_height for strip in strips]
        height = 2 * MARGIN + sum(heights) + 2 * LINE * bool(note) - GAP * bool(strips)
        super().__init__(2 * MARGIN + widest * (TILE + GAP) - GAP, height)
        self.stack(strips, heights, self.strip)
        if note:
            self.text(MARGIN, self.height - MARGIN, note, color=GREY, within=self.width - 2 * MARGIN)

    def strip(self, strip: Strip, top: float) -> None:
        photos = read_tiles(tile.source for tile in strip.tiles)
        places = corners(self.columns, MARGIN, self.title(strip.title, top), self.row_height)
        for tile, photo, (x, y) in zip(strip.tiles, photos, places):
            self.photo(photo, x, y)
            below = y + TILE + 1.25 * LINE
            if tile.caption:
                self.text(x, below, tile.caption, size=9, weight="bold", within=TILE)
                below += LINE
            self.name(tile.name, x, below, with_folder=self.with_folders)
