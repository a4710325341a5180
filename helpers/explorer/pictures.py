"""Photos on their way between the explorer and its page: small and large ones, and those from outside."""

from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from helpers.errors import PhotoError
from helpers.explorer.exploration import Exploration
from helpers.images.decode import photo_size
from helpers.images.thumbnails import Thumbnails, preview
from helpers.photos.metadata.read import taken

_LARGEST_UPLOAD = 50 * 2**20  # bytes; no camera's JPEG comes near


class Pictures:
    """The photos of an exploration, as `tell` sends them to the page: a message, and the bytes that go with it."""

    def __init__(self, exploration: Exploration, tell: Callable[..., None]) -> None:
        self._exploration, self._tell, self._thumbnails = exploration, tell, Thumbnails()

    def tell_small(self, numbers: List[int]) -> None:
        """Names, labels and thumbnails of photos; one that cannot be read has no thumbnail."""
        photos = [self._exploration.photo(number) for number in numbers]
        pictures = self._thumbnails.get_many([(source, identity) for _, source, identity in photos])
        there = [picture for picture in pictures if picture is not None]
        places = iter(range(len(there)))
        told = [
            {
                "photo": number,
                "name": name,
                "label": self._exploration.labels.get(name) if number >= 0 else None,
                "buffer": None if picture is None else next(places),
            }
            for number, (name, _, _), picture in zip(numbers, photos, pictures)
        ]
        self._tell({"kind": "photos", "photos": told}, there)

    def tell_large(self, number: int) -> None:
        """A photo to fill the screen with, and what is known of it; or why it cannot be read."""
        name, source, _ = self._exploration.photo(number)
        date = (self._exploration.catalogue.taken(number) if number >= 0 else None) or taken(source)
        told: Dict[str, Any] = {"kind": "large", "photo": number, "name": name}
        told["regions"] = self._exploration.model.regions is not None  # with what a box on it is compared
        told["date"] = None if date is None else date.isoformat(" ", "minutes")
        try:
            picture = preview(source)
            told["width"], told["height"] = photo_size(source)
            told["bytes"] = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
            told["label"] = self._exploration.labels.get(name) if number >= 0 else None
            self._tell(told, [picture])
        except OSError as error:
            self._tell({**told, "error": error.strerror})  # not where on this machine: visitors read this
        except PhotoError as error:
            self._tell({**told, "error": str(error)})


class Uploads:
    """Photos from outside, which come in parts."""

    def __init__(self) -> None:
        self._parts: Dict[Any, List[bytes]] = {}  # as far as they have come

    def take(self, told: Dict[str, Any], content: bytes) -> Optional[bytes]:
        """A part has come; the whole file with the last one. Raises `PhotoError` for one beyond 50 MB."""
        parts = self._parts.setdefault(told["upload"], [])
        parts.append(content)
        if sum(map(len, parts)) > _LARGEST_UPLOAD:
            self._parts[told["upload"]] = []
            raise PhotoError(f"{told['name']} is larger than 50 MB; make it smaller first")
        return b"".join(self._parts.pop(told["upload"])) if len(parts) == told["parts"] else None
