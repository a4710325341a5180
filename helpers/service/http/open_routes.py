"""The state of the service, its metrics, and its search page."""

import hashlib
from pathlib import Path
from typing import Callable

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from helpers.service.http.responses import StatusResponse
from helpers.service.service import Service

PAGE = Path(__file__).parent / "page"

_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_METRICS = "text/plain; version=0.0.4"


def state_routes(service: Service) -> APIRouter:
    """The routes to the state of the service, and to its metrics."""
    routes = APIRouter(tags=["service"])

    @routes.get("/health", summary="Whether the service runs")
    async def health() -> StatusResponse:
        """It is answered whether or not the database can be reached."""
        return StatusResponse(status="ok")

    @routes.get("/ready", summary="Whether requests can be answered")
    def ready() -> StatusResponse:
        """503 while the database cannot be reached."""
        service.storage.ready()
        return StatusResponse(status="ready")

    @routes.get(
        "/metrics",
        summary="Metrics for Prometheus",
        response_class=PlainTextResponse,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "The metrics."}},
    )
    def metrics() -> Response:
        return Response(service.metrics.text(), media_type=_METRICS)

    return routes


def page_routes() -> APIRouter:
    """The routes to the files of the search page, `/` and `/page.*`."""
    routes = APIRouter(include_in_schema=False, default_response_class=Response)
    for file in sorted(PAGE.iterdir()):
        routes.add_api_route("/" if file.name == "page.html" else f"/{file.name}", _answer(file))
    return routes


def _answer(file: Path) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        content = file.read_bytes()
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=_TYPES[file.suffix], headers=headers)

    return answer
