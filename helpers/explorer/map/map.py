"""A map of the collection to walk about on: photos that look alike lie together.

`CollectionMap(atlas)` is a widget. What is drawn a lasso around are plain
objects to go on with: `selected`, `selection`, and `explore()`.
"""

from pathlib import Path
from typing import Any, Dict, List, Optional

import anywidget
import numpy as np
import traitlets

from helpers.errors import FrameError, KinframeError
from helpers.explorer.explorer import Explorer
from helpers.explorer.map.colouring import GIVEN, Colouring, colouring_by, columns_to_colour_by
from helpers.frames import SArray, SFrame
from helpers.images.thumbnails import Thumbnails

__all__ = ["CollectionMap"]

_HERE = Path(__file__).parent
_AT_ONCE = 300  # thumbnails in one message, at most
_LASSO = "lasso"


class CollectionMap(anywidget.AnyWidget):
    """The photos of a collection as points, and as thumbnails where there is room, in a cell.

    - `atlas`: has a `model`, a `SimilarityModel`; `positions`, float32
      [photos, 2], from left to right and from top to bottom; and a `note`, a
      sentence about them.
    - `data`: the frame of the photos, row by row, whose columns the photos can
      be coloured by. Needed only of a model that was loaded, or for columns of
      one's own.
    - `colour`: see the property.
    - `explorer`: an `Explorer` of the same model. What is selected here is
      selected there at once, and the other way round; its labels are a column
      to colour by.

    Trait to observe and to set: `selected`, the labels of the selected photos.
    On the page a lasso, a click or a key selects, see *Keys* there.

    Raises `FrameError` for positions that are not one pair of finite numbers a
    photo, for a model whose labels stand for several photos, for a frame of
    another length, and for an explorer of another model.
    """

    _esm = _HERE / "map.js"
    _css = _HERE / "map.css"

    selected: "traitlets.List[Any]" = traitlets.List()

    # What the page is told; photos are rows of the collection.
    _state = traitlets.Dict().tag(sync=True)
    _positions = traitlets.Bytes(b"").tag(sync=True)  # float32 [photos, 2]
    _codes = traitlets.Bytes(b"").tag(sync=True)  # uint8: see `helpers.explorer.map.colouring.Colouring`
    _picked = traitlets.Bytes(b"").tag(sync=True)  # uint32: selected

    def __init__(
        self, atlas: Any, data: Optional[Any] = None, *, colour: Any = "folder", explorer: Optional[Explorer] = None
    ) -> None:
        self.atlas, self.model, self.explorer = atlas, atlas.model, explorer
        count = len(self.model.labels)
        positions = np.asarray(atlas.positions)
        if positions.shape != (count, 2) or positions.dtype.kind not in "fiu" or not np.isfinite(positions).all():
            raise FrameError(f"positions are two finite numbers for each of {count} photos, not {positions.shape}")
        self._row_of = {label: row for row, label in enumerate(self.model.labels)}
        if len(self._row_of) < count:
            raise FrameError(
                "some labels stand for several photos; build the model without label=, or with one such as 'path'"
            )
        if explorer is not None and explorer.model.labels != self.model.labels:
            raise FrameError("explorer= shows another model than the map: its photos have other labels")
        self._frame = self.model.data if data is None else data
        if self._frame is not None and len(self._frame) != count:
            raise FrameError(f"the frame has {len(self._frame)} rows, and the model {count} photos")
        self._columns = columns_to_colour_by(self.data)
        self._thumbnails = Thumbnails()
        self._colour: Any = None
        self._given: Any = None  # the last colours that were no column, to go back to
        self._message, self._stamp = "", 0
        colouring = colouring_by(colour, self.model, self.data)
        super().__init__(_positions=positions.astype("<f4").tobytes())
        self.on_msg(self._heard)
        self._paint(colour, colouring)
        if explorer is not None:
            traitlets.link((explorer, "selected"), (self, "selected"))

    @property
    def selection(self) -> Any:
        """The selected photos as an SFrame: their rows of the frame, in its order. See `data`."""
        chosen = np.zeros(len(self.model.labels), int)
        chosen[[self._row_of[label] for label in self.selected]] = 1
        return self.data[SArray(chosen.tolist(), dtype=int)]

    @property
    def data(self) -> Any:
        """The frame of the photos; with `explorer=` and without `data=` it has the labels given there."""
        if self.explorer is not None and self._frame is self.model.data:
            return self.explorer.data
        return self._own_frame()

    @property
    def colour(self) -> Any:
        """What the photos are coloured by; can be set.

        The name of a column of `data`, such as `folder` or `taken`; a list, an
        array or an SArray with an entry for each photo, such as the numbers of
        clusters; or None. What is a kind and what a scale, says
        `helpers.explorer.map.colouring.Colouring`. A column is read when it is set.
        Raises `FrameError` for a column that is not there, and for a list of
        another length; the colours then stay.
        """
        return self._colour

    @colour.setter
    def colour(self, by: Any) -> None:
        self._paint(by, colouring_by(by, self.model, self.data))

    def explore(self, **settings: Any) -> Explorer:
        """An explorer of the selected photos alone; of all, where none is selected.

        They are selected there too, ready to get a label. The others are left
        out by a filter that can be taken away on the page: the column `lasso`
        of `explorer.data` says `yes` of those that were selected. `settings`
        are arguments of `Explorer`, such as `labels` and `k`.
        """
        if self.explorer is not None:
            settings.setdefault("labels", self.explorer.labels.path)
        frame = settings.pop("data", None)
        frame = self._own_frame() if frame is None else frame
        if not self.selected:
            return Explorer(self.model, frame, **settings)
        column = _LASSO if _LASSO not in frame.column_names() else f"my_{_LASSO}"
        selected = set(self.selected)
        marks = ["yes" if label in selected else None for label in self.model.labels]
        explorer = Explorer(self.model, frame.add_column(SArray(marks, dtype=str), column), **settings)
        explorer.column, explorer.value = column, "yes"
        explorer.selected = list(self.selected)
        return explorer

    def _own_frame(self) -> Any:
        if self._frame is not None:
            return self._frame
        return SFrame({"id": self.model.labels}).add_column(SArray(self.model.names, dtype=str), "path")

    # Telling the page.

    def _paint(self, by: Any, colouring: Colouring) -> None:
        self._colour, self._message = by, ""
        if by is not None and not isinstance(by, str):
            self._given = by
        self._show(colouring)

    def _show(self, colouring: Optional[Colouring] = None) -> None:
        self._stamp += 1
        with self.hold_sync():
            if colouring is not None:
                self._codes = colouring.codes.tobytes()
            self._state = {
                "stamp": self._stamp,  # so that each answer is news, also an equal one
                "count": len(self.model.labels),
                "note": str(getattr(self.atlas, "note", "") or ""),
                "colour": self._colour if isinstance(self._colour, (str, type(None))) else GIVEN,
                "colours": self._offered(),
                "legend": self._state.get("legend") if colouring is None else colouring.legend,
                "message": self._message,
            }

    def _offered(self) -> List[str]:
        new = [self._colour] if isinstance(self._colour, str) and self._colour not in self._columns else []
        return [*self._columns, *new, *([] if self._given is None else [GIVEN])]

    @traitlets.validate("selected")
    def _check_selected(self, proposal: Dict[str, Any]) -> List[Any]:
        for label in proposal["value"]:
            try:
                known = label in self._row_of
            except TypeError:
                known = False
            if not known:
                raise FrameError(f"{label!r} is not the label of a photo in this model")
        return proposal["value"]

    @traitlets.observe("selected")
    def _select(self, _: Any = None) -> None:
        self._picked = np.array([self._row_of[label] for label in self.selected], "<u4").tobytes()

    def _send_photos(self, rows: List[int]) -> None:
        collection = self.model.collection
        pictures = self._thumbnails.get_many([(collection.sources[row], collection.identities[row]) for row in rows])
        there = [picture for picture in pictures if picture is not None]
        places = iter(range(len(there)))
        told = [
            {"photo": row, "name": collection.names[row], "buffer": None if picture is None else next(places)}
            for row, picture in zip(rows, pictures)
        ]
        self.send({"kind": "photos", "photos": told}, there)

    # Hearing the page.

    def _heard(self, _: Any, content: Any, buffers: List[Any]) -> None:
        told = content if isinstance(content, dict) else {}
        try:
            if self._message and told.get("do") != "photos":  # these are asked for by no person
                self._say("")
            self._obey(told, buffers)
        except (KinframeError, traitlets.TraitError) as error:
            self._say(str(error))
        finally:
            self.send({"kind": "done", "number": told.get("number")})

    def _say(self, text: str) -> None:
        self._message = text
        self._show()

    def _obey(self, told: Dict[str, Any], buffers: List[Any]) -> None:
        wish = told.get("do")
        if wish == "photos":
            photos = told.get("photos")
            if not isinstance(photos, list) or len(photos) > _AT_ONCE:
                raise FrameError(f"photos are asked for as a list, of {_AT_ONCE} at most")
            self._send_photos([self._checked(row) for row in photos])
        elif wish == "select":
            if len(buffers) != 1 or len(bytes(buffers[0])) % 4:
                raise FrameError("photos are selected by their numbers, four bytes each")
            rows = np.frombuffer(bytes(buffers[0]), "<u4").tolist()
            self.selected = [self.model.labels[self._checked(row)] for row in rows]
        elif wish == "colour":
            by = told.get("by")
            if by is not None and not isinstance(by, str):
                raise FrameError("the page colours by the name of a column")
            self.colour = self._given if by == GIVEN and self._given is not None else by

    def _checked(self, row: Any) -> int:
        if not isinstance(row, int) or isinstance(row, bool) or not 0 <= row < len(self.model.labels):
            raise FrameError(f"there is no photo number {row!r}")
        return row
