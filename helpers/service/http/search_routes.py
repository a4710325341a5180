"""Searches: by a photo from outside, by an image of the collection, and whether a picture is already here."""

import time
from typing import Any, List, Optional

from fastapi import APIRouter, Depends, Path, Query, Request
from typing_extensions import Annotated

from helpers.errors import PhotoError, Refused
from helpers.service.http import responses
from helpers.service.http.forms import Asked, Question, Wish, form_description, no_query, one_each, read_form
from helpers.service.http.problems import described
from helpers.service.http.requests import LARGEST
from helpers.service.records import Match, SearchOptions
from helpers.service.service import Service

ImagePath = Annotated[int, Path(ge=1, le=LARGEST, description="of an image", examples=[17])]

_BY_URL = {"k": 5, "metric": "cosine", "url": "https://photos.example.com/chair.jpg"}
_BY_IMAGE = {"image": 17, "product": ["chair-red"], "min_score": 0.5}
_SEARCH = form_description(Question, {"url": _BY_URL, "image": _BY_IMAGE})
_ALREADY = form_description(Asked, {"url": {"url": _BY_URL["url"]}})


async def _question(request: Request) -> Question:
    return await read_form(request, Question)


async def _asked(request: Request) -> Asked:
    return await read_form(request, Asked)


def search_routes(service: Service) -> APIRouter:
    """The routes that search the collection."""
    routes = APIRouter(tags=["search"])
    from_outside = described(424)

    @routes.post(
        "/search",
        summary="Images that are most similar to a photo",
        responses=from_outside,
        openapi_extra=_SEARCH,
        dependencies=[Depends(no_query)],
    )
    def search(question: Annotated[Question, Depends(_question)]) -> responses.Found:
        """Tell exactly one of `photo`, `url` and `image`. An image of the collection finds itself first.

        With a photo: `curl -F photo=@chair.jpg -F k=5 http://127.0.0.1:8000/search`
        """
        begun = time.perf_counter()
        if question.image is not None:
            feature, by = service.storage.feature(question.image), "image"
        else:
            feature, by = service.feature(_content(service, question)), "url" if question.url else "photo"
        return _found(service, question, feature, by, begun, url=question.url, image=question.image)

    @routes.get(
        "/images/{image}/similar",
        summary="Images that are most similar to an image of the collection",
        responses=described(),
        dependencies=[Depends(one_each)],
    )
    def similar(image: ImagePath, wish: Annotated[Wish, Query()]) -> responses.Found:
        """The image itself is left out."""
        begun = time.perf_counter()
        feature = service.storage.feature(image)
        return _found(service, wish, feature, "image", begun, image=image, without=image)

    @routes.post(
        "/already-here",
        summary="Whether a picture is in the collection already",
        responses=from_outside,
        openapi_extra=_ALREADY,
        dependencies=[Depends(no_query)],
    )
    def already(asked: Annotated[Asked, Depends(_asked)]) -> responses.Copies:
        """Tell exactly one of `photo` and `url`.

        With a photo: `curl -F photo=@chair.jpg http://127.0.0.1:8000/already-here`
        """
        found = service.copies(_content(service, asked))
        copies = [
            responses.Copy(kind=each.kind, distance=each.distance, image=responses.FoundImage.of(each.image))
            for each in found
        ]
        return responses.Copies(copies=copies)

    return routes


def _content(service: Service, asked: Asked) -> bytes:
    """The bytes of a photo from outside; raises `Refused` and what fetching raises."""
    try:
        return service.checked(asked.photo if asked.url is None else service.fetch(asked.url))
    except (Refused, PhotoError):
        service.metrics.refused.inc()
        raise


def _found(
    service: Service,
    wish: Wish,
    feature: Any,
    by: str,
    begun: float,
    *,
    url: Optional[str] = None,
    image: Optional[int] = None,
    without: Optional[int] = None,
) -> responses.Found:
    metric = wish.metric or service.settings.metric
    products = list(dict.fromkeys(wish.product)) or None
    found = service.storage.search(feature, SearchOptions(wish.k, metric, products, without))
    service.metrics.searches.labels(by).inc()
    query = responses.Query(
        by=by, url=url, image=image, k=wish.k, products=list(products or ()), min_score=wish.min_score
    )
    return responses.Found(
        query=query,
        metric=metric,
        matches=_matches(found, metric, wish.min_score),
        seconds=round(time.perf_counter() - begun, 6),
    )


def _matches(found: List[Match], metric: str, least: Optional[float]) -> List[responses.Match]:
    """Nearest first: from the first one whose score is too small, they all are."""
    matches = []
    for rank, match in enumerate(found, 1):
        distance = float(match.distance)
        score = 1 - distance if metric == "cosine" else 1 / (1 + distance)
        if least is not None and score < least:
            break
        matches.append(
            responses.Match(rank=rank, distance=distance, score=score, image=responses.FoundImage.of(match.image))
        )
    return matches
