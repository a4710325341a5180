"""A contact sheet: photos in groups, each beneath its title, with a line or two of text under every photo."""

from typing import List, NamedTuple, Optional, Sequence

from matplotlib.figure import Figure

from helpers.images.boxes import Box
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
    corners,
    read_tiles,
    several_folders,
)

COLUMNS = 6  # photos side by side; a notebook would shrink a wider figure until its text can't be read
_NARROWEST = 4  # photos that a sheet has room for side by side, however few there are: titles need it


class Tile(NamedTuple):
    """A photo and the text beneath it."""

    name: str  # its path; the file's name is drawn, and the folder beneath it where there are several
    source: Source
    caption: str = ""
    box: Optional[Box] = None  # the part to show, enlarged, with the whole photo in the corner


class PhotoGroup(NamedTuple):
    """Photos beneath a title, side by side and then in further rows."""

    title: str
    tiles: Sequence[Tile]


def contact_sheets(groups: List[PhotoGroup], note: str = "") -> Figure:
    """Draw groups beneath each other, six photos side by side; `note` comes last.

    A photo that has gone missing or is damaged is a grey tile with the reason.
    """
    return _ContactSheet(groups, note).finish()


class _ContactSheet(Sheet):
    def __init__(self, groups: List[PhotoGroup], note: str) -> None:
        tiles = [tile for group in groups for tile in group.tiles]
        self.with_folders = several_folders(tile.name for tile in tiles)
        self.row_height = TILE + (2 + self.with_folders + any(tile.caption for tile in tiles)) * LINE + GAP
        widest = max([_NARROWEST, *(min(COLUMNS, len(group.tiles)) for group in groups)])
        heights = [TITLE * bool(group.title) + -(-len(group.tiles) // COLUMNS) * self.row_height for group in groups]
        height = 2 * MARGIN + sum(heights) + 2 * LINE * bool(note) - GAP * bool(groups)
        super().__init__(2 * MARGIN + widest * (TILE + GAP) - GAP, height)
        self.stack(groups, heights, self.draw_group)
        if note:
            self.text(MARGIN, self.height - MARGIN, note, color=GREY, within=self.width - 2 * MARGIN)

    def draw_group(self, group: PhotoGroup, top: float) -> None:
        photos = read_tiles(TilePhoto(tile.source, tile.box) for tile in group.tiles)
        places = corners(COLUMNS, MARGIN, self.title(group.title, top), self.row_height)
        for tile, photo, (x, y) in zip(group.tiles, photos, places):
            self.photo(photo, x, y)
            below = y + TILE + 1.25 * LINE
            if tile.caption:
                self.text(x, below, tile.caption, size=9, weight="bold", within=TILE)
                below += LINE
            self.name(tile.name, x, below, with_folder=self.with_folders)
