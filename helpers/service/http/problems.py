"""All errors as answers of one form, `{"error": {"status": …, "message": …}}`."""

import json
from typing import Any, Dict, Iterable, List, Mapping, Optional

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Match

from helpers.errors import KinframeError, PhotoError, Refused, ServiceError
from helpers.service.gate.logs import LOG, printable
from helpers.service.gate.metrics import METHODS
from helpers.service.http.responses import ErrorResponse
from helpers.service.valid_text import places_here, without_places

RETRY = 2  # seconds after which a caller may try again
REQUEST_ID = "kinframe.request"  # the key of a request's id in its scope

_MEANINGS = {
    400: "The request cannot be read.",
    401: "A key is needed, or the one that was sent is unknown.",
    403: "The key may not do this, or the request came from another page.",
    404: "It does not exist.",
    408: "The request was not complete in time.",
    409: "It exists already.",
    413: "The body is too large.",
    414: "The address is too long.",
    415: "This type of content is not accepted.",
    421: "The service does not have this host name.",
    422: "The request is invalid.",
    424: "The host of the URL did not answer with a photo.",
    429: "Too many requests; see Retry-After.",
    500: "The service failed.",
    503: "The database cannot be reached, or there are too many requests at once; see Retry-After.",
}
LOCATION = {"Location": {"description": "Its address on this service.", "schema": {"type": "string"}}}
_ALWAYS = (400, 401, 403, 404, 408, 413, 414, 415, 421, 422, 429, 500, 503)
REPEATED = ("product",)  # parameters of which there may be several
_AWAY = "the database cannot be reached just now; try again in a moment"
_NO_NAMES = ("body", "query", "path", "none", "int", "float", "str", "bytes", "constrained-int", "constrained-str")
_MOST = 5  # faults in one message
_LONGEST = 200  # characters of each


def problem(status: int, message: str, headers: Optional[Mapping[str, str]] = None) -> JSONResponse:
    """The answer to a request that failed."""
    more = {"Retry-After": str(RETRY)} if status in (429, 503) else {}
    return _Escaped({"error": {"status": status, "message": message}}, status, {**more, **(headers or {})})


def described(*statuses: int) -> Dict[Any, Dict[str, Any]]:
    """These errors of a route, for the OpenAPI document; without any, those of all routes."""
    return {status: {"model": ErrorResponse, "description": _MEANINGS[status]} for status in statuses or _ALWAYS}


def sentence(errors: Iterable[Any]) -> str:
    """The errors that pydantic found, in words, without the values that were sent."""
    faults: List[str] = []
    for error in errors:
        if error["type"] == "none_required":  # accompanies the error of the value itself
            continue
        where = ".".join(str(part)[:40] for part in error["loc"] if part not in _NO_NAMES and "[" not in str(part))
        fault = str(error["msg"]).replace("Value error, ", "")[:_LONGEST]
        faults.append(f"{where}: {fault}" if where else fault)
    more = f"; and {len(faults) - _MOST} more" if len(faults) > _MOST else ""
    return "; ".join(faults[:_MOST]) + more


async def check_query(request: Request) -> None:
    """Raises `Refused` for a query where a route takes none, or one that repeats a parameter."""
    names = [name for name, _ in request.query_params.multi_items()]
    if names and not request.scope["route"].dependant.query_params:
        raise Refused(f"this address takes no query: leave out ?{names[0][:40]}", 422)
    single = [name for name in names if name not in REPEATED]
    if len(set(single)) != len(single):
        raise Refused("a parameter is repeated in the query", 422)


def answer_problems(app: FastAPI) -> None:
    """Answer every error of the app in this form."""

    @app.exception_handler(KinframeError)
    async def own(request: Request, error: KinframeError) -> JSONResponse:
        if isinstance(error, PhotoError):
            return problem(422, f"the photo cannot be read: {without_places(str(error), *places_here())}")
        status = (error.status if isinstance(error, ServiceError) else None) or 500
        if status < 500 or isinstance(error, Refused):
            return problem(status, str(error))
        # The address of the database is not for every caller.
        id = request.scope.get(REQUEST_ID, "-")
        LOG.error("%s %s: %s", id, type(error).__name__, printable(str(error)))
        return problem(status, _AWAY) if status == 503 else unknown(id)

    @app.exception_handler(RequestValidationError)
    async def unfit(request: Request, error: RequestValidationError) -> JSONResponse:
        faults = error.errors()
        is_json = all(fault["type"] != "json_invalid" for fault in faults)
        return problem(422, sentence(faults)) if is_json else problem(400, "the body is not JSON")

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 404:
            return problem(404, "there is nothing at this address; /openapi.json lists all addresses")
        if error.status_code == 405:
            allowed = ", ".join(_methods(app, request))
            return problem(405, f"this address takes only {allowed}", {"Allow": allowed})
        return problem(error.status_code, str(error.detail), error.headers)

    @app.exception_handler(Exception)
    async def other(request: Request, error: Exception) -> JSONResponse:
        return unknown(request.scope.get(REQUEST_ID, "-"))


def unknown(request: str) -> JSONResponse:
    """The answer where only the log contains the cause."""
    return problem(500, f"the service failed; see request {request} in its log")


class _Escaped(JSONResponse):
    """JSON in ASCII, which holds anything that a request contained, lone surrogates too."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content).encode("ascii")


def _methods(app: FastAPI, request: Request) -> List[str]:
    scope = dict(request.scope)
    methods = [
        method
        for method in METHODS
        if any(route.matches({**scope, "method": method})[0] == Match.FULL for route in app.routes)
    ]
    return sorted(["HEAD"] * ("GET" in methods) + methods)
