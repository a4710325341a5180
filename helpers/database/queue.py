"""Turns, in the order in which they were asked for: nobody who came later goes before one who waits."""

import collections
import contextlib
import threading
from typing import Deque, Iterator

from helpers.errors import Unavailable


class Turns:
    """At most `most` have a turn at a time; `note` says what they wait for."""

    def __init__(self, most: int, note: str) -> None:
        self._free, self._note = most, note
        self._lock = threading.Lock()
        self._waiting: Deque[threading.Event] = collections.deque()

    @contextlib.contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Have a turn, when it comes; raises `Unavailable` where it has not come after so many seconds."""
        self._begin(seconds)
        try:
            yield
        finally:
            with self._lock:
                self._pass_on()

    def _begin(self, seconds: float) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = threading.Event()
            self._waiting.append(mine)
        came = False
        try:
            came = mine.wait(seconds)
        finally:
            if not came:
                self._leave(mine)
        if not came:
            raise Unavailable(f"{self._note}: others have been at it for {seconds:g} s; try again")

    def _leave(self, mine: threading.Event) -> None:
        with self._lock:
            if mine.is_set():  # it came at the last moment
                self._pass_on()
            else:
                self._waiting.remove(mine)

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().set()
        else:
            self._free += 1
