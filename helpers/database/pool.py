"""Open connections, handed from thread to thread, so that not every request opens one."""

import threading
from typing import Any, Callable, List, Optional

from helpers.errors import Unavailable


class Pool:
    """Connections that nobody uses just now; `connect` opens another one.

    A thread that finds none idle opens one itself: it learns at once that the
    database is away, and is served as soon as it is back. The connection that
    was used last is used next.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._idle: List[Any] = []
        self._is_closed = False

    def idle(self) -> Optional[Any]:
        """A connection that was used before, if there is one; it may have been lost since."""
        with self._lock:
            return self._idle.pop() if self._idle else None

    def new(self) -> Any:
        """A new connection. Raises `Unavailable` once the pool is closed."""
        if self._is_closed:
            raise Unavailable("The database is closed: the service has ended")
        return self._connect()

    def give(self, connection: Any) -> None:
        """Hand one back that works."""
        with self._lock:
            if not self._is_closed:
                self._idle.append(connection)
                return
        connection.close()

    def clear(self) -> None:
        """Close all that are idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def close(self) -> None:
        """Close all: those in use, when they are handed back."""
        self._is_closed = True
        self.clear()
