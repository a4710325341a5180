"""The log of the service: one line a request, without keys and queries."""

import logging
import re
import sys
import time
from typing import Optional

LOG = logging.getLogger("kinframe.service")

_KEY = re.compile(r"kf_[A-Za-z0-9_-]+")
_LONGEST = 500  # characters of a path, or of the message of an error


class _Lines(logging.Formatter):
    """Lines that begin with the time in UTC, and never contain a key."""

    converter = staticmethod(time.gmtime)  # type: ignore[assignment]
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return _KEY.sub("kf_…", super().format(record))


def start_logging() -> None:
    """Send the log of the service and its jobs, and warnings of its server, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    for name, level in ((LOG.name, logging.INFO), ("helpers", logging.INFO), ("uvicorn.error", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # a broken form has its line among the requests


def log_request(request: str, method: str, path: str, status: int, seconds: float, key: Optional[str]) -> None:
    """Log a request; `key` is the name of its key, and `path` has no query."""
    name = f" key={_word(key)}" if key else ""
    LOG.info("%s %s %s %d %.1f ms%s", request, _word(method), _word(path), status, 1000 * seconds, name)


def printable(text: str) -> str:
    """The text in one line: characters that control a terminal, or end a line, are escaped."""
    shown = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown)


def _word(text: str) -> str:
    return printable(text).replace(" ", "\\x20")
