"""Single photos on their way between the explorer and its page: large ones there, files from outside here."""

from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from helpers.errors import PhotoError, Refused
from helpers.explorer.exploration import Exploration
from helpers.images.decode import photo_size
from helpers.images.thumbnails import preview
from helpers.images.uploads import UploadLimits, check_upload
from helpers.photos.metadata.read import taken

LARGEST_UPLOAD = 50 * 10**6  # bytes, in a notebook; no camera's JPEG is nearly as large
MOST_OF_A_VISITOR = 200 * 10**6  # bytes of all photos that one page has taken; they stay while it is open
_UNFINISHED = 2  # uploads that may be under way at once; of more, the oldest is dropped
_LONGEST_NAME = 200  # characters


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
    """Photos from outside, which come in parts.

    A visitor's photo passes the checks of the search service before anything
    decodes it. `most` is the largest number of bytes of a photo.
    """

    def __init__(self, *, visitor: bool = False) -> None:
        self._limits = UploadLimits() if visitor else None
        self.most = LARGEST_UPLOAD if self._limits is None else self._limits.upload_bytes
        self._unfinished: Dict[str, List[bytes]] = {}  # by upload, as far as they have come; the newest is the last
        self._taken = 0  # bytes, of all photos of a visitor

    def take(self, request: Dict[str, Any], content: bytes) -> Optional[Tuple[str, bytes]]:
        """Add a part; name and content of the whole file with the last one.

        Raises `PhotoError` for one that is too large, or is not safe to decode.
        """
        upload, name = str(request["upload"])[:_LONGEST_NAME], str(request["name"])[:_LONGEST_NAME]
        parts = [*self._unfinished.pop(upload, []), content]
        if sum(map(len, parts)) > self.most:
            raise PhotoError(f"{name} is larger than {self.most // 10**6} MB; make it smaller first")
        if len(parts) != request["parts"]:
            self._unfinished[upload] = parts
            if len(self._unfinished) > _UNFINISHED:
                del self._unfinished[next(iter(self._unfinished))]
            return None
        whole = b"".join(parts)
        if self._limits is not None:
            self._check(name, whole, self._limits)
        return name, whole

    def _check(self, name: str, whole: bytes, limits: UploadLimits) -> None:
        if self._taken + len(whole) > MOST_OF_A_VISITOR:
            raise PhotoError(f"this page has taken {self._taken // 10**6} MB of photos; load the page again for more")
        try:
            check_upload(whole, limits)
        except Refused as error:
            raise PhotoError(f"{name}: {error}") from error
        self._taken += len(whole)
