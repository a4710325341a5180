"""The application that answers HTTP: its routes, errors and OpenAPI document, behind the guard and the log."""

from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Dict

from anyio import to_thread
from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi

from helpers import __version__
from helpers.service.gate.guard import Guard
from helpers.service.gate.rate import RateLimit
from helpers.service.http.image_routes import image_routes
from helpers.service.http.job_routes import job_routes
from helpers.service.http.open_routes import page_routes, state_routes
from helpers.service.http.problems import answer_problems, check_query, described
from helpers.service.http.product_routes import product_routes
from helpers.service.http.request_log import RequestLog
from helpers.service.http.search_routes import search_routes
from helpers.service.service import Service

_TITLE = "Kinframe"
_DESCRIPTION = (
    "Find the photos of a collection that are most similar to a photo. Errors are always "
    '`{"error": {"status": …, "message": …}}`.'
)
_KEY = {"type": "http", "scheme": "bearer", "description": "A key of this service, `kf_…`."}
_OPEN = ("/health", "/ready")  # need no key


def create_app(service: Service) -> Any:
    """The ASGI application of a service, which it starts and stops, unless it has been started already."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if service.started:  # by whoever will stop it too
            yield
            return
        await to_thread.run_sync(service.start)
        try:
            yield
        finally:
            await to_thread.run_sync(service.stop)

    app = FastAPI(
        title=_TITLE,
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,  # its page would come from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    answer_problems(app)
    for routes in (search_routes, image_routes, product_routes, job_routes, state_routes):
        app.include_router(routes(service), responses=described(), dependencies=[Depends(check_query)])
    app.include_router(page_routes())
    app.openapi = lambda: _description(app, service)  # type: ignore[method-assign]
    guard = Guard(app, settings=service.settings, access=service.access, rate=RateLimit(service.settings))
    return RequestLog(guard, service.metrics)


def _description(app: FastAPI, service: Service) -> Dict[str, Any]:
    """The OpenAPI document, with keys where they are needed."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        app.openapi_schema = _without_null_defaults(made)
    document = dict(app.openapi_schema)
    if service.access.needed:
        document["components"] = {**document["components"], "securitySchemes": {"key": _KEY}}
        document["security"] = [{"key": []}]
        paths = {path: dict(item) for path, item in document["paths"].items()}
        for path in _OPEN:
            paths[path]["get"] = {**paths[path]["get"], "security": []}
        document["paths"] = paths
    return document


def _without_null_defaults(value: Any) -> Any:
    """Without `default: null`: null itself is refused, although the parameter may be left out."""
    if isinstance(value, list):
        return [_without_null_defaults(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without_null_defaults(item) for name, item in value.items() if not (name == "default" and item is None)
    }
