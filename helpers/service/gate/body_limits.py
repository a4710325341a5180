"""Limits on the body of a request: its size, and how long it may take."""

import asyncio

from starlette.types import Message, Receive

from helpers.errors import Refused
from helpers.service.gate.headers import Headers
from helpers.service.settings import Settings

JSON_BYTES = 10_000_000  # of a body without a photo: a list of some 100,000 paths
FORM_BYTES = 100_000  # of a form without its photo
QUIET_SECONDS = 10.0  # for which nothing of a body may come
_FORM = "multipart/form-data"
_PLAIN_FORM = "application/x-www-form-urlencoded"


class LimitedBody:
    """The body of a request, of at most `limit` bytes that are received within `seconds`, without long pauses."""

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        self._receive, self._limit, self._seconds = receive, limit, seconds
        self._size, self._left, self._ended = 0, seconds, False

    async def receive(self) -> Message:
        """The next message; raises `Refused` (413, 408)."""
        if self._ended:
            return await self._receive()
        loop = asyncio.get_running_loop()
        begin = loop.time()
        try:
            message = await asyncio.wait_for(self._receive(), max(0.001, min(self._left, QUIET_SECONDS)))
        except asyncio.TimeoutError:
            if self._left > QUIET_SECONDS:
                raise Refused(f"nothing of the request came for {QUIET_SECONDS:g} s", 408) from None
            raise Refused(f"the request was not complete within {self._seconds:g} s", 408) from None
        self._left -= loop.time() - begin
        self._size += len(message.get("body", b""))
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)
        if self._size > self._limit:
            raise _too_large(self._limit)
        return message


def check_declared(headers: Headers, settings: Settings) -> int:
    """The largest number of bytes for a body of this type; raises `Refused` for headers that do not fit."""
    kind = (headers.one("content-type") or "").partition(";")[0].strip().lower()
    limit = {
        _FORM: settings.upload_bytes + FORM_BYTES,
        _PLAIN_FORM: FORM_BYTES,
    }.get(kind, JSON_BYTES)
    length = headers.one("content-length")
    if length is not None:
        if not (length.isascii() and length.isdigit()):
            raise Refused("the header content-length is not a number", 400)
        if len(length.lstrip("0")) > 18 or int(length) > limit:
            raise _too_large(limit)
    encoding = (headers.one("content-encoding") or "identity").lower()
    if encoding != "identity":
        raise Refused(f"the body is compressed ({encoding[:40]!r}); send it uncompressed", 415)
    return limit


def has_body(headers: Headers) -> bool:
    """Whether a request has a body."""
    return bool(headers.all("transfer-encoding")) or headers.all("content-length") not in ([], ["0"])


def _too_large(limit: int) -> Refused:
    return Refused(f"the request is larger than {limit:,} bytes, the limit of this service", 413)
