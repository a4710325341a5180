"""How often somebody may ask: a bucket of tokens for each key and for each address."""

import ipaddress
import threading
import time
from collections import OrderedDict
from typing import Callable, Optional, Tuple

from helpers.service.settings import Settings

MOST = 10_000  # buckets that are kept; beyond them, who asked longest ago is forgotten, as if they had never asked


class Rate:
    """`settings.burst` requests at once, then `settings.rate` a second, for each name; 0 is without a limit."""

    def __init__(self, settings: Settings, *, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst = float(settings.rate), max(1.0, float(settings.burst))
        self._most, self._clock = most, clock
        self._buckets: OrderedDict[str, Tuple[float, float]] = OrderedDict()  # tokens left, and when; newest last
        self._lock = threading.Lock()

    def wait(self, name: str) -> float:
        """Seconds until `name` may ask again; 0.0 where it may now, and then this was its request."""
        if self._rate <= 0:
            return 0.0
        with self._lock:
            now = self._clock()
            left, then = self._buckets.pop(name, (self._burst, now))
            left = min(self._burst, left + (now - then) * self._rate)
            may = left >= 1
            self._buckets[name] = (left - 1 if may else left, now)
            while len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
            return 0.0 if may else (1 - left) / self._rate

    def __len__(self) -> int:
        """How many names are remembered."""
        return len(self._buckets)


def caller(address: Optional[str]) -> str:
    """Whom an address stands for: itself, or the network of an IPv6 address, of which one caller has 2⁶⁴.

    >>> caller("192.0.2.7"), caller("2001:db8::17"), caller("2001:db8::18")
    ('192.0.2.7', '2001:db8::/64', '2001:db8::/64')
    """
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
