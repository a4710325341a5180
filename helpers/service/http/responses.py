"""What the service answers, as the OpenAPI document describes it: FastAPI fills these models from the records."""

import datetime
from typing import Any, Dict, List, Optional

from pydantic import BaseModel, ConfigDict, Field, computed_field

from helpers.service.records import JOB_STATES

_IMAGE = {
    "id": 17,
    "path": "chairs/red-01.jpg",
    "width": 1600,
    "height": 1200,
    "products": ["chair-red"],
    "thumbnail": "/images/17/thumbnail",
}
_IMAGE_DETAILS = {
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
    """The configuration of a model with an example in its description."""
    return ConfigDict(json_schema_extra={"examples": [example]}, **settings)  # type: ignore[typeddict-item]


class ImageResponse(BaseModel):
    """An image of the collection, as a search returns it."""

    model_config = with_example(_IMAGE)

    id: int
    path: str = Field(description="below the photo root")
    width: int = Field(description="pixels, upright")
    height: int
    products: List[str]

    @computed_field(description="where its thumbnail is, on this service")  # type: ignore[prop-decorator]
    @property
    def thumbnail(self) -> str:
        return f"/images/{self.id}/thumbnail"


class ImageDetailsResponse(ImageResponse):
    """An image of the collection."""

    model_config = with_example(_IMAGE_DETAILS)

    identity: str = Field(description="sha-256 of the file, in hex")
    size: int = Field(description="bytes of the file")
    modified: int = Field(description="when the file was last changed, in nanoseconds since 1970")
    added: datetime.datetime


class ImagePageResponse(BaseModel):
    """A page of the collection, by id."""

    images: List[ImageDetailsResponse]
    next: Optional[int] = Field(description="`after` of the next page; null on the last page")
    total: int = Field(description="images of the whole collection")


class SearchQueryResponse(BaseModel):
    """What a search was for."""

    by: str = Field(description="photo, url, image or text")
    url: Optional[str] = None
    image: Optional[int] = None
    text: Optional[str] = None
    k: int
    products: List[str]
    min_score: Optional[float]


class MatchResponse(BaseModel):
    """An image that a search found."""

    rank: int = Field(description="from 1")
    distance: float
    score: float = Field(description="cosine and words: 1 - distance; euclidean: 1 / (1 + distance)")
    likeness: Optional[float] = Field(
        None,
        description="1: the same, 0: as far as two images usually are; null in words, and for fewer than ten images",
    )
    image: ImageResponse
    word: Optional[str] = Field(None, description="of a search in words: which of them the image looks like most")


class SearchResponse(BaseModel):
    """The most similar images, nearest first."""

    model_config = with_example(
        {
            "query": {
                "by": "photo",
                "url": None,
                "image": None,
                "text": None,
                "k": 10,
                "products": [],
                "min_score": None,
            },
            "metric": "cosine",
            "close": True,
            "matches": [{"rank": 1, "distance": 0.125, "score": 0.875, "likeness": 0.5, "image": _IMAGE, "word": None}],
            "seconds": 0.031,
        }
    )

    query: SearchQueryResponse
    metric: str = Field(description="cosine or euclidean; words, of a search in words")
    close: Optional[bool] = Field(
        None, description="whether the nearest is nearer than two images usually are; null where no likeness is known"
    )
    matches: List[MatchResponse]
    seconds: float = Field(description="time to answer")


class CopyResponse(BaseModel):
    """An image that shows the same picture."""

    kind: str = Field(description="bytes: the same file; picture: the same picture, saved again")
    distance: float
    image: ImageResponse


class CopiesResponse(BaseModel):
    """Images that show the same picture, the same bytes first; empty where the picture is new."""

    model_config = with_example({"copies": [{"kind": "bytes", "distance": 0.0, "image": _IMAGE}]})

    copies: List[CopyResponse]


class ProductResponse(BaseModel):
    """A product of the collection."""

    model_config = with_example({**NEW_PRODUCT, "changed": "2026-01-05T09:30:00Z"})

    id: str
    name: str
    details: Dict[str, Any]
    images: List[int]
    changed: datetime.datetime


class ProductPageResponse(BaseModel):
    """A page of the products, by id."""

    products: List[ProductResponse]
    next: Optional[str] = Field(description="`after` of the next page; null on the last page")


class BadPhotoResponse(BaseModel):
    """A file that a job left out."""

    path: str
    reason: str


class JobResponse(BaseModel):
    """A job in the background."""

    model_config = with_example({name: value for name, value in _JOB.items() if name != "bad_photos"})

    id: str
    state: str = Field(description=", ".join(JOB_STATES))
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


class JobDetailsResponse(JobResponse):
    """A job in the background, and the first photos that it left out."""

    model_config = with_example(_JOB)

    bad_photos: List[BadPhotoResponse]


class JobListResponse(BaseModel):
    """The newest jobs, newest first."""

    jobs: List[JobResponse]


class StatusResponse(BaseModel):
    """How the service is."""

    model_config = with_example({"status": "ok"})

    status: str


class ErrorDetails(BaseModel):
    """Why a request failed."""

    status: int
    message: str


class ErrorResponse(BaseModel):
    """The answer to a request that failed."""

    model_config = with_example({"error": {"status": 404, "message": "There is no image 99"}})

    error: ErrorDetails
