"""Connections that are handed from thread to thread, so that no request opens one of its own."""

import threading
from typing import Callable, Generic, List, Optional, TypeVar

from helpers.errors import Unavailable

C = TypeVar("C")


class Pool(Generic[C]):
    """Connections, opened by `opened` when one is needed and none is idle, and ended by `closed`.

    Whoever needs one opens it, so that a database which is away is known to be
    away at once, and one that is back serves the next request. The one that was
    used last is used next.
    """

    def __init__(self, opened: Callable[[], C], closed: Callable[[C], None]) -> None:
        self._opened, self._closed = opened, closed
        self._lock = threading.Lock()
        self._idle: List[C] = []
        self._over = False

    def idle(self) -> Optional[C]:
        """One that was used before, if there is one; it may have been lost since."""
        with self._lock:
            return self._idle.pop() if self._idle else None

    def new(self) -> C:
        """One that was opened just now."""
        if self._over:
            raise Unavailable("The database is closed: the service has ended")
        return self._opened()

    def give(self, connection: C) -> None:
        """Hand one back that is as good as new."""
        with self._lock:
            over = self._over
            if not over:
                self._idle.append(connection)
        if over:
            self._closed(connection)

    def drop(self, connection: C) -> None:
        """Close one that is of no use any more."""
        self._closed(connection)

    def clear(self) -> None:
        """Close all that are idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            self._closed(connection)

    def close(self) -> None:
        """Close all: those in use, when they are handed back."""
        self._over = True
        self.clear()
