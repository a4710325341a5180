"""The HTTP server: its limits, and how it ends."""

import contextlib
import signal
import socket
import threading
from typing import Any, Callable, Iterator, List, Optional, Sequence

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

KEEP_ALIVE = 30  # seconds for which a connection is kept open for another request
GRACE = 3  # seconds for requests to finish when the service ends
HEAD_SECONDS = 10.0  # for the head of a request to arrive
MOST = 600  # connections; others are answered with 503

_HEAD = 65_536  # bytes of a request before its body
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(
    app: Any, listening: socket.socket, announce: Callable[[], None], *, signals: Sequence[int] = _SIGNALS
) -> None:
    """Serve the application until one of the signals; `announce` is called when it is ready."""
    config = uvicorn.Config(
        app,
        http=_HeadTimeout,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # the caller is at the other end of the socket, not in a header
        server_header=False,
        limit_concurrency=MOST,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=_HEAD,
        lifespan="on",
    )
    _Server(config, announce, signals).run(sockets=[listening])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announce: Callable[[], None], signals: Sequence[int]) -> None:
        super().__init__(config)
        self._announce, self._signals = announce, signals

    async def startup(self, sockets: Optional[List[socket.socket]] = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """End in order, also at a second Ctrl+C, at which uvicorn breaks off with a traceback."""
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on the signals, and do not raise them again afterwards, as uvicorn does."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in self._signals}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, self.handle_exit)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _HeadTimeout(H11Protocol):
    """A connection that is closed where the head of a request does not arrive: uvicorn itself would wait for ever."""

    _deadline: Any = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Optional[Exception]) -> None:
        self._rest()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Time the head of a request; between requests, uvicorn has its own timeout."""
        if self.conn.their_state is h11.IDLE and (self.cycle is None or self.conn.trailing_data[0]):
            if self._deadline is None:
                self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)
        else:
            self._rest()

    def _rest(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
