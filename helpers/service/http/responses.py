"""What goes out over HTTP, as the OpenAPI document describes it."""

import datetime
from typing import Any, Dict, List, Optional

from pydantic import BaseModel, ConfigDict, Field

from helpers.service import records

SHOWN = 100  # bad photos in the answer about a job

_IMAGE = {
    "id": 17,
    "path": "chairs/red-01.jpg",
    "width": 1600,
    "height": 1200,
    "products": ["chair-red"],
    "thumbnail": "/images/17/thumbnail",
}
_WHOLE_IMAGE = {
    **_IMAGE,
    "identity": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size": 481_516,
    "modified": 1_764_000_000_000_000_000,
    "added": "2026-01-05T09:30:00Z",
}
NEW_PRODUCT = {"id": "chair-red", "name": "Chair, red", "details": {"price": 49.5}, "images": [17, 21]}
_JOB = {
    "id": "5f0c2a8e9d3b4c61",
    "state": "running",
    "request": {"folder": "chairs"},
    "total": 1200,
    "done": 640,
    "new": 638,
    "bad": 2,
    "attempts": 1,
    "cancelling": False,
    "error": "",
    "created": "2026-01-05T09:30:00Z",
    "started": "2026-01-05T09:30:01Z",
    "ended": None,
    "bad_photos": [{"path": "chairs/torn.jpg", "reason": "cut off before its end; copy it again from the card"}],
}


def with_example(example: Dict[str, Any], **settings: Any) -> ConfigDict:
    """The settings of a model whose description has an example."""
    return ConfigDict(json_schema_extra={"examples": [example]}, **settings)  # type: ignore[typeddict-item]


class FoundImage(BaseModel):
    """An image of the collection, as a search tells of it."""

    model_config = with_example(_IMAGE)

    id: int
    path: str = Field(description="below the photo root")
    width: int = Field(description="pixels, upright")
    height: int
    products: List[str]
    thumbnail: str = Field(description="where its thumbnail is, on this service")

    @classmethod
    def of(cls, image: records.Image) -> "FoundImage":
        return cls(**_told(image))


class WholeImage(FoundImage):
    """An image of the collection."""

    model_config = with_example(_WHOLE_IMAGE)

    identity: str = Field(description="sha-256 of the file, in hex")
    size: int = Field(description="bytes of the file")
    modified: int = Field(description="when the file was last changed, in nanoseconds since 1970")
    added: datetime.datetime

    @classmethod
    def of(cls, image: records.Image) -> "WholeImage":
        more = {name: getattr(image, name) for name in ("identity", "size", "modified", "added")}
        return cls(**_told(image), **more)


class Images(BaseModel):
    """A page of the collection, by id."""

    images: List[WholeImage]
    next: Optional[int] = Field(description="`after` of the next page; null where this is the last one")
    total: int = Field(description="images of the whole collection")


class Query(BaseModel):
    """What was asked."""

    by: str = Field(description="photo, url or image")
    url: Optional[str] = None
    image: Optional[int] = None
    k: int
    products: List[str]
    min_score: Optional[float]


class Match(BaseModel):
    """An image that was found."""

    rank: int = Field(description="from 1")
    distance: float
    score: float = Field(description="cosine: 1 - distance; euclidean: 1 / (1 + distance)")
    image: FoundImage


class Found(BaseModel):
    """The images that are most similar, nearest first."""

    model_config = with_example(
        {
            "query": {"by": "photo", "url": None, "image": None, "k": 10, "products": [], "min_score": None},
            "metric": "cosine",
            "matches": [{"rank": 1, "distance": 0.125, "score": 0.875, "image": _IMAGE}],
            "seconds": 0.031,
        }
    )

    query: Query
    metric: str
    matches: List[Match]
    seconds: float = Field(description="that the answer took")


class Copy(BaseModel):
    """An image that shows the same picture."""

    kind: str = Field(description="bytes: the same file; picture: the same picture, saved anew")
    distance: float
    image: FoundImage


class Copies(BaseModel):
    """Where a picture is already, the same bytes first; none where it is new."""

    model_config = with_example({"copies": [{"kind": "bytes", "distance": 0.0, "image": _IMAGE}]})

    copies: List[Copy]


class Product(BaseModel):
    """A product of the collection."""

    model_config = with_example({**NEW_PRODUCT, "changed": "2026-01-05T09:30:00Z"})

    id: str
    name: str
    details: Dict[str, Any]
    images: List[int]
    changed: datetime.datetime

    @classmethod
    def of(cls, product: records.Product) -> "Product":
        return cls(**product._asdict())


class Products(BaseModel):
    """A page of the products, by id."""

    products: List[Product]
    next: Optional[str] = Field(description="`after` of the next page; null where this is the last one")


class BadPhoto(BaseModel):
    """A file that was left out."""

    path: str
    reason: str


class Job(BaseModel):
    """Work in the background."""

    model_config = with_example({name: value for name, value in _JOB.items() if name != "bad_photos"})

    id: str
    state: str = Field(description=", ".join(records.JOB_STATES))
    request: Dict[str, Any] = Field(description="the folder, or how many photos were listed")
    total: Optional[int] = Field(description="photos to look at; null until they are counted")
    done: int
    new: int = Field(description="added to the collection, or changed in it")
    bad: int = Field(description="left out")
    attempts: int
    cancelling: bool
    error: str
    created: datetime.datetime
    started: Optional[datetime.datetime]
    ended: Optional[datetime.datetime]

    @classmethod
    def of(cls, job: records.Job) -> "Job":
        return cls(**job._asdict())


class WholeJob(Job):
    """Work in the background, and the first photos that it left out."""

    model_config = with_example(_JOB)

    bad_photos: List[BadPhoto]

    @classmethod
    def with_bad(cls, job: records.Job, bad: List[records.BadPhoto]) -> "WholeJob":
        return cls(**job._asdict(), bad_photos=[BadPhoto(**each._asdict()) for each in bad])


class Jobs(BaseModel):
    """The newest jobs, newest first."""

    jobs: List[Job]


class State(BaseModel):
    """How the service is."""

    model_config = with_example({"status": "ok"})

    status: str


class Trouble(BaseModel):
    """Why a request was not followed."""

    status: int
    message: str


class ErrorAnswer(BaseModel):
    """The answer to a request that was not followed."""

    model_config = with_example({"error": {"status": 404, "message": "there is no image 99"}})

    error: Trouble


def _told(image: records.Image) -> Dict[str, Any]:
    told = {name: getattr(image, name) for name in ("id", "path", "width", "height", "products")}
    return {**told, "thumbnail": f"/images/{image.id}/thumbnail"}
