"""The guard in front of the application: each request passes it, or is refused by it."""

import asyncio
import contextlib
import json
import math
from typing import List, Tuple

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from helpers.errors import KinframeError, Refused, ServiceError, Unavailable
from helpers.service.gate.access import Access
from helpers.service.gate.body_limits import LimitedBody, check_declared, has_body
from helpers.service.gate.headers import Headers, check_origin, check_path, host_of, key_of, own_names, role_needed
from helpers.service.gate.rate import RateLimit, caller
from helpers.service.settings import Settings

_ANYWHERE = ("", "0.0.0.0", "::")  # noqa: S104  # nosec B104  # reached by names that it cannot know
_PAUSE = 5  # seconds after which a database that was away is worth another try
_LINGER = 2.0  # seconds in which a caller may finish sending what is not read, before the connection ends
_LINGERERS = 20  # callers who may at once; the connections of others end with the answer
_UNCOUNTED = ("/health", "/ready")  # which machines ask again and again


class Guard:
    """ASGI middleware: host, origin, path, key, rate, and the size and time of what is sent.

    A refusal looks like all errors, `{"error": {"status", "message"}}`. For a
    request that passes, `scope["state"]["key_name"]` is the name of its key, or
    None. Answers are passed on as they come.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings, access: Access, rate: RateLimit) -> None:
        self._app, self._settings, self._access, self._rate = app, settings, access, rate
        self._names = own_names(settings)
        self._any_host = settings.host in _ANYWHERE
        self._lingering = asyncio.Semaphore(_LINGERERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["key_name"] = None
        headers = Headers(scope)
        answer = _GuardedSend(send, closing=has_body(headers), lingering=self._lingering)
        try:
            await self._check(scope, headers)
            body = LimitedBody(receive, check_declared(headers, self._settings), self._settings.upload_seconds)
        except ServiceError as error:
            await answer.refuse(error, receive)
            return
        except KinframeError:  # a damaged file: the details are not for the caller
            await answer.refuse(Unavailable("the keys of this service cannot be read"), receive)
            return

        async def read() -> Message:
            try:
                return await body.receive()
            except Refused as error:
                await answer.refuse(error, receive)
                # Ends the application quietly; its own answer to this is not sent.
                raise HTTPException(error.status or 400, str(error)) from None

        try:
            await self._app(scope, read, answer.send)
        except Exception:
            if not answer.refused:
                raise

    async def _check(self, scope: Scope, headers: Headers) -> None:
        """Raises `ServiceError` for a request that must not pass."""
        method, path = scope["method"], scope["path"]
        check_path(scope)
        host = host_of(headers)
        if host.name not in self._names and not self._any_host:
            raise Refused(
                f"this service is not called {host.name[:100]!r}; if a proxy in front of it is, start it with --name",
                421,
            )
        check_origin(headers, method, host, self._settings.names)
        needed = role_needed(method, path)
        name = f"address {caller((scope.get('client') or ('',))[0])}"
        if needed is None:
            if path not in _UNCOUNTED:
                self._count(name)
            return
        key = key_of(headers)
        if self._access.stale:
            key_needed, row = await asyncio.get_running_loop().run_in_executor(None, self._access.check, key)
        else:
            key_needed, row = self._access.check(key)
        if key_needed:
            if row is None:
                self._count(name)  # guesses of keys use up the rate of the address, not that of a key
                raise Refused("a key is needed: Authorization: Bearer kf_…; whoever runs the service makes it", 401)
            name = f"key {row.name}"
            scope["state"]["key_name"] = row.name
            self._count(name)
            if needed == "write" and row.role != "write":
                raise Refused(f"the key {row.name!r} may only read; this needs one that may write", 403)
        else:
            self._count(name)

    def _count(self, name: str) -> None:
        seconds = self._rate.wait(name)
        if seconds > 0:
            raise _TooOften(seconds)


class _TooOften(Refused):
    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(f"too many requests; send the next one in {self.seconds} s", 429)


class _GuardedSend:
    """Sends the answer of the application, or an error of the guard instead of it."""

    def __init__(self, send: Send, *, closing: bool, lingering: asyncio.Semaphore) -> None:
        self._send, self._closing = send, closing  # the connection, where the rest of a body may still come on it
        self._lingering = lingering
        self._begun = False
        self.refused = False

    async def send(self, message: Message) -> None:
        """Send a message of the application, unless the guard has answered."""
        if self.refused:
            return
        if message["type"] == "http.response.start":
            self._begun = True
        await self._send(message)

    async def refuse(self, error: ServiceError, receive: Receive) -> None:
        """Answer with an error, and let the caller finish sending: else they may never read the answer."""
        self.refused = True
        if self._begun:  # the application answered before it had read everything
            return
        status = error.status or 500
        content = json.dumps({"error": {"status": status, "message": str(error)}}).encode()
        headers = _headers(error, len(content))
        if self._closing:
            headers.append((b"connection", b"close"))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": content, "more_body": True})
        if not self._lingering.locked():
            async with self._lingering:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(_read_away(receive), _LINGER)
        await self._send({"type": "http.response.body", "body": b""})


async def _read_away(receive: Receive) -> None:
    while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
        pass


def _headers(error: ServiceError, length: int) -> List[Tuple[bytes, bytes]]:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(length).encode())]
    pause = error.seconds if isinstance(error, _TooOften) else _PAUSE if isinstance(error, Unavailable) else None
    if pause is not None:
        headers.append((b"retry-after", str(pause).encode()))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return headers
