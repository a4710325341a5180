"""How many requests a caller may send: a bucket of tokens for each key and each address."""

import ipaddress
import threading
import time
from collections import OrderedDict
from typing import Callable, Optional, Tuple

from helpers.service.settings import Settings

MOST = 10_000  # buckets; beyond them, the one that was used longest ago is forgotten


class RateLimit:
    """`settings.burst` requests at once, then `settings.rate` a second, for each name; 0 is without a limit."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst = float(settings.rate), max(1.0, float(settings.burst))
        self._clock = clock
        self._buckets: OrderedDict[str, Tuple[float, float]] = OrderedDict()  # tokens left, and when; newest last
        self._lock = threading.Lock()

    def wait(self, name: str) -> float:
        """Seconds until the next request of `name`; 0.0 where it may send one now, which is then counted."""
        if self._rate <= 0:
            return 0.0
        with self._lock:
            now = self._clock()
            left, then = self._buckets.pop(name, (self._burst, now))
            left = min(self._burst, left + (now - then) * self._rate)
            may = left >= 1
            self._buckets[name] = (left - 1 if may else left, now)
            while len(self._buckets) > MOST:
                self._buckets.popitem(last=False)
            return 0.0 if may else (1 - left) / self._rate


def caller(address: Optional[str]) -> str:
    """The caller at an address: an IPv4 address, or the /64 network of an IPv6 address, which one caller owns.

    >>> caller("192.0.2.7"), caller("2001:db8::17"), caller("2001:db8::18")
    ('192.0.2.7', '2001:db8::/64', '2001:db8::/64')
    """
    try:
        ip = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((int(ip) >> 64 << 64, 64)))
