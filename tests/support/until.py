"""Waiting on a condition, in tests that have threads or processes beside them."""

import time
from typing import Any, Callable

HANGS = 120.0  # seconds: no measure of speed, but where a test fails instead of standing still


def until(look: Callable[[], Any], is_so: Callable[[Any], Any] = bool, seconds: float = HANGS) -> Any:
    """What `look` gives as soon as it is so."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if is_so(found):
            return found
        assert time.monotonic() < end, f"not so after {seconds:g} s: {found!r}"
        time.sleep(0.02)
