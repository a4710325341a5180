"""What a visitor's browser asks for: the page, and the line to the kernel behind it."""

from typing import Any, Optional

from tornado.web import HTTPError
from voila.static_file_handler import TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from helpers.app.visits import Visit, Visits
from helpers.errors import Refused
from helpers.service.gate.rate import caller

PROTOCOL = "v1.kernel.websocket.jupyter.org"

_COOKIE = "kinframe-visitor"
_LEAST_OFFSETS = 6  # of the channel, of four parts of a message, and its end
_MOST_OFFSETS = 1_000

# A page from elsewhere can have a browser ask for this one, as a picture or in a frame, which is no reason to start a
# kernel. So the first answer is this: it sets a cookie that browsers send only where this page itself asks.
_DOOR = """<!DOCTYPE html>
<meta charset="utf-8">
<title>Photos</title>
<noscript>This page needs JavaScript.</noscript>
<script>
if (document.cookie.includes("COOKIE=")) location.replace(location.pathname + location.search);
else document.write("This page needs cookies: allow them for this address.");
</script>
""".replace("COOKIE", _COOKIE)


class Page(TornadoVoilaHandler):
    """The page of a visitor with a kernel of its own, where there is room for one more."""

    def initialize(self, *, visits: Visits, **voila: Any) -> None:
        """Take what Voilà gives its own handler, and the visits."""
        super().initialize(**voila)
        self._visits = visits
        self._visit: Optional[Visit] = None

    async def get(self, path: Optional[str] = None) -> None:
        """Answer with the page."""
        if path:
            raise HTTPError(404)
        headers = self.request.headers
        if headers.get("Sec-Fetch-Dest", "document") != "document" or "Sec-Purpose" in headers:
            raise HTTPError(403, "open this page by itself")
        if self.get_cookie(_COOKIE) is None:
            self.set_cookie(_COOKIE, "1", samesite="Strict")
            self.set_header("Cache-Control", "no-store")
            self.finish(_DOOR)
            return
        try:
            self._visit = self._visits.enter(caller(self.request.remote_ip))
        except Refused as error:
            self.set_status(error.status or 503)
            self.set_header("Retry-After", "60")
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(f"{error}.")
            return
        try:
            await super().get(path)
        finally:
            self._visits.sent(self._visit)

    @property
    def kernel_manager(self) -> Any:
        """Voilà's own, which writes down the kernel of this visit."""
        kernels = super().kernel_manager
        return kernels if self._visit is None else _NotedKernels(kernels, self._visit)


class _NotedKernels:
    """The kernels, of which one is given to a visit."""

    def __init__(self, kernels: Any, visit: Visit) -> None:
        self._kernels, self._visit = kernels, visit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kernels, name)

    async def get_rendered_notebook(self, *arguments: Any, **named: Any) -> Any:
        """A kernel that has been started before."""
        rendered = await self._kernels.get_rendered_notebook(*arguments, **named)
        self._visit.kernel = rendered[2]
        return rendered

    async def start_kernel(self, *arguments: Any, **named: Any) -> Any:
        """A kernel that is started now."""
        self._visit.kernel = await self._kernels.start_kernel(*arguments, **named)
        return self._visit.kernel


class Line(VoilaKernelWebsocketHandler):
    """The line between a page and its kernel, in the one protocol that browsers speak.

    Without it, messages come in Jupyter's older form, whose first bytes Voilà
    takes for a number of offsets, and goes through 2^56 of them.
    """

    def initialize(self, *, visits: Visits) -> None:
        """Take the visits."""
        self._visits = visits

    async def get(self, kernel_id: str) -> None:
        """Open the line; refuses other protocols, kernels without a page, and more lines than a page needs."""
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        if PROTOCOL not in [each.strip() for each in offered.split(",")]:
            raise HTTPError(400, f"the subprotocol {PROTOCOL} is needed")
        try:
            visit = self._visits.connect(kernel_id)
        except Refused as error:
            raise HTTPError(error.status or 400, str(error)) from None
        try:
            await super().get(kernel_id)  # which returns when the line is closed
        finally:
            self._visits.disconnect(visit)

    def on_message(self, ws_message: Any) -> None:
        """Pass a message on; the line is closed at one that is not well-formed."""
        try:
            if not is_well_formed(ws_message):
                raise ValueError("not a message")
            super().on_message(ws_message)
        except Exception as error:
            self.log.error("A message from %s was refused (%s).", self.request.remote_ip, type(error).__name__)
            self.close(1008)


class TemplateFile(TemplateStaticFileHandler):
    """A file that belongs to the page; Voilà's own handler fails at a path that is none."""

    async def get(self, path: str, include_body: bool = True) -> None:
        """Answer with the file of `<template>/static/<path>`."""
        parts = path.split("/")
        if len(parts) < 3 or parts[1] != "static" or "\0" in path or {"", ".", ".."} & set(parts):
            raise HTTPError(404)
        await super().get(path, include_body)


def is_well_formed(message: Any) -> bool:
    """Whether bytes from outside are a message: a number of offsets, the offsets in order, and the last at the end.

    All are 64-bit little-endian; a message has a channel, four parts, and buffers.
    """
    if not isinstance(message, bytes) or len(message) < 8:
        return False
    count = int.from_bytes(message[:8], "little")
    if not _LEAST_OFFSETS <= count <= _MOST_OFFSETS or 8 * (count + 1) > len(message):
        return False
    offsets = [int.from_bytes(message[place : place + 8], "little") for place in range(8, 8 * (count + 1), 8)]
    return offsets[0] == 8 * (count + 1) and offsets == sorted(offsets) and offsets[-1] == len(message)
