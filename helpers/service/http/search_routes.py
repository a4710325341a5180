"""Searches: by a photo from outside, by an image of the collection, and whether a picture is already here."""

import time
from typing import Any, Callable, Dict, List, Optional

from fastapi import APIRouter, Depends, Query
from typing_extensions import Annotated

from helpers.errors import PhotoError, Refused
from helpers.features.likeness import CLOSE
from helpers.service.http.forms import PhotoForm, SearchForm, SearchParameters, form_description, form_of
from helpers.service.http.image_routes import ImagePath
from helpers.service.http.problems import described
from helpers.service.http.responses import CopiesResponse, SearchResponse
from helpers.service.records import Match, SearchOptions
from helpers.service.service import Service

_BY_URL = {"k": 5, "metric": "cosine", "url": "https://photos.example.com/chair.jpg"}
_BY_IMAGE = {"image": 17, "product": ["chair-red"], "min_score": 0.5}
_BY_TEXT = {"k": 5, "text": "chair"}
_SEARCH = form_description(SearchForm, {"url": _BY_URL, "image": _BY_IMAGE, "text": _BY_TEXT})
_ALREADY = form_description(PhotoForm, {"url": {"url": _BY_URL["url"]}})


def search_routes(service: Service) -> APIRouter:
    """The routes that search the collection."""
    routes = APIRouter(tags=["search"])

    @routes.post(
        "/search",
        summary="Images that are most similar to a photo",
        response_model=SearchResponse,
        responses=described(424),
        openapi_extra=_SEARCH,
    )
    def search(form: Annotated[SearchForm, Depends(form_of(SearchForm))]) -> Dict[str, Any]:
        """Send exactly one of `photo`, `url`, `image` and `text`. An image of the collection finds itself first.

        With a photo: `curl -F photo=@chair.jpg -F k=5 http://127.0.0.1:8000/search`

        With words that the network has learnt: `curl -F text=chair -F k=5 http://127.0.0.1:8000/search`
        """
        begun = time.perf_counter()
        if form.text is not None:
            return _in_words(service, form, form.text, begun)
        if form.image is not None:
            feature, by = service.storage.feature(form.image), "image"
        else:
            feature, by = service.feature(_content(service, form)), "url" if form.url else "photo"
        query = {"by": by, "url": form.url, "image": form.image}
        return _answer(service, form, feature, query, begun)

    @routes.get(
        "/images/{image}/similar",
        summary="Images that are most similar to an image of the collection",
        response_model=SearchResponse,
    )
    def similar(image: ImagePath, parameters: Annotated[SearchParameters, Query()]) -> Dict[str, Any]:
        """The image itself is left out."""
        begun = time.perf_counter()
        query = {"by": "image", "image": image}
        return _answer(service, parameters, service.storage.feature(image), query, begun, without=image)

    @routes.post(
        "/already-here",
        summary="Whether a picture is in the collection already",
        response_model=CopiesResponse,
        responses=described(424),
        openapi_extra=_ALREADY,
    )
    def already(form: Annotated[PhotoForm, Depends(form_of(PhotoForm))]) -> Dict[str, Any]:
        """Send exactly one of `photo` and `url`.

        With a photo: `curl -F photo=@chair.jpg http://127.0.0.1:8000/already-here`
        """
        return {"copies": service.copies(_content(service, form))}

    return routes


def _content(service: Service, form: PhotoForm) -> bytes:
    """The bytes of a photo from outside; raises `Refused` and what fetching raises."""
    try:
        return service.checked(form.photo if form.url is None else service.fetch(form.url))
    except (Refused, PhotoError):
        service.metrics.refused.inc()
        raise


def _in_words(service: Service, parameters: SearchParameters, text: str, begun: float) -> Dict[str, Any]:
    """The answer to words; scores are shares of the softmax, whatever the metric."""
    products = list(dict.fromkeys(parameters.product))
    found = service.words.search(service.storage, text, SearchOptions(parameters.k, "cosine", products or None, None))
    service.metrics.searches.labels("text").inc()
    least = -1 if parameters.min_score is None else parameters.min_score
    matches = [
        {"rank": rank, "distance": 1 - match.score, "score": match.score, "image": match.image, "word": match.word}
        for rank, match in enumerate(found, 1)
        if match.score >= least
    ]
    query = {"by": "text", "text": text, "k": parameters.k, "products": products, "min_score": parameters.min_score}
    return {
        "query": query,
        "metric": "words",
        "matches": matches,
        "close": None,
        "seconds": round(time.perf_counter() - begun, 6),
    }


def _answer(
    service: Service,
    parameters: SearchParameters,
    feature: Any,
    query: Dict[str, Any],
    begun: float,
    without: Optional[int] = None,
) -> Dict[str, Any]:
    metric = parameters.metric or service.settings.metric
    products = list(dict.fromkeys(parameters.product))
    matches = service.storage.search(feature, SearchOptions(parameters.k, metric, products or None, without))
    service.metrics.searches.labels(query["by"]).inc()
    ranked = _ranked(matches, metric, parameters.min_score, service.likenesses.by(metric))
    nearest = ranked[0]["likeness"] if ranked else None
    return {
        "query": {**query, "k": parameters.k, "products": products, "min_score": parameters.min_score},
        "metric": metric,
        "matches": ranked,
        "close": None if nearest is None else nearest >= CLOSE,
        "seconds": round(time.perf_counter() - begun, 6),
    }


def _ranked(
    matches: List[Match], metric: str, min_score: Optional[float], likeness: Callable[[float], Optional[float]]
) -> List[Dict[str, Any]]:
    """The matches, nearest first, down to the first whose score is too small."""
    ranked = []
    for rank, (image, distance) in enumerate(matches, 1):
        score = 1 - distance if metric == "cosine" else 1 / (1 + distance)
        if min_score is not None and score < min_score:
            break
        row = {"rank": rank, "distance": distance, "score": score, "likeness": likeness(distance), "image": image}
        ranked.append(row)
    return ranked
