"""The answers of a service, as frames and as records."""

import datetime
import re
from contextlib import contextmanager
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from helpers.errors import ServiceError
from helpers.frames.columns import typed_frame
from helpers.service.records import ImageRecord, Job, Product

_MATCH = (  # after query_label, whose type is that of the query
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
    """Raises `ServiceError` where an answer lacks a field, or a field has another type."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise ServiceError(
            f"{url} does not answer as a search service of Kinframe does ({type(error).__name__}: {error}); check the "
            "address, and whether client and service have the same version"
        ) from error


def matches_frame(label: Any, answer: Dict[str, Any], in_words: bool = False) -> Any:
    """An SFrame as `model.query` gives it, with the path, score and products of each image; of words, `word` too."""
    rows: List[Tuple[Any, ...]] = []
    for match in answer["matches"]:
        image = match["image"]
        distance, score = float(match["distance"]), float(match["score"])
        row = (label, image["id"], distance, match["rank"], image["path"], score, list(image["products"]))
        rows.append((*row, match["word"]) if in_words else row)
    return _frame((("query_label", type(label)), *_MATCH, *([("word", str)] if in_words else [])), rows)


def images_frame(images: Iterable[Dict[str, Any]]) -> Any:
    """An SFrame of id, path, width, height and products."""
    return _frame(_IMAGE, ((*(image[name] for name, _ in _IMAGE[:4]), list(image["products"])) for image in images))


def products_frame(products: Iterable[Dict[str, Any]]) -> Any:
    """An SFrame of id, name, details and images, which are ids."""
    return _frame(_PRODUCT, (tuple(product[name] for name, _ in _PRODUCT) for product in products))


def jobs_frame(answer: Dict[str, Any]) -> Any:
    """An SFrame of id, state, total, done, new, bad, error and created, in UTC."""
    jobs = [job_of(job) for job in answer["jobs"]]
    naive = [job._replace(created=job.created.replace(tzinfo=None)) for job in jobs]
    return _frame(_JOB, (tuple(getattr(job, name) for name, _ in _JOB) for job in naive))


def copies_frame(answer: Dict[str, Any]) -> Any:
    """An SFrame of reference_label, kind, distance, path and products."""
    rows = []
    for copy in answer["copies"]:
        image = copy["image"]
        rows.append((image["id"], copy["kind"], float(copy["distance"]), image["path"], list(image["products"])))
    return _frame(_COPY, rows)


def bad_photos_frame(answer: Dict[str, Any]) -> Any:
    """An SFrame of path and reason."""
    return _frame(_BAD, ((photo["path"], photo["reason"]) for photo in answer["bad_photos"]))


def image_of(answer: Dict[str, Any]) -> ImageRecord:
    """An image as a record."""
    moments = {"added": _moment(answer["added"]), "products": tuple(answer["products"])}
    return ImageRecord(**{name: moments.get(name, answer[name]) for name in ImageRecord._fields})


def product_of(answer: Dict[str, Any]) -> Product:
    """A product as a record."""
    lists = {"changed": _moment(answer["changed"]), "images": tuple(answer["images"])}
    return Product(**{name: lists.get(name, answer[name]) for name in Product._fields})


def job_of(answer: Dict[str, Any]) -> Job:
    """A job as a record."""
    moments = {name: _moment(answer[name]) for name in ("created", "started", "ended")}
    return Job(**{name: moments.get(name, answer[name]) for name in Job._fields})  # bad: how many


def _frame(columns: Iterable[Tuple[str, type]], rows: Iterable[Tuple[Any, ...]]) -> Any:
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
