"""A button with which a notebook takes a photo from outside, in parts, whatever a message may hold."""

from pathlib import Path
from typing import Any, Callable, List, Optional, Tuple

import anywidget
import traitlets

from helpers.errors import PhotoError
from helpers.explorer.photo_transfer import LARGEST_UPLOAD, Uploads
from helpers.widgets.page_files import javascript, style_sheet

_PAGE = Path(__file__).parent / "page"


class PhotoUpload(anywidget.AnyWidget):
    """Calls `take` with name and content of each file that was chosen, dropped or pasted, `refuse` with a reason."""

    _esm = javascript(_PAGE / "photo_upload.js")
    _css = style_sheet(_PAGE / "photo_upload.css", photos=True)

    _largest = traitlets.Int(LARGEST_UPLOAD).tag(sync=True)

    def __init__(self, take: Callable[[str, bytes], Any], refuse: Callable[[str], Any]) -> None:
        self._take, self._refuse, self._uploads = take, refuse, Uploads()
        super().__init__()
        self.on_msg(self._heard)

    def _heard(self, _: Any, content: Any, buffers: List[Any]) -> None:
        request = content if isinstance(content, dict) else {}
        try:
            whole = self._whole(request, buffers)
            if whole is not None:
                self._take(*whole)
        finally:
            self.send({"kind": "done", "number": request.get("number")})

    def _whole(self, request: Any, buffers: List[Any]) -> Optional[Tuple[str, bytes]]:
        """Name and content of a photo of which the last part has come."""
        try:
            if request.get("do") == "upload":
                return self._uploads.take(request, bytes(buffers[0]))
            if request.get("do") == "refuse":
                self._refuse(too_large(str(request["name"])))
        except PhotoError as error:
            self._refuse(f"{error}.")
        except (KeyError, IndexError, TypeError):  # a message is from outside, and can be anything
            self._refuse("That could not be done.")
        return None


def too_large(name: str) -> str:
    """The reason why a photo is not taken."""
    return f"{name}: more than {LARGEST_UPLOAD // 10**6} MB; make it smaller first."
