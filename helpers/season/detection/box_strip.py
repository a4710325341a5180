"""Boxes of a detector as a strip, the least sure first, and a large view in which they are corrected."""

import logging
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import anywidget
import traitlets

from helpers.errors import FrameError, KinframeError, PhotoError
from helpers.images.thumbnails import Thumbnails, preview
from helpers.season.detection.megadetector import KINDS
from helpers.season.detection.review import DetectionReview, PlacedBox
from helpers.widgets.card import Card, CardPhoto, CardRow
from helpers.widgets.notebook_widget import NotebookWidget
from helpers.widgets.page_files import javascript, style_sheet

_LOG = logging.getLogger(__name__)
_HERE = Path(__file__).parent
_TILES = 24  # of a page


class BoxStrip(NotebookWidget, anywidget.AnyWidget):
    """The boxes of a detector, those of the lowest score first, with a slider for the score from which they count.

    A click on a box opens its photo, where boxes are drawn, moved, sized and
    removed, by mouse or by key.

    Parameters
    ----------
    review
        The `DetectionReview`, which has the corrections and saves them.

    Attributes
    ----------
    threshold
        A trait: the score from which a box counts, 0 to 1.
    page
        A trait: which boxes are shown, 24 at a time, from 0.
    description
        A trait: how many boxes there are, in words.
    """

    _esm = javascript(_HERE / "page" / "box_strip.js")
    _css = style_sheet(_HERE / "page" / "box_strip.css")

    threshold = traitlets.Float(0.2, min=0.0, max=1.0)
    page = traitlets.Int(0, min=0)
    description = traitlets.Unicode("")

    _state = traitlets.Dict().tag(sync=True)  # for the page alone
    _shows = False

    def __init__(self, review: DetectionReview) -> None:
        if not isinstance(review, DetectionReview):
            raise FrameError(f"BoxStrip takes a DetectionReview, not {type(review).__name__}")
        self.review = review
        self._thumbnails = Thumbnails()
        self._stamp, self._message = 0, ""
        self._tiles: List[Tuple[int, PlacedBox]] = []
        self._handlers: Dict[str, Callable[[Dict[str, Any]], None]] = {
            "tiles": lambda request: self._send_tiles(),
            "threshold": lambda request: self.set_trait("threshold", request.get("value")),
            "page": lambda request: self.set_trait("page", request.get("value")),
            "open": lambda request: self._send_photo(self._row(request)),
            "add": lambda request: review.add(self._path(request), request.get("box"), request.get("kind", "animal")),
            "move": lambda request: review.move(self._path(request), request.get("place"), request.get("box")),
            "remove": lambda request: review.remove(self._path(request), request.get("place")),
            "undo": lambda request: review.undo(),
        }
        super().__init__(threshold=review.detections.threshold)
        self._show()
        review.observe(self._show, "changed")
        self.observe(self._set_threshold, "threshold")
        self.observe(self._show, "page")
        self.on_msg(self._heard)
        self._shows = True

    def close(self) -> None:
        """Remove the strip, and stop following the review."""
        if self._shows:
            self.review.unobserve(self._show, "changed")
            self._shows = False
        super().close()

    def _set_threshold(self, _: Any) -> None:
        if self.threshold != self.review.detections.threshold:
            self.review.set_threshold(self.threshold)

    def _show(self, _: Any = None) -> None:
        order = self.review.order()
        last = max(0, -(-len(order) // _TILES) - 1)
        with self.hold_trait_notifications():
            self.threshold, self.page = self.review.detections.threshold, min(self.page, last)
        self._tiles = order[self.page * _TILES : (self.page + 1) * _TILES]
        photos = len({row for row, _ in order})
        boxes = "1 box" if len(order) == 1 else f"{len(order):,} boxes"
        self.description = f"{boxes} in {photos:,} of {len(self.review.files):,} photos"
        self._stamp += 1
        self._state = {
            **{"threshold": self.threshold, "page": self.page, "last": last, "text": self.description},
            **{"undo": self.review.can_undo, "message": self._message, "stamp": self._stamp, "kinds": list(KINDS)},
        }

    def _card(self) -> Card:
        photos = [
            CardPhoto(jpeg, self._name(row), f"{box.detection.kind} {box.detection.score:.2f}")
            for (row, box), jpeg in zip(self._tiles, self._pictures())
        ]
        rows = [CardRow(f"from a score of {self.threshold:g}", photos)] if photos else []
        return Card("Boxes of a detector", [self.description], rows)

    def _name(self, row: int) -> str:
        return self.review.detections.names[row]

    def _pictures(self) -> List[Any]:
        boxes = [box.detection.box for _, box in self._tiles]
        return self._thumbnails.get_many([(self.review.files[row], None) for row, _ in self._tiles], boxes)

    # What the page asks.

    def _heard(self, _: Any, content: Any, __: Any) -> None:
        request = content if isinstance(content, dict) else {}
        handler = self._handlers.get(str(request.get("do")))
        message = ""
        try:
            if handler is not None:
                handler(request)
        except (KinframeError, traitlets.TraitError) as error:
            message = str(error)
        except Exception as error:  # a message is from outside, and can be anything
            _LOG.debug("%r could not be answered", request.get("do"), exc_info=True)
            message = f"That could not be done ({type(error).__name__})."
        if message or self._message:
            self._message = message
            self._show()
        if request.get("do") in ("add", "move", "remove", "undo") and "photo" in request:
            self._send_boxes(request)
        self.send({"kind": "done", "number": request.get("number")})

    def _row(self, request: Dict[str, Any]) -> int:
        row = request.get("photo")
        if isinstance(row, bool) or not isinstance(row, int) or not 0 <= row < len(self.review.files):
            raise FrameError(f"there is no photo number {row!r}")
        return row

    def _path(self, request: Dict[str, Any]) -> str:
        return self._name(self._row(request))

    def _send_tiles(self) -> None:
        pictures = self._pictures()
        readable = [picture for picture in pictures if picture is not None]
        places = iter(range(len(readable)))
        tiles = [
            {**self._box(box), "photo": row, "name": self._name(row), "buffer": None if jpeg is None else next(places)}
            for (row, box), jpeg in zip(self._tiles, pictures)
        ]
        self.send({"kind": "tiles", "tiles": tiles, "stamp": self._stamp}, readable)

    def _send_photo(self, row: int) -> None:
        message: Dict[str, Any] = {"kind": "photo", **self._boxes(row)}
        try:
            self.send(message, [preview(self.review.files[row])])
        except (PhotoError, OSError) as error:
            self.send({**message, "error": str(error)})

    def _send_boxes(self, request: Dict[str, Any]) -> None:
        try:
            self.send({"kind": "boxes", **self._boxes(self._row(request))})
        except FrameError as error:
            self._message = str(error)

    def _boxes(self, row: int) -> Dict[str, Any]:
        name = self._name(row)
        return {"photo": row, "name": name, "boxes": [self._box(box) for box in self.review.boxes(name)]}

    @staticmethod
    def _box(box: PlacedBox) -> Dict[str, Any]:
        return {"place": box.place, "kind": box.detection.kind, "score": box.detection.score, "box": box.detection.box}
