"""Open connections, handed from thread to thread, so that not every request opens one."""

import threading
import time
from typing import Any, Callable, List, Optional, Tuple

from helpers.errors import Unavailable

_REST = 30.0  # seconds: a connection takes two descriptors, and some megabytes


class Pool:
    """Connections that nobody uses just now; `connect` opens another one.

    A thread that finds none idle opens one itself: it learns at once that the
    database is away, and is served as soon as it is back. The connection that
    was used last is used next, and those that nobody needed for half a minute
    are closed when one is handed back.
    """

    def __init__(self, connect: Callable[[], Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._connect, self._clock = connect, clock
        self._lock = threading.Lock()
        self._idle: List[Tuple[Any, float]] = []  # and since when; the one that was used last is the last
        self._is_closed = False

    def idle(self) -> Optional[Any]:
        """A connection that was used before, if there is one; it may have been lost since."""
        with self._lock:
            return self._idle.pop()[0] if self._idle else None

    def new(self) -> Any:
        """A new connection. Raises `Unavailable` once the pool is closed."""
        if self._is_closed:
            raise Unavailable("The database is closed: the service has ended")
        return self._connect()

    def give(self, connection: Any) -> None:
        """Hand one back that works."""
        now = self._clock()
        with self._lock:
            self._idle.append((connection, now))
            count = next(place for place, (_, since) in enumerate(self._idle) if since > now - _REST)
            if self._is_closed:
                count = len(self._idle)
            rested, self._idle = self._idle[:count], self._idle[count:]
        for each, _ in rested:
            each.close()

    def clear(self) -> None:
        """Close all that are idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def close(self) -> None:
        """Close all: those in use, when they are handed back."""
        self._is_closed = True
        self.clear()
