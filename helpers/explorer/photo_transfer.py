"""Single photos on their way between the explorer and its page: large ones there, files from outside here."""

from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from helpers.errors import PhotoError
from helpers.explorer.exploration import Exploration
from helpers.images.decode import photo_size
from helpers.images.thumbnails import preview
from helpers.photos.metadata.read import taken

LARGEST_UPLOAD = 50 * 2**20  # bytes; no camera's JPEG is nearly as large


def large_photo(exploration: Exploration, number: int) -> Tuple[Dict[str, Any], Optional[List[bytes]]]:
    """The message with a photo that fills the screen and its details, or with the reason why it cannot be read."""
    name, source, _ = exploration.photo(number)
    date = (exploration.catalogue.taken(number) if number >= 0 else None) or taken(source)
    message: Dict[str, Any] = {"kind": "large", "photo": number, "name": name}
    model = exploration.model
    parts = model.regions is not None or getattr(model, "parts", None) is not None  # a season has parts of its own
    message["regions"] = parts  # whether a box on it is compared with parts of photos
    message["date"] = None if date is None else date.isoformat(" ", "minutes")
    try:
        picture = preview(source)
        message["width"], message["height"] = photo_size(source)
        message["bytes"] = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
        message["label"] = exploration.labels.get(name) if number >= 0 else None
        return message, [picture]
    except OSError as error:
        return {**message, "error": error.strerror}, None  # without the path: visitors read this
    except PhotoError as error:
        return {**message, "error": str(error)}, None


class Uploads:
    """Photos from outside, which come in parts."""

    def __init__(self) -> None:
        self._parts: Dict[Any, List[bytes]] = {}  # by upload, as far as they have come

    def take(self, request: Dict[str, Any], content: bytes) -> Optional[bytes]:
        """Add a part; returns the whole file with the last one. Raises `PhotoError` for one beyond 50 MB."""
        parts = self._parts.setdefault(request["upload"], [])
        parts.append(content)
        if sum(map(len, parts)) > LARGEST_UPLOAD:
            self._parts[request["upload"]] = []
            raise PhotoError(f"{request['name']} is larger than 50 MB; make it smaller first")
        return b"".join(self._parts.pop(request["upload"])) if len(parts) == request["parts"] else None
