"""A semaphore that serves whoever waits longest."""

import collections
import contextlib
import threading
from typing import Deque, Iterator

from helpers.errors import Unavailable


class FairSemaphore:
    """Lets `most` threads in at a time, in the order of their arrival; `note` names what they wait for.

    Python's own semaphore lets a thread that has just come pass those that wait.
    """

    def __init__(self, most: int, note: str) -> None:
        self._free, self._note = most, note
        self._lock = threading.Lock()
        self._waiting: Deque[threading.Event] = collections.deque()

    @contextlib.contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Wait for a turn and have it; raises `Unavailable` where it has not come after so many seconds."""
        self._acquire(seconds)
        try:
            yield
        finally:
            with self._lock:
                self._pass_on()

    def _acquire(self, seconds: float) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Event()
            self._waiting.append(turn)
        came = False
        try:
            came = turn.wait(seconds)
        finally:
            if not came:
                self._leave(turn)
        if not came:
            raise Unavailable(f"{self._note}: in use by others for {seconds:g} s; try again")

    def _leave(self, turn: threading.Event) -> None:
        with self._lock:
            if turn.is_set():  # it came at the last moment
                self._pass_on()
            else:
                self._waiting.remove(turn)

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().set()
        else:
            self._free += 1
