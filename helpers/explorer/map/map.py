"""A map of the collection to look around on: photos that look alike are near each other.

`CollectionMap(atlas)` is a widget. What a lasso selects on it is available as plain objects: `selected`, `selection`,
and `explore()`.
"""

from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np
import traitlets

from helpers.arguments import takes
from helpers.errors import FrameError
from helpers.explorer.explorer import Explorer
from helpers.explorer.map.colouring import GIVEN, colouring_by, columns_to_colour_by
from helpers.explorer.map.still_map import still_map
from helpers.frames import SArray
from helpers.widgets.card import Card, CardFigure
from helpers.widgets.page_files import javascript, style_sheet
from helpers.widgets.photo_table import PhotoTable, chosen_rows
from helpers.widgets.widget import PhotoWidget, Request

__all__ = ["CollectionMap"]

_PAGE = Path(__file__).parent / "page"
_LASSO = "lasso"


class CollectionMap(PhotoWidget):
    """The photos of a collection as points, and as thumbnails where there is room, in a cell.

    Parameters
    ----------
    atlas : Atlas
        Has a `model`, a `SimilarityModel`; `positions`, float32 [photos, 2],
        from left to right and from top to bottom; and a `note`, a sentence
        about them.
    data : SFrame, optional
        The frame of the photos, row by row, whose columns the photos can be
        coloured by. Needed only for a model that was loaded, or for columns of
        your own.
    colour : str, list, array, SArray or None
        See the property.
    explorer : Explorer, optional
        An explorer of the same model. What is selected here is selected there
        at once, and the other way round; its labels are a column to colour by.

    Raises
    ------
    FrameError
        For positions that are not one pair of finite numbers a photo, for a
        model with several photos of one label, for a frame of another length,
        and for an explorer of another model.

    Notes
    -----
    Trait to observe and to set: `selected`, the labels of the selected photos.
    On the page a lasso, a click or a key selects, see *Keys* there.
    """

    _esm = javascript(_PAGE / "map.js")
    _css = style_sheet(_PAGE / "map.css")

    _settable = ("selected", "colour")

    # For the page alone.
    _positions = traitlets.Bytes(b"").tag(sync=True)  # float32 [photos, 2]
    _codes = traitlets.Bytes(b"").tag(sync=True)  # uint8: see `helpers.explorer.map.colouring.Colouring`
    _link: Any = None  # to the explorer, whose selection is the same

    @takes(atlas="atlas", data="frame")
    def __init__(
        self, atlas: Any, data: Optional[Any] = None, *, colour: Any = "folder", explorer: Optional[Explorer] = None
    ) -> None:
        self.atlas, self.model, self.explorer = atlas, atlas.model, explorer
        count = len(self.model.labels)
        positions = np.asarray(atlas.positions)
        if positions.shape != (count, 2) or positions.dtype.kind not in "fiu" or not np.isfinite(positions).all():
            raise FrameError(f"positions are two finite numbers for each of {count} photos, not {positions.shape}")
        table = PhotoTable(self.model, data)
        if explorer is not None and explorer.model.labels != self.model.labels:
            raise FrameError("explorer= shows another model than the map: its photos have other labels")
        super().__init__(table, _positions=positions.astype("<f4").tobytes())
        self._handlers["colour"] = self._take_colour
        self._columns = columns_to_colour_by(self.data)
        self._given: Any = None  # the last colours that were not a column, to go back to
        self.colour = colour
        if explorer is not None:
            self._link = traitlets.link((explorer, "selected"), (self, "selected"))
        self._made = True

    @property
    def selection(self) -> Any:
        """The selected photos as an SFrame: their rows of the frame, in its order. See `data`."""
        return chosen_rows(self.data, self._table.rows(self.selected).tolist())

    @property
    def data(self) -> Any:
        """The frame of the photos; with `explorer=` and without `data=` it has the labels given there."""
        if self.explorer is not None and self._table.data is self.model.data:
            return self.explorer.data
        return self._table.frame

    @property
    def colour(self) -> Any:
        """What the photos are coloured by; can be set.

        The name of a column of `data`, such as `folder` or `taken`; a list, an
        array or an SArray with an entry for each photo, such as the numbers of
        clusters; or None. `helpers.explorer.map.colouring.Colouring` explains
        which values are kinds and which a scale. A column is read when it is set.
        Raises `FrameError` for a column that is not there, and for a list of
        another length; the colours then stay.
        """
        return self._colour

    @colour.setter
    def colour(self, by: Any) -> None:
        self._colouring = colouring_by(by, self.model, self.data)
        self._colour = by
        if by is not None and not isinstance(by, str):
            self._given = by
        with self.hold_sync():
            self._codes = self._colouring.codes.tobytes()
            self._say("")

    def explore(self, **settings: Any) -> Explorer:
        """An explorer of the selected photos alone; of all, where none is selected.

        They are selected there too, ready to get a label. The others are left
        out by a filter that can be taken away on the page: the column `lasso`
        of `explorer.data` is `yes` for those that were selected. `settings`
        are arguments of `Explorer`, such as `labels` and `k`.
        """
        if self.explorer is not None:
            settings.setdefault("labels", self.explorer.labels.path)
        frame = settings.pop("data", None)
        frame = self._table.frame if frame is None else frame
        if not self.selected:
            return Explorer(self.model, frame, **settings)
        column = _LASSO if _LASSO not in frame.column_names() else f"my_{_LASSO}"
        selected = set(self.selected)
        marks = ["yes" if label in selected else None for label in self.model.labels]
        explorer = Explorer(self.model, frame.add_column(SArray(marks, dtype=str), column), **settings)
        explorer.column, explorer.value = column, "yes"
        explorer.selected = list(self.selected)
        return explorer

    def close(self) -> None:
        """Close the map; the explorer that it was linked to stays."""
        if self._link is not None:
            self._link.unlink()
            self._link = None
        super().close()

    def _card(self) -> Card:
        legend, count = self._colouring.legend, len(self._table)
        kinds = ", ".join(f"{name} ({number})" for name, number in legend.get("kinds", []))
        scale = f"{legend['low']} to {legend['high']}" if legend.get("low") else ""
        by = f"coloured by {legend['title']}: {kinds or scale}" if kinds or scale else ""
        title = f"Map of {count:,} photo{'s' * (count != 1)}"
        picture = still_map(np.frombuffer(self._positions, "<f4").reshape(-1, 2), self._colouring, self._pictures)
        return Card(title, [by, self.atlas.note or ""], figures=[CardFigure(picture, title)])

    def _state_of_page(self) -> Dict[str, Any]:
        return {
            "count": len(self._table),
            "note": self.atlas.note or "",
            "colour": self._colour if isinstance(self._colour, (str, type(None))) else GIVEN,
            "colours": self._colours(),
            "legend": self._colouring.legend,
        }

    def _colours(self) -> List[str]:
        """What the menu offers to colour by."""
        new = [self._colour] if isinstance(self._colour, str) and self._colour not in self._columns else []
        return [*self._columns, *new, *([] if self._given is None else [GIVEN])]

    def _answer(self, request: Request, buffers: List[Any]) -> None:
        if self._message and request.get("do") != "photos":  # which the page asks for by itself
            self._say("")
        super()._answer(request, buffers)

    def _take_colour(self, request: Request, _: List[Any]) -> None:
        by = request.get("by")
        if by is not None and not isinstance(by, str):
            raise FrameError("a colour from the page is the name of a column")
        self.colour = self._given if by == GIVEN and self._given is not None else by
