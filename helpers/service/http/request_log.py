"""Around every request, whoever answers it: its id, a line in the log, its count, and security headers."""

import contextlib
import secrets
import time
from collections import Counter
from typing import Iterator, Optional

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from helpers.service.gate.logs import LOG, log_request
from helpers.service.gate.metrics import Metrics
from helpers.service.gate.rate import caller
from helpers.service.http.problems import REQUEST_ID, problem, unknown

MOST = 200  # requests at once; each may hold a photo in memory
EACH = 100  # of them from one address

_UNCOUNTED = "/health"  # by which others see that the service runs, however busy it is
_CLOSING = {"Connection": "close"}  # the rest of a body is not waited for
_GONE = 499  # in the log: the caller went away before there was an answer
_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"content-security-policy": _PAGE.encode(),
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
}


class RequestLog:
    """ASGI middleware around everything else; it answers HEAD like GET, without the body."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._running: Counter[str] = Counter()  # by the address of their caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, request, method = time.perf_counter(), secrets.token_hex(8), scope["method"]
        inner = {**scope, "method": "GET" if method == "HEAD" else method, REQUEST_ID: request}
        inner["state"] = {**scope.get("state", {})}
        status = _GONE

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [pair for pair in message.get("headers", ()) if pair[0].lower() not in _HEADERS]
                own = [*_HEADERS.items(), (b"x-request-id", request.encode())]
                message = {**message, "headers": [*headers, *own]}
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        try:
            with self._counted(scope) as refusal:
                await (self._app if refusal is None else refusal)(inner, receive, send_with_headers)
        except Exception:
            LOG.exception("%s went wrong", request)
            if status == _GONE:
                await unknown(request)(inner, receive, send_with_headers)
        finally:
            seconds = time.perf_counter() - begun
            route = getattr(inner.get("route"), "path", "") or "none"
            self._metrics.answered(method, route, status, seconds)
            log_request(request, method, scope["path"], status, seconds, inner["state"].get("key_name"))

    @contextlib.contextmanager
    def _counted(self, scope: Scope) -> Iterator[Optional[ASGIApp]]:
        """Count a request while it runs; the answer to it where there are too many."""
        name = caller((scope.get("client") or ("",))[0])
        if scope["path"] == _UNCOUNTED:
            yield None
        elif sum(self._running.values()) >= MOST:
            yield problem(503, "too many requests at once; try again in a moment", _CLOSING)
        elif self._running[name] >= EACH:
            yield problem(429, f"{EACH} requests of your address are under way; wait for one to end", _CLOSING)
        else:
            self._running[name] += 1
            try:
                yield None
            finally:
                self._running[name] -= 1
                if not self._running[name]:
                    del self._running[name]
