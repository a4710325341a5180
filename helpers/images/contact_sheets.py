"""Photos in strips, each beneath its title, with a line or two of text under every photo."""

from concurrent.futures import ThreadPoolExecutor
from typing import List, NamedTuple, Sequence

from matplotlib.figure import Figure

from helpers.images.decode import Source
from helpers.images.sheet import GAP, GREY, LINE, MARGIN, TILE, TITLE, Sheet, read_tile

_NARROWEST = 4  # photos that a sheet has room for side by side, however few there are: titles need it


class Tile(NamedTuple):
    """A photo and what stands beneath it."""

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
        self.columns, self.with_folders = columns, len({tile.name.rpartition("/")[0] for tile in tiles}) > 1
        self.row_height = TILE + (2 + self.with_folders + any(tile.caption for tile in tiles)) * LINE + GAP
        widest = max([_NARROWEST, *(min(columns, len(strip.tiles)) for strip in strips)])
        heights = [TITLE * bool(strip.title) + -(-len(strip.tiles) // columns) * self.row_height for strip in strips]
        height = 2 * MARGIN + sum(heights) + 2 * LINE * bool(note) - GAP * bool(strips)
        super().__init__(2 * MARGIN + widest * (TILE + GAP) - GAP, height)
        top = MARGIN
        with ThreadPoolExecutor(4) as readers:
            for strip, strip_height in zip(strips, heights):
                if top > MARGIN:
                    self.rule(top - 0.6 * GAP)
                self.strip(strip, top, readers)
                top += strip_height
        if note:
            self.text(MARGIN, self.height - MARGIN, note, color=GREY, within=self.width - 2 * MARGIN)

    def strip(self, strip: Strip, top: float, readers: ThreadPoolExecutor) -> None:
        if strip.title:
            within = self.width - 2 * MARGIN
            self.text(MARGIN, top + 0.6 * TITLE, strip.title, size=10, weight="bold", within=within)
            top += TITLE
        photos = readers.map(read_tile, [tile.source for tile in strip.tiles])
        for number, (tile, photo) in enumerate(zip(strip.tiles, photos)):
            row, column = divmod(number, self.columns)
            x, y = MARGIN + column * (TILE + GAP), top + row * self.row_height
            self.photo(photo, x, y)
            below = y + TILE + 1.25 * LINE
            if tile.caption:
                self.text(x, below, tile.caption, size=9, weight="bold", within=TILE)
                below += LINE
            folder, _, file = tile.name.rpartition("/")
            self.text(x, below, file, within=TILE)
            if self.with_folders:
                self.text(x, below + LINE, folder, color=GREY, within=TILE)
