"""What stands in front of the application: every request passes here, or is answered here."""

import asyncio
import contextlib
import json
import math
from typing import Any, Awaitable, Callable, Dict, List, MutableMapping, Optional, Tuple

from starlette.exceptions import HTTPException

from helpers.errors import KinframeError, Refused, ServiceError, Unavailable
from helpers.service.gate.access import Access
from helpers.service.gate.body_limits import Body, check_declared, has_body
from helpers.service.gate.headers import Headers, check_origin, check_path, host_of, key_of, own_names, role_needed
from helpers.service.gate.rate import Rate, caller
from helpers.service.settings import Settings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_ANYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 (addresses at which a server is reached by names that it cannot know)
_LINGER = 2.0  # seconds in which a caller may finish sending what is not read, to hear why
_ALWAYS = ("/health", "/ready")  # asked by machines, again and again
_WITH_ALL = (  # a page elsewhere may show no photo of this collection, and no answer is taken for something else
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Guard:
    """ASGI middleware: host, origin, path, key, rate, and the size and time of what is sent.

    What is refused has the shape of all errors, `{"error": {"status",
    "message"}}`. Of what passes, `scope["state"]["key_name"]` is the name of
    the key, or None. Answers go through as they come.
    """

    def __init__(self, app: App, *, settings: Settings, access: Access, rate: Rate) -> None:
        self._app, self._settings, self._access, self._rate = app, settings, access, rate
        self._names = own_names(settings)
        self._any_host = settings.host in _ANYWHERE

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["key_name"] = None
        headers = Headers(scope)
        answer = _Answer(send, closing=has_body(headers))
        try:
            await self._check(scope, headers)
            body = Body(receive, check_declared(headers, self._settings), self._settings.upload_seconds)
        except ServiceError as error:
            await answer.refuse(error, receive)
            return
        except KinframeError:  # a damaged file: what it says of itself is for the log of whoever runs the service
            await answer.refuse(Unavailable("the keys of this service cannot be read"), receive)
            return

        async def read() -> Message:
            try:
                return await body.receive()
            except Refused as error:
                await answer.refuse(error, receive)
                # The application's own way to end quietly; what it says of it is not heard.
                raise HTTPException(error.status or 400, str(error)) from None

        try:
            await self._app(scope, read, answer.send)
        except Exception:
            if not answer.refused:
                raise

    async def _check(self, scope: MutableMapping[str, Any], headers: Headers) -> None:
        """Raises `ServiceError` for a request that is not to go on."""
        method, path = scope["method"], scope["path"]
        check_path(scope)
        host = host_of(headers)
        if host.name not in self._names and not self._any_host:
            raise Refused(
                f"this service is not called {host.name[:100]!r}; its names are those of the machine, and what was "
                "given to it as a name when it was started",
                421,
            )
        check_origin(headers, method, host, self._settings.names)
        needed = role_needed(method, path)
        name = f"address {caller((scope.get('client') or ('',))[0])}"
        if needed is None:
            if path not in _ALWAYS:
                self._count(name)
            return
        key = key_of(headers)
        if self._access.stale:
            asked, row = await asyncio.get_running_loop().run_in_executor(None, self._access.who, key)
        else:
            asked, row = self._access.who(key)
        if asked:
            if row is None:
                self._count(name)  # who tries keys is counted too; who has one, is not kept out by them
                raise Refused("this needs a key: Authorization: Bearer kf_…; whoever runs the service makes one", 401)
            name = f"key {row.name}"
            scope["state"]["key_name"] = row.name
            self._count(name)
            if needed == "write" and row.role != "write":
                raise Refused(f"the key {row.name!r} may read; this needs one that may write", 403)
        else:
            self._count(name)

    def _count(self, name: str) -> None:
        seconds = self._rate.wait(name)
        if seconds > 0:
            raise _TooOften(seconds)


class _TooOften(Refused):
    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many requests; the next may come in {max(1, math.ceil(seconds))} s", 429)
        self.seconds = seconds


class _Answer:
    """Where an answer goes: the application's, or the guard's own instead of it."""

    def __init__(self, send: Send, *, closing: bool) -> None:
        self._send, self._closing = send, closing  # the connection, where the rest of a body may still come on it
        self._begun = False
        self.refused = False

    async def send(self, message: Message) -> None:
        """Hand on what the application says, unless the guard has spoken."""
        if self.refused:
            return
        if message["type"] == "http.response.start":
            self._begun = True
            headers = list(message.get("headers", ()))
            there = {name.lower() for name, _ in headers}
            message = {**message, "headers": headers + [pair for pair in _WITH_ALL if pair[0] not in there]}
        await self._send(message)

    async def refuse(self, error: ServiceError, receive: Receive) -> None:
        """Answer with an error, and give the caller a moment to finish what they send: else they may not hear it."""
        self.refused = True
        if self._begun:  # it answered before it had read everything: there is no second answer
            return
        status = error.status or 500
        content = json.dumps({"error": {"status": status, "message": str(error)}}).encode()
        headers = _headers(error, len(content))
        if self._closing:
            headers.append((b"connection", b"close"))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": content, "more_body": True})
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(_read_away(receive), _LINGER)
        await self._send({"type": "http.response.body", "body": b""})


async def _read_away(receive: Receive) -> None:
    while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
        pass


def _headers(error: ServiceError, length: int) -> List[Tuple[bytes, bytes]]:
    headers: Dict[bytes, bytes] = {
        b"content-type": b"application/json",
        b"content-length": str(length).encode(),
        **dict(_WITH_ALL),
    }
    after: Optional[float] = error.seconds if isinstance(error, _TooOften) else None
    if isinstance(error, Unavailable):
        after = 5
    if after is not None:
        headers[b"retry-after"] = str(max(1, math.ceil(after))).encode()
    if error.status == 401:
        headers[b"www-authenticate"] = b"Bearer"
    return list(headers.items())
