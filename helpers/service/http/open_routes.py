"""How the service is, and its search page: routes that need no key, but for the metrics."""

import hashlib
from pathlib import Path

from fastapi import APIRouter, Depends, Request
from starlette.responses import PlainTextResponse, Response

from helpers.service.http import responses
from helpers.service.http.forms import no_query
from helpers.service.http.problems import described
from helpers.service.service import Service

PAGE = Path(__file__).parent / "page"

_FILES = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/page.parts.js": ("page.parts.js", "text/javascript"),
    "/page.pictures.js": ("page.pictures.js", "text/javascript"),
    "/page.service.js": ("page.service.js", "text/javascript"),
}
_METRICS = "text/plain; version=0.0.4"


def open_routes(service: Service) -> APIRouter:
    """The routes to the state of the service, and to its page."""
    routes = APIRouter(tags=["service"])

    @routes.get("/health", summary="Whether the service runs", responses=described(), dependencies=[Depends(no_query)])
    async def health() -> responses.State:
        """It is answered whether or not the database can be reached."""
        return responses.State(status="ok")

    @routes.get(
        "/ready", summary="Whether requests can be answered", responses=described(), dependencies=[Depends(no_query)]
    )
    def ready() -> responses.State:
        """503 while the database cannot be reached."""
        service.storage.ready()
        return responses.State(status="ready")

    @routes.get(
        "/metrics",
        summary="Counts for Prometheus",
        response_class=PlainTextResponse,
        responses={
            **described(),
            200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Counts."},
        },
        dependencies=[Depends(no_query)],
    )
    def metrics() -> Response:
        return Response(service.metrics.text(), media_type=_METRICS)

    for address, (name, kind) in _FILES.items():
        routes.add_api_route(address, _file(PAGE / name, kind), include_in_schema=False, response_class=Response)
    return routes


def _file(path: Path, kind: str):  # type: ignore[no-untyped-def]
    def file(request: Request) -> Response:
        content = path.read_bytes()
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=kind, headers=headers)

    return file
