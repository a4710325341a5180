"""A search service, asked from a notebook or a script: answers come as SFrames."""

from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional, Sequence, Tuple, Union

import numpy as np

from helpers.errors import FrameError, Refused, Unavailable
from helpers.service.client.answers import (
    copies_frame,
    image_of,
    images_frame,
    matches_frame,
    product_of,
    products_frame,
    understood,
)
from helpers.service.client.connection import Connection
from helpers.service.client.jobs import JobCalls
from helpers.service.client.parameters import content_of, one, product_body, whole, wishes
from helpers.service.records import Image, Product

_PAGE = 1000  # rows that are fetched at once
_KEPT = 16  # photos from outside, for `show`


class Client(JobCalls):
    """The service at `url`, and an API key where it wants one; `timeout` is in seconds, for each answer.

    Photos are sent as they are; the last few are kept, for `show`. Several
    threads may use one client. All methods raise `Unavailable` where the service cannot
    be reached or is not ready, `NotFound` for an image, product or job that is
    not there, `Refused` for what it does not do (its `status` says why: 401 and
    403 are about the key), and `ServiceError` else.
    """

    def __init__(self, url: str, key: Optional[str] = None, timeout: float = 30.0) -> None:
        self._line = Connection(url, key, timeout)
        self._asked: Dict[Any, Tuple[str, bytes]] = {}  # photos from outside, by what stands for them in an answer

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections; the next request makes new ones."""
        self._line.close()

    def ready(self) -> bool:
        """Whether a search would be answered now; raises `Unavailable` where nobody is there at all."""
        try:
            self._line.answer("GET", "/ready", may_repeat=False)
        except Unavailable as error:
            if error.__cause__ is not None:  # it is not the service that said so
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
    ) -> Any:
        """The `k` images most similar to a photo, as an SFrame with a row each, the nearest first.

        - `photo`: a path, the bytes of a photo file, an Image, or the id of an
          image of the collection, which is then found first itself; or instead
          `url`, of a host that the service is allowed to ask.
        - `metric`: `cosine` or `euclidean`; the service's own unless it is said.
        - `products`: only images of this product, or of one of these.
        - `min_score`: only images with this score or a larger one.

        The columns are `query_label`, `reference_label` (the id of the image),
        `distance` and `rank`, as `model.query` gives them, and `path`, `score`
        (1 - cosine distance, or 1 / (1 + Euclidean distance)) and `products`.
        Raises `FrameError` for what is no photo, and `PhotoError` where it
        cannot be read here.
        """
        form = wishes(k, metric, products, min_score)
        label: Any
        if url is None and isinstance(photo, (int, np.integer)):
            label, files = whole("photo", photo), None
            form["image"] = str(label)
        else:
            label, files = self._question(photo, url, form)
        with _named(label, files):
            answer = self._line.json("POST", "/search", data=form, files=files)
        with understood(self.url):
            return matches_frame(label, answer["matches"])

    def similar(
        self,
        id: int,
        k: int = 10,
        metric: Optional[str] = None,
        products: Union[str, Sequence[str], None] = None,
        min_score: Optional[float] = None,
    ) -> Any:
        """The `k` images most similar to one of the collection, without itself; as `search` gives them."""
        asked, label = wishes(k, metric, products, min_score), whole("id", id)
        answer = self._line.json("GET", f"/images/{label}/similar", params=asked)
        with understood(self.url):
            return matches_frame(label, answer["matches"])

    def already_here(self, photo: Any = None, *, url: Optional[str] = None) -> Any:
        """Images that are the same as a photo, given as in `search`; an SFrame with a row each.

        `kind` is `bytes` (the same file) or `picture` (saved again, smaller or
        larger); `distance` says how much the pictures differ, 0 to 0.25. Beside
        these stand `reference_label`, `path` and `products`.
        """
        form: Dict[str, Any] = {}
        label, files = self._question(photo, url, form)
        with _named(label, files):
            answer = self._line.json("POST", "/already-here", data=form, files=files)
        with understood(self.url):
            return copies_frame(answer["copies"])

    def images(self) -> Any:
        """All images by id: an SFrame of id, path, width, height and products."""
        with understood(self.url):
            return images_frame(self._pages("/images", "images", 0))

    def image(self, id: int) -> Image:
        """One image, with all that is known of it."""
        answer = self._line.json("GET", f"/images/{whole('id', id)}")
        with understood(self.url):
            return image_of(answer)

    def remove_image(self, id: int) -> None:
        """Take an image out of the collection; its file stays."""
        self._line.json("DELETE", f"/images/{whole('id', id)}")

    def thumbnail(self, id: int, size: int = 160) -> bytes:
        """A JPEG of an image, at most `size` pixels (16 to 512) along its longer side."""
        answer = self._line.answer("GET", f"/images/{whole('id', id)}/thumbnail", params={"size": size})
        return bytes(answer.content)

    def products(self) -> Any:
        """All products by id: an SFrame of id, name, details and images, which are ids."""
        with understood(self.url):
            return products_frame(self._pages("/products", "products", ""))

    def product(self, id: str) -> Product:
        """One product."""
        answer = self._line.json("GET", f"/products/{one(id)}")
        with understood(self.url):
            return product_of(answer)

    def put_product(
        self, id: str, name: str, images: Sequence[int], details: Optional[Dict[str, Any]] = None
    ) -> Product:
        """Make a product, or put it in the place of the one with this id.

        `images` are ids, in the order in which they show it; several products
        may share one. `details` is what else there is to say, as JSON has it.
        """
        address, body = f"/products/{one(id)}", product_body(id, name, images, details)
        answer = self._line.json("PUT", address, json=body)
        with understood(self.url):
            return product_of(answer)

    def remove_product(self, id: str) -> None:
        """Take a product away; its images stay."""
        self._line.json("DELETE", f"/products/{one(id)}")

    def show(self, found: Any, *, columns: int = 5) -> Any:
        """Draw what `search` or `similar` found, as `show_matches` does, with thumbnails of the service."""
        from helpers.service.client.figure import Source, show_found

        source = Source(self.thumbnail, lambda id: self.image(id).path)
        return show_found(source, found, self._asked, columns)

    def _question(self, photo: Any, url: Optional[str], form: Dict[str, Any]) -> Tuple[str, Any]:
        """What stands for a photo from outside in an answer, and the photo as it is sent."""
        if (photo is None) == (url is None):
            raise FrameError("a question is a photo or url=, one of them")
        if url is not None:
            form["url"] = url
            return url, None
        name, content = content_of(photo)
        self._asked = {**dict(list(self._asked.items())[1 - _KEPT :]), name: (name, content)}
        return name, {"photo": ("photo", content, "application/octet-stream")}

    def _pages(self, path: str, name: str, after: Any) -> Iterator[Dict[str, Any]]:
        while after is not None:
            page = self._line.json("GET", path, params={"after": after, "limit": _PAGE})
            yield from page[name]
            after = page["next"]


@contextmanager
def _named(label: Any, files: Any) -> Iterator[None]:
    """What the service says of a photo that was sent, with the name of the photo."""
    try:
        yield
    except Refused as error:
        if files is None or error.status not in (413, 415):
            raise
        raise Refused(f"{label}: {error}", error.status) from error
