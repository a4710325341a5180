"""What the service keeps, as rows: images, products, jobs and keys."""

import datetime
from typing import Any, Dict, NamedTuple, Optional, Sequence, Tuple

JOB_STATES = ("queued", "running", "done", "failed", "cancelled")
ENDED = JOB_STATES[2:]
ROLES = ("read", "write")  # write may do all that read may


class NewImage(NamedTuple):
    """An image as a job found it."""

    path: str  # below the photo root, parts divided by "/"; two images may have the same bytes
    identity: str  # sha-256 of the file, in hex
    width: int  # pixels, upright
    height: int
    size: int  # bytes of the file
    modified: int  # when it was last changed, in ns since 1970, as the file system says
    products: Tuple[str, ...] = ()  # ids of products that show it; those that are not there yet are made


class Image(NamedTuple):
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
    details: Dict[str, Any]  # what else its owner says of it, as JSON has it
    images: Tuple[int, ...]  # ids, in the order that its owner gave
    changed: datetime.datetime  # UTC


class SearchOptions(NamedTuple):
    """Which images a search is for."""

    k: int  # images at most
    metric: str  # one of `helpers.features.distance.METRICS`
    products: Optional[Sequence[str]] = None  # only images of one of these; None is all images
    without: Optional[int] = None  # the id of an image that is left out


class Match(NamedTuple):
    """An image that was found, and how far it is from the question."""

    image: Image
    distance: float


class BadPhoto(NamedTuple):
    """A file that a job left out, and why."""

    path: str
    reason: str


class Job(NamedTuple):
    """Work that goes on in the background."""

    id: str
    state: str  # one of `JOB_STATES`
    request: Dict[str, Any]  # what was asked for, as JSON has it; see `Jobs`
    total: Optional[int]  # photos to look at; None until they are counted
    done: int  # of these, looked at
    new: int  # of these, added to the collection or changed in it
    bad: int  # of these, left out; `Jobs.bad` says which and why
    attempts: int  # how often it was begun: more than once where the service ended on the way
    cancelling: bool  # it was asked to end
    error: str  # why it failed
    created: datetime.datetime  # UTC
    started: Optional[datetime.datetime]
    ended: Optional[datetime.datetime]


class Key(NamedTuple):
    """An API key, as far as it is kept: what a request must say, only its owner knows."""

    name: str
    role: str  # one of `ROLES`
    digest: str  # sha-256 of the key, in hex
    created: datetime.datetime  # UTC
