"""What a client sends: questions, photos and ids, checked before they go."""

import json
import math
import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple
from urllib.parse import quote

from helpers.arguments import check_whole
from helpers.errors import FrameError, PhotoError
from helpers.features.distance import METRICS


def wishes(k: int, metric: Optional[str], products: Any, min_score: Optional[float]) -> Dict[str, Any]:
    """How many images, and which; what was not said is left to the service. Raises `FrameError`."""
    check_whole("k", k)
    form: Dict[str, Any] = {"k": str(k)}
    if metric is not None:
        if metric not in METRICS:
            raise FrameError(f"metric is {' or '.join(METRICS)}, not {metric!r}")
        form["metric"] = metric
    if products is not None:
        form["product"] = _names(products)
    if min_score is not None:
        form["min_score"] = repr(_score(min_score))
    return form


def content_of(photo: Any) -> Tuple[str, bytes]:
    """A name for a photo, and the bytes of its file; raises `FrameError` and `PhotoError`."""
    from helpers.frames.images import path_of, source_of
    from helpers.images.decode import read_photo

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
    try:
        path, products = photo
    except (TypeError, ValueError):
        path = products = None
    if not isinstance(path, str) or products is None:
        raise FrameError(f"one of photos is a path, or a path and the ids of its products, not {photo!r}")
    return {"path": path, "products": [products] if isinstance(products, str) else list(products)}


def listed_all(photos: Any) -> List[Any]:
    """Photos to index; raises `FrameError` where they are no list."""
    if isinstance(photos, (str, bytes, dict)):
        raise FrameError(f"photos is a list of paths, not {photos!r}; index(folder) takes one folder or file")
    return [listed(photo) for photo in photos]


def product_body(id: str, name: str, images: Any, details: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    """A product; raises `FrameError` for images that are no ids, and details that JSON cannot have."""
    if isinstance(images, (str, bytes)):
        raise FrameError(f"images is a list of ids, as images() gives them, not {images!r}")
    try:
        json.dumps(details, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise FrameError(f"details is a dictionary of what JSON can have: {error}") from error
    return {"id": id, "name": name, "details": details or {}, "images": [whole("an id in images", i) for i in images]}


def one(text: str) -> str:
    """A part of an address; `.` and `..` would be taken for steps, wherever they are escaped."""
    if not isinstance(text, str) or text in ("", ".", "..") or "/" in text:
        raise FrameError(f"an id of a product or a job is text without a slash, and not {text!r}")
    return quote(text, safe="")


def whole(name: str, value: Any) -> int:
    """An id of an image; raises `FrameError`."""
    check_whole(name, value)
    return int(value)


def _names(products: Any) -> List[str]:
    names = [products] if isinstance(products, str) else list(products)
    if not names:
        raise FrameError("products is empty, and nothing could be found; None is all images")
    return names


def _score(value: Any) -> float:
    try:
        score = float(value)
    except (TypeError, ValueError):
        score = math.nan
    if not math.isfinite(score):
        raise FrameError(f"min_score is a number, not {value!r}")
    return score
