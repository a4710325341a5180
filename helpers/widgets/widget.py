"""A widget whose page shows photos of a model: its JavaScript and CSS, its selection, and the messages of its page."""

import difflib
import logging
from typing import Any, Callable, Dict, List, Optional, Tuple

import anywidget
import numpy as np
import traitlets

from helpers.errors import ArgumentError, FrameError, KinframeError, UnknownWords
from helpers.images.boxes import Box
from helpers.images.decode import Source
from helpers.images.thumbnails import Thumbnails
from helpers.widgets.notebook_widget import NotebookWidget
from helpers.widgets.photo_table import PhotoTable

Request = Dict[str, Any]  # what the page asks: `do`, its name; `number`, to report when it is done; and arguments
Handler = Callable[[Request, List[Any]], Any]  # takes the request, and the bytes that came with it

_LOG = logging.getLogger(__name__)
_AT_ONCE = 300  # thumbnails in one message, at most
_LARGE = 420  # px of a thumbnail for tiles that are larger than usual


class WrongSetting(ArgumentError, traitlets.TraitError):
    """A value that a trait does not take, as ipywidgets reports it."""


class PhotoWidget(NotebookWidget, anywidget.AnyWidget):
    """The kernel's side of a page of photos; the page's side is `wire.js` and `thumbnails.js`.

    A photo is known by its number, its row in the model. Subclasses add their
    handlers to `_handlers`, by the name of the request, and show their state
    with `_show`.
    """

    selected: "traitlets.List[Any]" = traitlets.List()

    _settable: Tuple[str, ...] = ("selected",)  # what a person may set
    _keep = True  # whether the page is of somebody with a notebook; visitors see no Python, and keep nothing here
    _made = False  # while it is made, any name can be set

    # For the page alone.
    _state = traitlets.Dict().tag(sync=True)
    _picked = traitlets.Bytes(b"").tag(sync=True)  # uint32: the selected photos

    def __init__(self, table: PhotoTable, **traits: Any) -> None:
        self._table = table
        self._thumbnails, self._large_thumbnails = Thumbnails(), Thumbnails(size=_LARGE)
        self._message, self._failed, self._said, self._stamp = "", False, 0, 0
        self._handlers: Dict[str, Handler] = {"photos": self._send_photos, "select": self._take_selection}
        super().__init__(**traits)
        self.on_msg(self._heard)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a trait; a misspelt one is refused, since it would be taken without effect."""
        if self._made and name not in self.__dict__ and not hasattr(type(self), name):
            near = difflib.get_close_matches(name, self._settable, n=1, cutoff=0.7)
            if near:
                raise ArgumentError(f"{type(self).__name__} has no {name!r} to set; did you mean {near[0]!r}?")
        try:
            super().__setattr__(name, value)
        except traitlets.TraitError as error:
            raise WrongSetting(str(error)) from error

    def _state_of_page(self) -> Dict[str, Any]:
        """What the page shows; subclasses say what."""
        raise NotImplementedError

    def _show(self) -> None:
        self._stamp += 1  # so that each state is a new one, also an equal one
        told = {"message": self._message, "failed": self._failed, "said": self._said, "stamp": self._stamp}
        self._state = {**self._state_of_page(), **told}

    def _say(self, text: str, *, failed: bool = False) -> None:
        """Show a message: what was done, or what could not be done."""
        self._message, self._failed, self._said = text, failed, self._said + 1
        self._show()

    # Photos.

    def _photo(self, number: int) -> Tuple[str, Source, Optional[str]]:
        """Name, source and, where known, identity of a photo."""
        collection = self._table.model.collection
        return collection.names[number], collection.sources[number], collection.identities[number]

    def _details(self, number: int) -> Dict[str, Any]:
        """What the page is sent with a thumbnail."""
        return {"name": self._photo(number)[0]}

    def _send_thumbnails(self, numbers: List[int], large: bool = False) -> None:
        """Send details and thumbnails of photos; one that cannot be read has no thumbnail."""
        entries = [{"photo": number, **self._details(number)} for number in numbers]
        self._send_pictures("photos", entries, self._pictures(numbers, large=large), large=large)

    def _send_pictures(
        self, kind: str, entries: List[Dict[str, Any]], pictures: List[Optional[bytes]], **more: Any
    ) -> None:
        """Send entries, each with its picture, or None."""
        readable = [picture for picture in pictures if picture is not None]
        places = iter(range(len(readable)))
        told = [
            {**entry, "buffer": None if picture is None else next(places)} for entry, picture in zip(entries, pictures)
        ]
        self.send({"kind": kind, kind: told, **more}, readable)

    def _pictures(
        self, numbers: List[int], boxes: Optional[List[Box]] = None, large: bool = False
    ) -> List[Optional[bytes]]:
        """The thumbnails of photos, or of their parts in boxes; None where one cannot be read."""
        thumbnails = self._large_thumbnails if large else self._thumbnails
        return thumbnails.get_many([self._photo(number)[1:] for number in numbers], boxes)

    def _checked(self, number: Any, lowest: int = 0) -> int:
        if not isinstance(number, int) or isinstance(number, bool) or not lowest <= number < len(self._table):
            raise FrameError(f"there is no photo number {number!r}")
        return number

    @traitlets.validate("selected")
    def _check_selected(self, proposal: Dict[str, Any]) -> List[Any]:
        self._table.rows(proposal["value"])
        return proposal["value"]

    @traitlets.observe("selected")
    def _show_selected(self, _: Any) -> None:
        self._picked = self._table.rows(self.selected).astype("<u4").tobytes()

    # Requests of the page.

    def _heard(self, _: Any, content: Any, buffers: List[Any]) -> None:
        request = content if isinstance(content, dict) else {}
        try:
            self._answer(request, buffers)
        except (KinframeError, traitlets.TraitError) as error:
            self._say(error.plain if isinstance(error, UnknownWords) and not self._keep else str(error), failed=True)
        except Exception as error:  # a message is from outside, and can be anything; a text could name paths of ours
            _LOG.debug("%r could not be answered", request.get("do"), exc_info=True)
            self._say(f"That could not be done ({type(error).__name__}).", failed=True)
        finally:
            self.send({"kind": "done", "number": request.get("number")})

    def _answer(self, request: Request, buffers: List[Any]) -> None:
        name = request.get("do")
        if isinstance(name, str) and name in self._handlers:
            self._handlers[name](request, buffers)

    def _send_photos(self, request: Request, _: List[Any]) -> None:
        self._send_thumbnails(self._numbers_of(request), request.get("large") is True)

    def _numbers_of(self, request: Request) -> List[int]:
        """The numbers of the photos that the page asks for."""
        numbers = request.get("photos")
        if not isinstance(numbers, list) or len(numbers) > _AT_ONCE:
            raise FrameError(f"photos are asked for as a list, of {_AT_ONCE} at most")
        return [self._checked(number) for number in numbers]

    def _take_selection(self, _: Request, buffers: List[Any]) -> None:
        if len(buffers) != 1 or len(bytes(buffers[0])) % 4:
            raise FrameError("photos are selected by their numbers, four bytes each")
        rows = np.frombuffer(bytes(buffers[0]), "<u4").tolist()
        self.selected = [self._table.model.labels[self._checked(row)] for row in rows]
