"""Who may do what: the role of a key, and whether keys are asked for at all."""

import hmac
import ipaddress
import threading
import time
from typing import Any, Callable, List, Optional, Tuple

from helpers.errors import Unavailable
from helpers.service.records import ROLES, Key
from helpers.service.settings import LOOPBACK, Settings
from helpers.service.storage.keys import digest_of

FRESH = 2.0  # seconds for which the keys are remembered: a key that was removed works no longer than that
_AHEAD = 0.1  # seconds before that, in which whoever cannot wait has them read by somebody who can
_PAUSE = 1.0  # seconds before a database that could not be reached is asked again
_LONGEST = 200  # characters of a key


class Access:
    """The keys of a service, `helpers.service.storage.keys.KeyTable`, remembered for `FRESH` seconds.

    Keys are asked for unless the service can be reached from this machine
    alone (a loopback address, no name by which a proxy lets others in) and no
    key was made yet. All methods may be called from several threads; all raise
    `Unavailable` where the keys are to be read anew and the database cannot be
    reached.
    """

    def __init__(
        self, settings: Settings, keys: Any, *, fresh: float = FRESH, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._alone = is_loopback(settings.host) and not settings.names
        self._keys, self._fresh, self._clock = keys, fresh, clock
        self._known: List[Key] = []
        self._until: Optional[float] = None  # when what is known is no longer fresh
        self._trouble: Optional[Tuple[float, Unavailable]] = None  # when it could not be read last, and why
        self._lock = threading.Lock()

    @property
    def stale(self) -> bool:
        """Whether a question now, or in a moment, reads the keys from the database."""
        return self._old(_AHEAD)

    @property
    def needed(self) -> bool:
        """Whether a request needs a key."""
        return not self._alone or bool(self._fresh_keys())

    def who(self, key: Optional[str]) -> Tuple[bool, Optional[Key]]:
        """Whether a key is needed, and the row of this one, None for one that there is not."""
        rows = self._fresh_keys()
        found = None
        if key and len(key) <= _LONGEST:
            digest = digest_of(key)
            for row in rows:  # all of them, whichever fits: the time that it takes tells nothing
                if hmac.compare_digest(row.digest, digest):
                    found = row
        return not self._alone or bool(rows), found

    def role(self, key: Optional[str]) -> Optional[str]:
        """What the owner of a key may do: one of `ROLES`, or None; `write` where no key is needed."""
        needed, row = self.who(key)
        if not needed:
            return "write"
        return row.role if row is not None and row.role in ROLES else None

    def _fresh_keys(self) -> List[Key]:
        if not self._old():
            return self._known
        with self._lock:
            if not self._old():  # somebody else has just read them
                return self._known
            if self._trouble is not None and self._clock() < self._trouble[0] + _PAUSE:
                raise Unavailable(str(self._trouble[1]))  # all who wait hear of it at once, and not one after another
            try:
                self._known = list(self._keys.all())
            except Unavailable as error:
                self._trouble = (self._clock(), error)
                raise
            self._trouble, self._until = None, self._clock() + self._fresh
            return self._known

    def _old(self, ahead: float = 0.0) -> bool:
        return self._until is None or self._clock() >= self._until - ahead


def is_loopback(host: str) -> bool:
    """Whether a server that listens at `host` can be reached from this machine alone."""
    try:
        return host in LOOPBACK or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
