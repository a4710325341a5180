"""One writer at a time among all processes and notebooks: a lock file that exists while one of them writes."""

import contextlib
import os
import time
import uuid
from pathlib import Path
from typing import Callable, Iterator, Optional

from helpers.files.reading import read_regular

_STALE = 10.0  # seconds after which an unchanged lock has been left behind: writing takes far less
_PATIENCE = 60.0  # seconds to wait for others
_PAUSE = 0.02
_LONGEST = 1000  # bytes of a mark


class Busy(OSError):
    """Others have held the lock all the time."""


class Lost(OSError):
    """Another process took the lock over, since this one did nothing for too long."""


@contextlib.contextmanager
def locked(path: Path) -> Iterator[Callable[[], None]]:
    """Hold the lock file `path`: `with locked(path) as still_ours: ...`.

    A lock that a process left behind when it was killed is taken over after ten
    seconds. A process that slept for as long may have lost its own: it calls
    `still_ours()` before it writes, which then raises `Lost`. Raises `Busy`
    after a minute, and `OSError` where the folder cannot be written.
    """
    mark = uuid.uuid4().hex
    _take(path, mark)
    try:

        def still_ours() -> None:
            if _mark(path) != mark:
                raise Lost(f"{path} was taken over")

        yield still_ours
    finally:
        if _mark(path) == mark:
            with contextlib.suppress(OSError):
                path.unlink()


def _take(path: Path, mark: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    begin = since = time.monotonic()
    seen: Optional[str] = None
    while True:
        try:
            with path.open("x", encoding="ascii") as file:
                file.write(mark)
            return
        except FileExistsError:
            pass
        except PermissionError:  # of Windows, while another process removes it
            if not path.exists() and time.monotonic() - begin > 1:
                raise
        now, holder = time.monotonic(), _mark(path)  # the clock of a shared disk may be wrong
        if holder != seen:
            seen, since = holder, now
        elif holder is not None and now - since > _STALE:
            _remove(path, holder)
        if now - begin > _PATIENCE:
            raise Busy(f"{path} has been in use for a minute")
        time.sleep(_PAUSE)


def _remove(path: Path, mark: str) -> None:
    """Remove a stale lock, and no other; of several processes that try, one succeeds."""
    aside = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    with contextlib.suppress(OSError):
        path.rename(aside)
        try:
            if _mark(aside) != mark:  # another process was quicker, and holds this lock
                os.link(aside, path)
        finally:
            aside.unlink()


def _mark(path: Path) -> Optional[str]:
    """The content of the lock, which is its holder's mark; None where there is no lock."""
    try:
        return read_regular(path, most=_LONGEST).decode("ascii", "replace")
    except OSError:
        return None
