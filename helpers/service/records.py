"""The rows that a service keeps: images, products, jobs and keys."""

import datetime
from typing import Any, Dict, NamedTuple, Optional, Sequence, Tuple

JOB_STATES = ("queued", "running", "done", "failed", "cancelled")
ENDED = JOB_STATES[2:]
ROLES = ("read", "write")  # write includes read


class NewImage(NamedTuple):
    """An image that a job adds or updates."""

    path: str  # below the photo root, parts divided by "/"
    identity: str  # sha-256 of the file, in hex; two images may have the same
    width: int  # pixels, upright
    height: int
    size: int  # bytes of the file
    modified: int  # when the file was last changed, in ns since 1970
    products: Tuple[str, ...] = ()  # ids of products that show it, which are made where they do not exist


class ImageRecord(NamedTuple):
    """An image of the collection."""

    id: int  # from 1, never used twice
    path: str
    identity: str
    width: int
    height: int
    size: int
    modified: int
    added: datetime.datetime  # UTC
    products: Tuple[str, ...]  # ids, in alphabetical order


class Product(NamedTuple):
    """A product, and the images that show it."""

    id: str
    name: str
    details: Dict[str, Any]  # any other information, as JSON
    images: Tuple[int, ...]  # ids, in the order of its owner
    changed: datetime.datetime  # UTC


class SearchOptions(NamedTuple):
    """Which images a search is for."""

    k: int  # images at most
    metric: str  # one of `helpers.features.distance.METRICS`
    products: Optional[Sequence[str]] = None  # only images of one of these; None is all images
    without: Optional[int] = None  # the id of an image that is left out


class Match(NamedTuple):
    """An image that a search found, and its distance from the query."""

    image: ImageRecord
    distance: float


class BadPhoto(NamedTuple):
    """A file that a job left out, and why."""

    path: str
    reason: str


class Job(NamedTuple):
    """A job in the background, which indexes photos."""

    id: str
    state: str  # one of `JOB_STATES`
    request: Dict[str, Any]  # the folder or the photos, as JSON; see `JobTable`
    total: Optional[int]  # photos to look at; None until they are counted
    done: int  # of these, looked at
    new: int  # of these, added to the collection or changed in it
    bad: int  # of these, left out; `JobTable.bad` lists them
    attempts: int  # how often it was begun: more than once where a service ended meanwhile
    cancelling: bool  # it has to end
    error: str  # why it failed
    created: datetime.datetime  # UTC
    started: Optional[datetime.datetime]
    ended: Optional[datetime.datetime]


class Key(NamedTuple):
    """An API key, of which only the digest is kept."""

    name: str
    role: str  # one of `ROLES`
    digest: str  # sha-256 of the key, in hex
    created: datetime.datetime  # UTC
