"""Voilà with our settings and limits; two of its handlers are replaced by ours, and one is left out."""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
from collections import Counter
from pathlib import Path
from typing import Any, Callable, List

from jupyter_core.utils import run_sync
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.web import HTTPError
from traitlets.config import Config
from voila.app import Voila
from voila.request_info_handler import RequestInfoSocketHandler
from voila.static_file_handler import TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from helpers.app.handlers import Line, Page, TemplateFile
from helpers.app.visits import Visits
from helpers.service.gate.rate import caller

_LOOK = 5.0  # seconds between two looks for kernels that nobody is connected to
PING, NO_ANSWER = 5_000, 15_000  # ms: a browser without power or network closes no line, and answers no ping
_CONNECTIONS = 100  # of one address, or more where it may open many pages
_OF_A_PAGE = 12  # a browser has six, and may have been started twice
_BODY = 10_000  # bytes: the page posts nothing but that it was closed
_QUIET = 30.0  # seconds for which a connection may send nothing

# The page fetches nothing from elsewhere: Voilà would ask a CDN for a widget that it does not have.
_ONLY_HERE = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; frame-ancestors 'self'; base-uri 'self'; form-action 'self'"
)


def serve(
    place: Path, *, host: str, port: int, theme: str, local: bool, most: int, each: int, announce: Callable[[], None]
) -> None:
    """Serve the folder that `prepare` returned, until Ctrl+C.

    `local`: only this machine can reach it, and by its own names. At most
    `most` pages are open at once, `each` of one address. `announce` is called
    when it can be opened.
    """
    settings = Config()
    settings.Voila.update(ip=host, port=port, port_retries=0, log_level="ERROR", open_browser=True)
    settings.Voila.config_file_paths = []  # personal settings must not change a page for others
    settings.Voila.tornado_settings = {
        "headers": {"Content-Security-Policy": _ONLY_HERE},
        # A closing page ends its kernel by a POST without the cookie of the check; nothing else can be posted.
        "disable_check_xsrf": True,
        "allow_remote_access": not local,  # else a page from elsewhere could pretend to be this one
        "ws_ping_interval": PING,
        "ws_ping_timeout": NO_ANSWER,
    }
    settings.VoilaConfiguration.update(
        theme=theme,
        allow_template_override="NO",
        file_allowlist=[],
        strip_sources=True,
        show_tracebacks=False,
        preheat_kernel=True,  # the next visitor's kernel is started before they come
    )
    settings.VoilaExecutor.startup_timeout = 600  # when all come at once
    settings.KernelManager.shutdown_wait_time = 1.0  # seconds; a kernel has nothing to save
    logging.getLogger("tornado.general").setLevel(logging.ERROR)  # it warns of Jupyter's own ping settings
    logging.getLogger("tornado.application").addFilter(_in_one_line)
    _allow_open_files()
    page = place / "page"
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(page), os.environ.get("JUPYTER_PATH")]))
    server = _Server(config=settings)
    server.most, server.each, server.announce = most, each, announce
    server.initialize([str(page / "photos.ipynb")])
    server.log.addFilter(_in_one_line)
    server.template_paths.insert(0, str(page))
    server.start()


class _Server(Voila):
    most: int
    each: int
    announce: Callable[[], None]

    def init_handlers(self) -> List[Any]:
        self._visits = Visits(self.kernel_manager.__contains__, most=self.most, each=self.each)
        ours = {TornadoVoilaHandler: Page, VoilaKernelWebsocketHandler: Line}
        handlers = []
        for path, handler, *more in super().init_handlers():
            if handler is RequestInfoSocketHandler:  # it keeps what anybody sends it, and no notebook of ours asks it
                continue
            if handler in ours:
                more = [{**(more[0] if more else {}), "visits": self._visits}]
            elif handler is TemplateStaticFileHandler:
                handler = TemplateFile
            handlers.append((path, ours.get(handler, handler), *more))
        return handlers

    def listen(self) -> None:
        http = _LimitedServer(
            self.app, max_body_size=_BODY, idle_connection_timeout=_QUIET, body_timeout=_QUIET, max_header_size=16_384
        )
        http.most = max(_CONNECTIONS, _OF_A_PAGE * self.each)
        http.listen(self.port, self.ip)
        self.ioloop = IOLoop.current()
        PeriodicCallback(self._end_abandoned, 1000 * _LOOK).start()
        _end_on_ctrl_c()
        self.announce()
        try:
            self.ioloop.start()
        finally:
            self.stop()

    def stop(self) -> None:
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # a page in the making is given up
        shutil.rmtree(self.connection_dir)
        run_sync(_end_kernels)(self.kernel_manager)

    async def _end_abandoned(self) -> None:
        RequestInfoSocketHandler._cache.clear()  # one entry for each page, which nobody would take out
        for kernel in self._visits.abandoned():
            with contextlib.suppress(HTTPError, KeyError, RuntimeError):  # it is ending already
                await self.kernel_manager.shutdown_kernel(kernel, now=True)


class _LimitedServer(HTTPServer):
    """A server that lets one address have `most` connections; those of a page's line do not count."""

    most = _CONNECTIONS

    def initialize(self, *arguments: Any, **named: Any) -> None:
        super().initialize(*arguments, **named)
        self._open: Counter[str] = Counter()

    def handle_stream(self, stream: Any, address: Any) -> None:
        name = caller(address[0])
        if self._open[name] >= self.most:
            stream.close()
            return
        self._open[name] += 1
        super().handle_stream(stream, address)

    def on_close(self, server_conn: Any) -> None:
        super().on_close(server_conn)
        name = caller(server_conn.context.address[0])
        self._open[name] -= 1
        if not self._open[name]:
            del self._open[name]


def _in_one_line(record: logging.LogRecord) -> bool:
    """Log an error of a request without its traceback: a stranger can make as many as they like."""
    if record.exc_info:
        error = record.exc_info[1]
        record.msg, record.args = f"A request could not be answered ({type(error).__name__}).", ()
        record.exc_info = None
    return True


def _allow_open_files() -> None:
    """Allow as many open files as this account may have: a page takes some twenty."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows has no such limit
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536) if hard > 0 else 65_536, hard))


def _end_on_ctrl_c() -> None:
    """Stop between two steps of the server; within one, Ctrl+C would print a traceback."""
    loop = IOLoop.current()

    def end(*_: Any) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl+C stops it at once
        loop.add_callback_from_signal(loop.stop)

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, end)


async def _end_kernels(kernels: Any) -> None:
    for _ in range(50):
        try:
            return await kernels.shutdown_all(now=True)  # a kernel that is asked to end prints a traceback
        except HTTPError:  # a kernel that is just starting cannot be ended yet
            await asyncio.sleep(0.1)
