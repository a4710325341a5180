"""Checks that text and JSON from outside can be kept by both databases, and sent again."""

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Tuple

from helpers.files.cache import cache_folder

MOST_DETAILS = 65_536  # characters of a product's details as JSON
_DEEPEST = 20  # levels of lists and objects

_NAME = r"[^\s/\\:;,'\"()<>|]+"
# Before the last name of a path: of Linux and macOS, of Windows, and of a share.
_PLACE = re.compile(rf"(?<![\w.:/\\])(?:/(?:{_NAME}/)+|(?:[A-Za-z]:\\|\\\\)(?:{_NAME}\\)*)")
_ADDRESSES = (  # of a database or a cluster, as ours, libpq and Dask write them; and of anything, with a password
    (re.compile(r"\b(?!https?://)[a-z][a-z0-9+.-]{1,30}://[^\s'\")\]]*[^\s'\")\].,:;]", re.IGNORECASE), "…"),
    (re.compile(r"(?<=://)[^/\s@]*@"), ""),
    (re.compile(r"\b(host|hostaddr|user|password|passfile|dbname)=('[^']*'|\S+)"), r"\1=…"),
    (re.compile(r'\b(server at|host name|user|role|database) "[^"]*"(?: \([\da-fA-F.:]+\))?'), r"\1 …"),
)


def check_text(text: str) -> str:
    """The text itself; raises `ValueError` where it has a NUL or a lone surrogate, which PostgreSQL refuses."""
    if "\0" in text:
        raise ValueError("a NUL character is not allowed")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("half a character (a lone surrogate) is not allowed") from None
    return text


def check_details(details: Dict[str, Any]) -> Dict[str, Any]:
    """The details themselves; raises `ValueError` where they are too large, too deep, or not JSON."""
    waiting: List[Tuple[Any, int]] = [(details, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, (dict, list)) and depth > _DEEPEST:
            raise ValueError(f"more than {_DEEPEST} levels of lists and objects")
        if isinstance(value, dict):
            waiting += [(name, depth) for name in value]
        if isinstance(value, str):
            check_text(value)
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        waiting += [(child, depth + 1) for child in children]
    try:
        length = len(json.dumps(details, allow_nan=False))
    except ValueError:
        raise ValueError("NaN and infinite numbers are not JSON") from None
    if length > MOST_DETAILS:
        raise ValueError(f"{length:,} characters as JSON; the limit is {MOST_DETAILS:,}")
    return details


def without_places(text: str, *known: str) -> str:
    """The text without the folders of this machine and the addresses of databases, for callers.

    Of a path, its last name stays. `known` are folders whose names may hold anything, such as blanks.

    >>> without_places("/srv/my photos/a/b.jpg: cut off; see /var/log/x.log", "/srv/my photos")
    'a/b.jpg: cut off; see …/x.log'
    """
    places = {place.rstrip("/\\") for place in known} - {""}  # in a container, somebody's home may be /
    for place in sorted(places, key=len, reverse=True):
        text = re.sub(re.escape(place) + r"([/\\]|(?![\w.-]))", lambda found: "" if found[1] else "…", text)
    for address, instead in _ADDRESSES:
        text = address.sub(instead, text)
    return _PLACE.sub("…/", text)


def places_here() -> Tuple[str, ...]:
    """The folders that errors name most: the cache, what is temporary, the home of the account, Python."""
    return str(cache_folder()), str(Path.home()), tempfile.gettempdir(), sys.prefix
