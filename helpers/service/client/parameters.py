"""What a client sends: search parameters, photos and ids, checked first."""

import json
import math
import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple
from urllib.parse import quote

from helpers.arguments import check_whole
from helpers.errors import FrameError, PhotoError
from helpers.features.distance import METRICS


def search_fields(k: int, metric: Optional[str], products: Any, min_score: Optional[float]) -> Dict[str, Any]:
    """The form or query of a search, without what is left to the service; raises `FrameError`."""
    check_whole("k", k)
    fields: Dict[str, Any] = {"k": str(k)}
    if metric is not None:
        if metric not in METRICS:
            raise FrameError(f"metric is {' or '.join(METRICS)}, not {metric!r}")
        fields["metric"] = metric
    if products is not None:
        fields["product"] = _names(products)
    if min_score is not None:
        fields["min_score"] = repr(_score(min_score))
    return fields


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


def listed(photos: Any) -> List[Any]:
    """Photos to index, each its path, or its path with the products that it shows; raises `FrameError`."""
    if isinstance(photos, (str, bytes, dict)):
        raise FrameError(f"photos is a list of paths, not {photos!r}; index(folder) takes a folder")
    return [photo if isinstance(photo, (str, dict)) else _with_products(photo) for photo in photos]


def product_body(id: str, name: str, images: Any, details: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    """A product; raises `FrameError` for images that are not ids, and details that are not JSON."""
    if isinstance(images, (str, bytes)):
        raise FrameError(f"images is a list of ids, as images() gives them, not {images!r}")
    try:
        json.dumps(details, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise FrameError(f"details is a dictionary of what JSON can hold: {error}") from error
    return {
        "id": id,
        "name": name,
        "details": details or {},
        "images": [checked_id("an id in images", i) for i in images],
    }


def path_part(text: str) -> str:
    """An id as a part of an address; `.` and `..` would lead elsewhere, even if they are escaped."""
    if not isinstance(text, str) or text in ("", ".", "..") or "/" in text:
        raise FrameError(f"an id of a product or a job is text without a slash, not {text!r}")
    return quote(text, safe="")


def checked_id(name: str, value: Any) -> int:
    """An id of an image; raises `FrameError`."""
    check_whole(name, value)
    return int(value)


def _with_products(photo: Any) -> Dict[str, Any]:
    try:
        path, products = photo
    except (TypeError, ValueError):
        path = products = None
    if not isinstance(path, str) or products is None:
        raise FrameError(f"one of photos is a path, or a path and the ids of its products, not {photo!r}")
    return {"path": path, "products": [products] if isinstance(products, str) else list(products)}


def _names(products: Any) -> List[str]:
    names = [products] if isinstance(products, str) else list(products)
    if not names:
        raise FrameError("products is empty, so that nothing could be found; None is all images")
    return names


def _score(value: Any) -> float:
    try:
        score = float(value)
    except (TypeError, ValueError):
        score = math.nan
    if not math.isfinite(score):
        raise FrameError(f"min_score is a number, not {value!r}")
    return score
