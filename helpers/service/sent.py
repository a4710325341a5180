"""What a client sends: questions, photos and ids, checked before they go."""

import os
from pathlib import Path
from typing import Any, Dict, Optional, Tuple
from urllib.parse import quote

from helpers.arguments import check_whole
from helpers.errors import FrameError, PhotoError


def wishes(k: int, metric: Optional[str], products: Any, min_score: Optional[float]) -> Dict[str, Any]:
    """How many images, and which; what was not said is left to the service."""
    check_whole("k", k)
    form: Dict[str, Any] = {"k": str(k)}
    if metric is not None:
        form["metric"] = metric
    if products is not None:
        form["product"] = [products] if isinstance(products, str) else list(products)
    if min_score is not None:
        form["min_score"] = repr(float(min_score))
    return form


def content_of(photo: Any) -> Tuple[str, bytes]:
    """A name for a photo, and the bytes of its file; raises `FrameError` and `PhotoError`."""
    from helpers.decode import read_photo
    from helpers.image_column import path_of, source_of

    if isinstance(photo, (bytes, bytearray, memoryview)):
        return "photo from outside", bytes(photo)
    source = source_of(photo)
    path = path_of(photo)
    name = Path(path).name if path else "photo from outside"
    if isinstance(source, bytes):
        return name, source
    try:
        return name, read_photo(os.path.expanduser(source))  # noqa: PTH111 (of text, text again)
    except PhotoError as error:
        raise PhotoError(f"{source}: {error}") from error


def listed(photo: Any) -> Any:
    """A photo to index: its path, or with it the products that it shows."""
    if isinstance(photo, (str, dict)):
        return photo
    path, products = photo
    return {"path": path, "products": [products] if isinstance(products, str) else list(products)}


def one(text: str) -> str:
    """A part of an address; `.` and `..` would be taken for steps, wherever they are escaped."""
    if not isinstance(text, str) or text in ("", ".", ".."):
        raise FrameError(f"an id of a product or a job is text, and not {text!r}")
    return quote(text, safe="")


def whole(name: str, value: Any) -> int:
    """An id of an image; raises `FrameError`."""
    check_whole(name, value)
    return int(value)
