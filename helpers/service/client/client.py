"""A search service, used from a notebook or a script: answers come as SFrames."""

import time
from contextlib import contextmanager
from functools import partial
from typing import Any, Callable, Dict, Iterator, Optional, Sequence, Tuple, TypeVar, Union

import numpy as np

from helpers.errors import FrameError, Refused, Unavailable
from helpers.files.progress import progress_bar
from helpers.service.client.answers import (
    bad_photos_frame,
    copies_frame,
    image_of,
    images_frame,
    job_of,
    jobs_frame,
    matches_frame,
    product_of,
    products_frame,
    understood,
)
from helpers.service.client.connection import Connection
from helpers.service.client.parameters import checked_id, content_of, listed, path_part, product_body, search_fields
from helpers.service.records import ENDED, ImageRecord, Job, Product

_PAGE = 1000  # rows that are fetched at once
_MOST_PAGES = 10_000  # of one list: a service that always has a further one never ends
_REMEMBERED = 16  # photos from outside, for `show`
_POLL = (0.2, 1.0)  # seconds between two looks at a job, at first and later
_AWAY = 120.0  # seconds that a service may be away while a job is waited for: the job goes on after a restart

Result = TypeVar("Result")


class Client:
    """The search service at an address.

    Photos are sent as they are; the last few are remembered, for `show`.
    Several threads may use one client.

    Parameters
    ----------
    url : str
        The address, such as `http://127.0.0.1:8000`.
    key : str, optional
        An API key, where the service needs one.
    timeout : float, default 30.0
        Seconds to wait for each answer.

    Raises
    ------
    Unavailable
        By any method: the service cannot be reached, or is not ready.
    NotFound
        By any method: an image, product or job that does not exist.
    Refused
        By any method: what the service does not do; `status` is the reason (401
        and 403 are about the key).
    ServiceError
        By any method: everything else that goes wrong on the way.
    """

    def __init__(self, url: str, key: Optional[str] = None, timeout: float = 30.0) -> None:
        self._connection = Connection(url, key, timeout)
        self._queries: Dict[Any, Tuple[str, bytes]] = {}  # name and content of photos from outside, by their label

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The service's address."""
        return self._connection.url

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        self._connection.close()

    def ready(self) -> bool:
        """Whether a search would be answered now; raises `Unavailable` where no service can be reached at all."""
        try:
            self._connection.answer("GET", "/ready", may_repeat=False)
        except Unavailable as error:
            if error.__cause__ is not None:  # the service itself did not answer
                raise
            return False
        return True

    def search(
        self,
        photo: Any = None,
        k: int = 10,
        metric: Optional[str] = None,
        products: Union[str, Sequence[str], None] = None,
        min_score: Optional[float] = None,
        *,
        url: Optional[str] = None,
        text: Optional[str] = None,
    ) -> Any:
        """The `k` images most similar to a photo, or that words fit best.

        Parameters
        ----------
        photo : path, bytes, Image or int, optional
            The path or the bytes of a photo file, an Image, or the id of an
            image of the collection, which then finds itself first.
        k : int, default 10
            Images at most.
        metric : {"cosine", "euclidean"}, optional
            By default the service's own.
        products : str or sequence of str, optional
            Only images of this product, or of one of these.
        min_score : float, optional
            Only images with this score or a larger one.
        url : str, optional
            Instead of `photo`: its address, on a host from which the service may fetch.
        text : str, optional
            Instead of `photo`: words that the service's network has learnt, such as
            `"chair"`.

        Returns
        -------
        SFrame
            A row for each image, the nearest first: `query_label`,
            `reference_label` (the id of the image), `distance` and `rank`, as
            `model.query` gives them, and `path`, `score` (1 - cosine distance,
            or 1 / (1 + Euclidean distance)) and `products`; for a text also `word`,
            and the score is how sure the network is, 0 to 1.

        Raises
        ------
        FrameError
            For what is not a photo, and for a photo and a text.
        ServiceError
            With the status 422 for a word that the network has not learnt.
        PhotoError
            For a photo that cannot be read here.
        """
        fields = search_fields(k, metric, products, min_score)
        if text is not None:
            if photo is not None or url is not None or not isinstance(text, str):
                raise FrameError("text= is words such as 'chair', without a photo and without url=")
            read = partial(matches_frame, text, in_words=True)
            return self._read(read, "POST", "/search", data={**fields, "text": text})
        if url is None and isinstance(photo, (int, np.integer)):
            label = checked_id("photo", photo)
            return self._read(partial(matches_frame, label), "POST", "/search", data={**fields, "image": str(label)})
        return self._send(matches_frame, photo, url, "/search", fields)

    def similar(
        self,
        id: int,
        k: int = 10,
        metric: Optional[str] = None,
        products: Union[str, Sequence[str], None] = None,
        min_score: Optional[float] = None,
    ) -> Any:
        """The `k` images most similar to one of the collection, without itself; see `search`."""
        fields, label = search_fields(k, metric, products, min_score), checked_id("id", id)
        return self._read(partial(matches_frame, label), "GET", f"/images/{label}/similar", params=fields)

    def already_here(self, photo: Any = None, *, url: Optional[str] = None) -> Any:
        """Images that show the same picture as a photo, which is given as in `search`.

        Returns
        -------
        SFrame
            A row for each image: `reference_label`, `kind` (`bytes`: the same
            file; `picture`: saved again, smaller or larger), `distance` (how
            much the pictures differ, 0 to 0.25), `path` and `products`.
        """
        return self._send(lambda _, answer: copies_frame(answer), photo, url, "/already-here", {})

    def images(self) -> Any:
        """All images by id: an SFrame of id, path, width, height and products."""
        with understood(self.url):
            return images_frame(self._pages("/images", "images", 0))

    def image(self, id: int) -> ImageRecord:
        """One image, with all that the collection knows of it."""
        return self._read(image_of, "GET", f"/images/{checked_id('id', id)}")

    def remove_image(self, id: int) -> None:
        """Take an image out of the collection; its file stays."""
        self._connection.json("DELETE", f"/images/{checked_id('id', id)}")

    def thumbnail(self, id: int, size: int = 160) -> bytes:
        """A JPEG of an image, at most `size` pixels (16 to 1,600) along its longer side."""
        path = f"/images/{checked_id('id', id)}/thumbnail"
        return bytes(self._connection.answer("GET", path, params={"size": size}).content)

    def products(self) -> Any:
        """All products by id: an SFrame of id, name, details and images, which are ids."""
        with understood(self.url):
            return products_frame(self._pages("/products", "products", ""))

    def product(self, id: str) -> Product:
        """One product."""
        return self._read(product_of, "GET", f"/products/{path_part(id)}")

    def put_product(
        self, id: str, name: str, images: Sequence[int], details: Optional[Dict[str, Any]] = None
    ) -> Product:
        """Create a product, or replace the one with this id.

        `images` are ids, in the order in which they show it; several products
        may share one. `details` is any other information, as JSON has it.
        """
        body = product_body(id, name, images, details)
        return self._read(product_of, "PUT", f"/products/{path_part(id)}", json=body)

    def remove_product(self, id: str) -> None:
        """Delete a product; its images stay."""
        self._connection.json("DELETE", f"/products/{path_part(id)}")

    def show(self, found: Any, *, columns: int = 5) -> Any:
        """Draw what `search` or `similar` found, as `show_matches` does, with thumbnails of the service."""
        from helpers.service.client.figure import show_found

        return show_found(found, self.thumbnail, lambda id: self.image(id).path, self._queries, columns)

    def index(
        self,
        folder: Optional[str] = None,
        photos: Optional[Sequence[Any]] = None,
        wait: bool = False,
        progress: bool = True,
    ) -> Job:
        """Have a folder, or some photos, indexed in the background.

        Both are below the photo root of the service, with `/` between parts. What
        is kept already is not computed again.

        Parameters
        ----------
        folder : str, optional
            `""` is the whole photo root.
        photos : sequence, optional
            Instead of `folder`: paths, or pairs of a path and the ids of the
            products that it shows.
        wait : bool, default False
            Whether to return when the job has ended, instead of at once.
        progress : bool, default True
            Whether to show a progress bar while waiting.
        """
        if (folder is None) == (photos is None):
            raise FrameError("index() takes a folder or photos= of the service, one of them; '' is its whole folder")
        body = {"folder": folder} if photos is None else {"photos": listed(photos)}
        job = self._read(job_of, "POST", "/index", may_repeat=False, json=body)
        return self.wait(job.id, progress) if wait else job

    def wait(self, id: str, progress: bool = True) -> Job:
        """Wait until a job has ended; its `state` says how, and `error` why it failed.

        A service that is away, such as while it is started again, is waited for
        two minutes.
        """
        pause, away_since = _POLL[0], None  # type: float, Optional[float]
        with progress_bar(show=progress) as bar:
            while True:
                try:
                    job, away_since = self.job(id), None
                except Unavailable:
                    away_since = away_since or time.monotonic()
                    if time.monotonic() - away_since > _AWAY:
                        raise
                else:
                    bar.total, bar.n = job.total, job.done
                    bar.refresh()
                    if job.state in ENDED:
                        return job
                time.sleep(pause)
                pause = min(_POLL[1], pause * 1.5)

    def job(self, id: str) -> Job:
        """A job as it is now."""
        return self._read(job_of, "GET", f"/jobs/{path_part(id)}")

    def bad(self, id: str) -> Any:
        """The first photos that a job left out, and why: an SFrame of path and reason."""
        return self._read(bad_photos_frame, "GET", f"/jobs/{path_part(id)}")

    def jobs(self) -> Any:
        """The newest jobs, the newest first: an SFrame of id, state, total, done, new, bad, error and created (UTC)."""
        return self._read(jobs_frame, "GET", "/jobs")

    def cancel(self, id: str) -> Job:
        """Cancel a job: a queued one ends at once, a running one soon; what it has indexed stays."""
        return self._read(job_of, "DELETE", f"/jobs/{path_part(id)}")

    def _read(self, read: Callable[[Any], Result], method: str, path: str, **request: Any) -> Result:
        """What `read` makes of the answer to a request."""
        answer = self._connection.json(method, path, **request)
        with understood(self.url):
            return read(answer)

    def _send(
        self,
        read: Callable[[str, Any], Result],
        photo: Any,
        url: Optional[str],
        path: str,
        fields: Dict[str, Any],
    ) -> Result:
        """Send a photo from outside, or its address; what `read` makes of its label and the answer."""
        if (photo is None) == (url is None):
            raise FrameError("give either a photo or url=")
        if url is not None:
            return self._read(partial(read, url), "POST", path, data={**fields, "url": url})
        label, content = content_of(photo)
        self._queries = {**dict(list(self._queries.items())[1 - _REMEMBERED :]), label: (label, content)}
        files = {"photo": ("photo", content, "application/octet-stream")}
        with _named(label):
            return self._read(partial(read, label), "POST", path, data=fields, files=files)

    def _pages(self, path: str, name: str, after: Any) -> Iterator[Dict[str, Any]]:
        """The rows of all pages; each begins after the last one's last row, so that their order has an end."""
        for _ in range(_MOST_PAGES):
            page = self._connection.json("GET", path, params={"after": after, "limit": _PAGE})
            rows, before, after = page[name], after, page["next"]
            if len(rows) > _PAGE or (after is not None and not (rows and after > before)):
                raise ValueError(f"its pages of {name} do not follow each other")
            yield from rows
            if after is None:
                return
        raise ValueError(f"there is no end of its {name}")


@contextmanager
def _named(label: str) -> Iterator[None]:
    """Adds the name of the photo to the service's reason for not taking it."""
    try:
        yield
    except Refused as error:
        if error.status not in (413, 415):
            raise
        raise Refused(f"{label}: {error}", error.status) from error
