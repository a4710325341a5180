"""The state of the service, its metrics, and its search page."""

import hashlib
from pathlib import Path
from typing import Callable

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from helpers.service.http.responses import StatusResponse
from helpers.service.service import Service
from helpers.widgets.page_files import javascript, style_sheet

PAGE = Path(__file__).parent / "page"

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
    """The routes to the search page: `/`, `/page.css` and `/page.js`."""
    routes = APIRouter(include_in_schema=False, default_response_class=Response)
    routes.add_api_route("/", _answer((PAGE / "page.html").read_text(encoding="utf-8"), "text/html"))
    routes.add_api_route("/page.css", _answer(style_sheet(PAGE / "page.css", photos=True), "text/css"))
    routes.add_api_route("/page.js", _answer(javascript(PAGE / "page.js"), "text/javascript"))
    return routes


def _answer(text: str, kind: str) -> Callable[[Request], Response]:
    content = text.encode()
    headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"', "Cache-Control": "no-cache"}

    def answer(request: Request) -> Response:
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=kind, headers=headers)

    return answer
