"""What a service answers, as frames and as records."""

import datetime
import re
from contextlib import contextmanager
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from helpers.errors import ServiceError
from helpers.frames.columns import typed_frame
from helpers.service.records import Image, Job, Product

_MATCH = (
    ("query_label", None),
    ("reference_label", int),
    ("distance", float),
    ("rank", int),
    ("path", str),
    ("score", float),
    ("products", list),
)
_IMAGE = (("id", int), ("path", str), ("width", int), ("height", int), ("products", list))
_PRODUCT = (("id", str), ("name", str), ("details", dict), ("images", list))
_JOB = (
    ("id", str),
    ("state", str),
    ("total", int),
    ("done", int),
    ("new", int),
    ("bad", int),
    ("error", str),
    ("created", datetime.datetime),
)
_COPY = (("reference_label", int), ("kind", str), ("distance", float), ("path", str), ("products", list))
_BAD = (("path", str), ("reason", str))


@contextmanager
def understood(url: str) -> Iterator[None]:
    """What a service does not answer is a `ServiceError`: a field that is missing, or is something else."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ServiceError(
            f"{url} does not answer as a search service of Kinframe does ({type(error).__name__}: {error}); check the "
            "address, and whether both are of the same version"
        ) from error


def matches_frame(label: Any, matches: Iterable[Dict[str, Any]]) -> Any:
    """An SFrame as `model.query` gives it, and the path, score and products of each image; empty, it has the types."""
    rows = []
    for match in matches:
        image = match["image"]
        distance, score = float(match["distance"]), float(match["score"])
        rows.append((label, image["id"], distance, match["rank"], image["path"], score, list(image["products"])))
    return _frame((("query_label", type(label)), *_MATCH[1:]), rows)


def images_frame(images: Iterable[Dict[str, Any]]) -> Any:
    """An SFrame of id, path, width, height and products."""
    return _frame(_IMAGE, ((*(each[name] for name, _ in _IMAGE[:4]), list(each["products"])) for each in images))


def products_frame(products: Iterable[Dict[str, Any]]) -> Any:
    """An SFrame of id, name, details and images, which are ids."""
    return _frame(_PRODUCT, (tuple(each[name] for name, _ in _PRODUCT) for each in products))


def jobs_frame(jobs: Iterable[Dict[str, Any]]) -> Any:
    """An SFrame of id, state, total, done, new, bad, error and when it was made, in UTC."""
    made = [job_of(each)._asdict() for each in jobs]
    for each in made:
        each["created"] = each["created"].replace(tzinfo=None)
    return _frame(_JOB, (tuple(each[name] for name, _ in _JOB) for each in made))


def copies_frame(copies: Iterable[Dict[str, Any]]) -> Any:
    """An SFrame of reference_label, kind, distance, path and products."""
    rows = []
    for copy in copies:
        image = copy["image"]
        rows.append((image["id"], copy["kind"], float(copy["distance"]), image["path"], list(image["products"])))
    return _frame(_COPY, rows)


def bad_photos_frame(bad: Iterable[Dict[str, Any]]) -> Any:
    """An SFrame of path and reason."""
    return _frame(_BAD, ((each["path"], each["reason"]) for each in bad))


def image_of(answer: Dict[str, Any]) -> Image:
    """An image as a record."""
    moments = {"added": _moment(answer["added"]), "products": tuple(answer["products"])}
    return Image(**{name: moments.get(name, answer[name]) for name in Image._fields})


def product_of(answer: Dict[str, Any]) -> Product:
    """A product as a record."""
    lists = {"changed": _moment(answer["changed"]), "images": tuple(answer["images"])}
    return Product(**{name: lists.get(name, answer[name]) for name in Product._fields})


def job_of(answer: Dict[str, Any]) -> Job:
    """A job as a record."""
    moments = {name: _moment(answer[name]) for name in ("created", "started", "ended")}
    return Job(**{name: moments.get(name, answer[name]) for name in Job._fields})  # bad: how many


def _frame(columns: Iterable[Tuple[str, Optional[type]]], rows: Iterable[Tuple[Any, ...]]) -> Any:
    whole: List[Tuple[Any, ...]] = list(rows)
    return typed_frame((name, kind, [row[place] for row in whole]) for place, (name, kind) in enumerate(columns))


def _moment(text: Optional[str]) -> Optional[datetime.datetime]:
    """A time as JSON has it, in UTC."""
    if text is None:
        return None
    # Python 3.8 reads three or six digits after the point, and no Z.
    whole = re.sub(r"\.(\d+)", lambda part: f".{part.group(1)[:6]:0<6}", text)
    moment = datetime.datetime.fromisoformat(re.sub("Z$", "+00:00", whole))
    return moment.replace(tzinfo=moment.tzinfo or datetime.timezone.utc).astimezone(datetime.timezone.utc)
