"""Whether a request needs a key, and whose it is."""

import hmac
import ipaddress
import threading
import time
from typing import Callable, List, Optional, Tuple

from helpers.errors import Unavailable
from helpers.service.records import Key
from helpers.service.settings import LOOPBACK, Settings
from helpers.service.storage.keys import digest_of

_FRESH = 2.0  # seconds for which the keys are remembered: a key that was removed works no longer than that
_AHEAD = 0.1  # seconds before that, in which an event loop, which must not wait, has a thread read them
_PAUSE = 1.0  # seconds before a database that could not be reached is asked again
_LONGEST = 200  # characters of a key


class Access:
    """The keys of a service, remembered for two seconds.

    Keys are needed unless the service can be reached from this machine alone (see
    `only_here`) and has no key yet. `read_keys` reads them from the database. All methods may be called
    from several threads, and raise `Unavailable` where the keys have to be read
    anew and the database cannot be reached.
    """

    def __init__(
        self, settings: Settings, read_keys: Callable[[], List[Key]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._only_here = only_here(settings)
        self._read_keys, self._clock = read_keys, clock
        self._keys: List[Key] = []
        self._fresh_until: Optional[float] = None
        self._failure: Optional[Tuple[float, Unavailable]] = None  # when they could not be read, and why
        self._lock = threading.Lock()

    @property
    def stale(self) -> bool:
        """Whether a look at the keys, now or in a moment, reads them from the database."""
        return self._is_old(_AHEAD)

    @property
    def needed(self) -> bool:
        """Whether a request needs a key."""
        return not self._only_here or bool(self._fresh_keys())

    def check(self, key: Optional[str]) -> Tuple[bool, Optional[Key]]:
        """Whether a key is needed, and the row of this one; None where it is unknown."""
        rows = self._fresh_keys()
        match = None
        if key and len(key) <= _LONGEST:
            digest = digest_of(key)
            for row in rows:  # all of them, whichever fits: the time that it takes reveals nothing
                if hmac.compare_digest(row.digest, digest):
                    match = row
        return not self._only_here or bool(rows), match

    def _fresh_keys(self) -> List[Key]:
        if not self._is_old():
            return self._keys
        with self._lock:
            if not self._is_old():  # another thread has just read them
                return self._keys
            if self._failure is not None and self._clock() < self._failure[0] + _PAUSE:
                raise Unavailable(str(self._failure[1]))  # all who wait fail at once, not one after another
            try:
                self._keys = self._read_keys()
            except Unavailable as error:
                self._failure = (self._clock(), error)
                raise
            self._failure, self._fresh_until = None, self._clock() + _FRESH
            return self._keys

    def _is_old(self, ahead: float = 0.0) -> bool:
        return self._fresh_until is None or self._clock() >= self._fresh_until - ahead


def only_here(settings: Settings) -> bool:
    """Whether this machine alone can reach a service: a loopback address, and no proxy that lets others in."""
    return is_loopback(settings.host) and not settings.names and not settings.proxies


def is_loopback(host: str) -> bool:
    """Whether a server that listens at `host` can be reached from this machine alone."""
    try:
        return host in LOOPBACK or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
