"""Who has a page open, and who may open one more: each page has a process behind it, which costs memory."""

import time
from typing import Callable, Dict, List, Optional

from helpers.errors import Refused

MOST = 40  # pages that may be open at once, where the memory is there
EACH = 8  # pages of one address
SOCKETS = 4  # lines to one kernel: a page has one, and a second while it connects again
PAGE_BYTES = 250 * 10**6  # of memory that a page takes, with 10,000 photos and a network that is open
PATIENCE = 60.0  # seconds after its page was sent in which a kernel must be connected to
RETURN = 30.0  # seconds in which a page whose line broke can connect again


def places() -> int:
    """How many pages there is memory for now, from 2 to `MOST`."""
    import psutil

    return int(min(MOST, max(2, psutil.virtual_memory().available // PAGE_BYTES)))


class Visit:
    """One page: from the moment it is asked for until its kernel has ended."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.kernel: Optional[str] = None  # its id, as soon as it has one
        self.sent: Optional[float] = None  # when the whole page was sent, or given up
        self.sockets = 0  # open lines to its kernel
        self.left: Optional[float] = None  # when the last of them was closed


class Visits:
    """The pages that are open: at most `most`, of which `each` may be of one address.

    `is_running` has the answer whether a kernel is still there, by its id.
    """

    def __init__(
        self,
        is_running: Callable[[str], bool],
        *,
        most: int = MOST,
        each: int = EACH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_running, self._most, self._each, self._clock = is_running, most, each, clock
        self._visits: List[Visit] = []

    def enter(self, address: str) -> Visit:
        """One page more; raises `Refused`: 429 where this address has its share, 503 where all places are taken."""
        self._forget()
        if len(self._visits) >= self._most:
            raise Refused(f"{self._most} of these pages are open, as many as there is room for; try again later", 503)
        if sum(visit.address == address for visit in self._visits) >= self._each:
            raise Refused(
                f"{self._each} of these pages are open at your address; close one, or try again in a minute", 429
            )
        visit = Visit(address)
        self._visits.append(visit)
        return visit

    def sent(self, visit: Visit) -> None:
        """Its page was sent, or given up before."""
        visit.sent = self._clock()
        if visit.kernel is None:  # it came to nothing
            self._visits.remove(visit)

    def connect(self, kernel: str) -> Visit:
        """One more line to a kernel; raises `Refused`: 404 for one without a page, 429 for too many lines."""
        self._forget()
        visit = self._by_kernel().get(kernel)
        if visit is None:
            raise Refused("there is no such page; load it again", 404)
        if visit.sockets >= SOCKETS:
            raise Refused("this page is connected already", 429)
        visit.sockets += 1
        return visit

    def disconnect(self, visit: Visit) -> None:
        """One of its lines was closed: by the page, or with it."""
        visit.sockets -= 1
        visit.left = self._clock()

    def abandoned(self) -> List[str]:
        """The kernels that nobody is connected to any more, or ever was, for too long."""
        self._forget()
        now = self._clock()

        def is_late(visit: Visit) -> bool:
            if visit.left is not None:
                return visit.left + RETURN <= now
            return visit.sent is not None and visit.sent + PATIENCE <= now

        return [kernel for kernel, visit in self._by_kernel().items() if not visit.sockets and is_late(visit)]

    def _by_kernel(self) -> Dict[str, Visit]:
        return {visit.kernel: visit for visit in self._visits if visit.kernel is not None}

    def _forget(self) -> None:
        """Take out those whose kernels have ended."""
        self._visits = [each for each in self._visits if each.kernel is None or self._is_running(each.kernel)]
