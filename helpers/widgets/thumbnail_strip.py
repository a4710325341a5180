"""Photos to click on, side by side: one widget, however many they are."""

from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional

import anywidget
import traitlets

from helpers.widgets.page_files import javascript, style_sheet

_HERE = Path(__file__).parent
_SHOWN = ("text", "name", "marked", "about")  # of a photo, beside its picture


class Thumbnail(NamedTuple):
    """A photo of a strip: what is written under it, its whole name, its JPEG if it can be read, if it is marked.

    `about` is `rank`, `distance` and `likeness` of a photo that was found.
    """

    text: str
    name: str
    jpeg: Optional[bytes]
    marked: bool = False
    about: Optional[Dict[str, Any]] = None


class ThumbnailStrip(anywidget.AnyWidget):
    """Shows what `show` was given; a click on a photo, or a key, calls `clicked` with its place."""

    _esm = javascript(_HERE / "thumbnail_strip.js")
    _css = style_sheet(_HERE / "thumbnail_strip.css", photos=True)

    _names: "traitlets.List[Any]" = traitlets.List().tag(sync=True)  # of each photo: `_SHOWN`
    _jpegs: "traitlets.List[Any]" = traitlets.List().tag(sync=True)  # of each photo: bytes, or None

    def __init__(self, clicked: Callable[[int], Any]) -> None:
        self.photos: List[Thumbnail] = []
        self._clicked = clicked
        super().__init__()
        self.on_msg(self._heard)

    def show(self, photos: List[Thumbnail]) -> None:
        """Show photos in place of those before."""
        self.photos = photos
        with self.hold_sync():
            self._jpegs = [photo.jpeg for photo in photos]
            self._names = [{name: getattr(photo, name) for name in _SHOWN} for photo in photos]

    def click(self, place: int) -> None:
        """Click on the photo of a place; nothing where there is none."""
        if 0 <= place < len(self.photos):
            self._clicked(place)

    def close(self) -> None:
        """Close the strip, and let go of its pictures."""
        super().close()
        self.photos, self._names, self._jpegs = [], [], []

    def _heard(self, _: Any, content: Dict[str, Any], __: Any) -> None:
        place = content.get("click") if isinstance(content, dict) else None
        if isinstance(place, int) and not isinstance(place, bool):
            self.click(place)
