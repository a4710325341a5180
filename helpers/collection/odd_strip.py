"""The odd photos of a collection as a strip, the oddest first, with the reason beneath each."""

from typing import Any, Callable, Dict, List, Optional, Tuple

import ipywidgets
import traitlets
from matplotlib.figure import Figure

from helpers.arguments import check_whole, takes
from helpers.collection.odd_photos import FLAGS, is_downwards, ordered
from helpers.errors import FrameError
from helpers.frames import SFrame
from helpers.frames.images import source_of
from helpers.frames.photo_columns import image_column
from helpers.frames.photo_paths import row_paths, shown_names
from helpers.images.contact_sheets import PhotoGroup, Tile, contact_sheets
from helpers.images.decode import Source
from helpers.widgets.card import Card, CardFigure
from helpers.widgets.notebook_widget import NotebookWidget
from helpers.widgets.still import png_of, still

_MOST = 100  # photos of a strip

# As a person would ask for them: a column, and whether its largest values come first; None is the oddest first.
_ORDERS: Dict[str, Tuple[str, Optional[bool]]] = {
    "farthest from any other": ("loneliness", None),
    "least sharp": ("sharpness", None),
    "darkest": ("brightness", None),
    "brightest": ("brightness", True),
    "least contrast": ("contrast", None),
}


@takes(given="model or frame", odd="frame: oddities(model)")
def show_oddities(
    given: Any, odd: Any, by: str = "loneliness", k: int = 20, *, descending: Optional[bool] = None
) -> Figure:
    """Draw the `k` oddest photos by a column of what `helpers.collection.oddities` returned, with the value of each.

    Parameters
    ----------
    given : SimilarityModel or SFrame
        What `odd` was made of.
    odd : SFrame
        What `oddities` returned, or some of its rows. Rows without a value are
        not drawn.
    by : str
        The column.
    k : int
        1 to 100.
    descending : bool, optional
        Whether the largest values come first; by default the oddest.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    FrameError
        For another column or number.
    """
    check_whole("k", k)
    if k > _MOST:
        raise FrameError(f"k={k}: show_oddities draws {_MOST} photos at most")
    return _drawn(given, ordered(odd, by, descending), by, k)


class OddStrip(NotebookWidget, ipywidgets.VBox):
    """The strip of `show_oddities`, with a menu of columns to sort by; the arguments are the same.

    Notes
    -----
    Traits: `by`, a column of `odd`; `descending`, None for the oddest first;
    `k`; and `frame`, all rows of `odd` in that order. A column that cannot be
    sorted by raises `FrameError`, and the strip stays as it was.
    """

    by = traitlets.Unicode("loneliness")
    descending = traitlets.Bool(None, allow_none=True)
    k = traitlets.Int(20, min=1, max=_MOST)
    frame = traitlets.Any(None, allow_none=True)

    @takes(given="model or frame", odd="frame: oddities(model)")
    def __init__(self, given: Any, odd: Any, *, by: str = "loneliness", k: int = 20) -> None:
        self._given, self._odd = given, odd
        self._orders = _offered(odd)
        self._shown: Any = None
        self.menu = ipywidgets.Dropdown(
            options=list(self._orders), description="first", tooltip="What comes first", layout={"width": "300px"}
        )
        self.picture = still()
        super().__init__([self.menu, self.picture], by=by, k=k)
        self._show()
        self.observe(self._show, ["by", "descending", "k"])
        self.menu.observe(self._chosen, "value")

    @traitlets.validate("by")
    def _sortable(self, proposal: Any) -> str:
        ordered(self._odd, proposal["value"], None)  # raises FrameError
        return str(proposal["value"])

    def _show(self, _: Any = None) -> None:
        wanted = self.by, self.descending, self.k
        if wanted == self._shown:  # a choice from the menu changes two traits at once
            return
        frame = ordered(self._odd, self.by, self.descending)
        self.picture.value = png_of(_drawn(self._given, frame, self.by, self.k))
        self.frame, self._shown = frame, wanted
        self.menu.value = self._name_of_order()

    def _card(self) -> Card:
        title = f"Odd photos: {self.menu.value or self.by}"
        return Card(title, figures=[CardFigure(self.picture.value, title)])

    def _name_of_order(self) -> Optional[str]:
        wanted = self.by, is_downwards(self.by, self.descending)
        return next((name for name, order in self._orders.items() if (order[0], is_downwards(*order)) == wanted), None)

    def _chosen(self, change: Any) -> None:
        if change["new"] is not None and change["new"] != self._name_of_order():
            with self.hold_trait_notifications():
                self.by, self.descending = self._orders[change["new"]]


def _offered(odd: Any) -> Dict[str, Tuple[str, Optional[bool]]]:
    """The orders that a menu can offer, each with its column and direction: of flags, those that some photo has."""
    has_value = {name: any(value is not None for value in odd[name]) for name in odd.column_names()}
    offered = {name: order for name, order in _ORDERS.items() if has_value.get(order[0])}
    for flag in FLAGS:
        count = sum(value or 0 for value in odd[flag]) if flag in has_value else 0
        if count:
            offered[f"{flag.replace('_', ' ')} ({count})"] = flag, None
    return offered


def _drawn(given: Any, frame: Any, by: str, k: int) -> Figure:
    valued = [value is not None for value in frame[by]]
    rows = list(frame[: min(k, sum(valued))])
    find = _finder(given)
    tiles = []
    for row in rows:
        name, source = find(row["label"])
        tiles.append(Tile(name, source, _flags(row) if by in FLAGS else _shown(row[by])))
    notes = [f"{len(tiles)} of {sum(valued)} photos"] if len(tiles) < sum(valued) else []
    unread = len(valued) - sum(valued)
    if unread:
        notes.append(f"{unread} without a value")
    return contact_sheets([PhotoGroup(by, tiles)], "; ".join(notes) or ("" if tiles else "no photo has a value"))


def _finder(given: Any) -> Callable[[Any], Tuple[str, Source]]:
    """A function that returns the name and source of a label."""
    if not isinstance(given, SFrame):
        return lambda label: (given.name_of(label), given.photo(label))
    names: List[str] = shown_names(row_paths(given)[0], list(range(len(given))))
    column = image_column(given, None)

    def find(row: int) -> Tuple[str, Source]:
        if not 0 <= row < len(given):
            raise FrameError(
                f"row {row} is not in the frame of {len(given)} photos; give the one that oddities() was given"
            )
        return names[row], source_of(given[row][column])

    return find


def _flags(row: Any) -> str:
    return ", ".join(flag.replace("_", " ") for flag in FLAGS if row.get(flag)) or "not odd"


def _shown(value: Any) -> str:
    return f"{value:.0f}" if value >= 1000 else f"{value:#.3g}".rstrip(".")
