"""What the service says of its requests: one line each, without keys, and without what was asked for."""

import logging
import re
import sys
import time
from typing import Optional

LOG = logging.getLogger("kinframe.service")

_KEY = re.compile(r"kf_[A-Za-z0-9_-]+")
_LONGEST = 500  # characters of a path, or of what an error says


class _Lines(logging.Formatter):
    """Lines that begin with the time in UTC, and never hold a key."""

    converter = staticmethod(time.gmtime)  # type: ignore[assignment]
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return _KEY.sub("kf_…", super().format(record))


def start_logging() -> None:
    """Send the lines of the service and its jobs, and what its server warns of, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    for name, level in ((LOG.name, logging.INFO), ("helpers", logging.INFO), ("uvicorn.error", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False


def log_request(request: str, method: str, path: str, status: int, seconds: float, key: Optional[str]) -> None:
    """One line about one request; `key` is the name of its key, and `path` comes without a query."""
    who = f" key={_word(key)}" if key else ""
    LOG.info("%s %s %s %d %.1f ms%s", request, _word(method), _word(path), status, 1000 * seconds, who)


def printable(text: str) -> str:
    """The text in one line: what a terminal would follow, or take for the end of a line, is written out."""
    shown = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown)


def _word(text: str) -> str:
    return printable(text).replace(" ", "\\x20")
