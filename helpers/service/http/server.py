"""The HTTP server: its limits, and how it ends."""

import contextlib
import signal
import socket
import threading
from collections import Counter
from typing import Any, Callable, Iterator, List, Optional, Sequence

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from helpers.service.gate.addresses import is_within
from helpers.service.gate.rate import caller

KEEP_ALIVE = 30  # seconds for which a connection is kept open for another request
GRACE = 3  # seconds for requests to finish when the service ends
HEAD_SECONDS = 10.0  # for the head of a request to arrive
READ_SECONDS = 30.0  # for a caller to go on reading an answer
MOST = 600  # connections; for one more, an idle one is closed
EACH = 300  # of one address, which is not that of a named proxy

_HEAD = 65_536  # bytes of a request before its body
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(
    app: Any,
    listening: socket.socket,
    announce: Callable[[], None],
    *,
    proxies: Sequence[str] = (),
    signals: Sequence[int] = _SIGNALS,
) -> None:
    """Serve the application until one of the signals; `announce` is called when it is ready.

    From `proxies`, addresses or networks, the header X-Forwarded-For is believed: it names the caller.
    """
    config = uvicorn.Config(
        app,
        http=_Connection,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=bool(proxies),  # else the caller is at the other end of the socket, not in a header
        forwarded_allow_ips=list(proxies),
        server_header=False,
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


class _Connection(H11Protocol):
    """A connection among many, whose caller neither takes those of others nor keeps it without using it."""

    _deadline: Any = None  # for the head of a request
    _reading: Any = None  # and for an answer to be read on
    since = 0.0  # when it began to wait for a request

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.address = (self.client or ("",))[0]
        self.since = self.loop.time()
        if self._has_room():
            self._watch()
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        self.since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        self._reading.cancel()
        super().resume_writing()

    def connection_lost(self, exc: Optional[Exception]) -> None:
        self._rest()
        if self._reading is not None:
            self._reading.cancel()
        super().connection_lost(exc)

    @property
    def idle(self) -> bool:
        """Whether no request is answered on it, to the last byte."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and not self.transport.get_write_buffer_size()

    def _has_room(self) -> bool:
        """Whether there is room for this one too, which is made by closing the oldest idle one of who has most."""
        others: Sequence[Any] = [each for each in self.connections if each is not self]
        count = Counter(caller(each.address) for each in others)
        if count[caller(self.address)] >= EACH and not is_within(self.address, self.config.forwarded_allow_ips):
            return False
        if len(others) < MOST:
            return True
        idle = [each for each in others if each.idle]
        if not idle:
            return False
        oldest = min(idle, key=lambda each: (-count[caller(each.address)], each.since))
        self.connections.discard(oldest)
        oldest.transport.abort()
        return True

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
