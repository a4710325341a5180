"""Checks of a request before its body: its address, host, origin and key, and the role that it needs."""

import re
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence
from urllib.parse import urlsplit

from helpers.errors import Refused
from helpers.service.settings import LOOPBACK, Settings

LONGEST_PATH = 2_000  # bytes, as sent
LONGEST_QUERY = 16_000

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:/?#@\\\s]+)(?::(\d{1,5}))?", re.ASCII)
_OPEN = ("/", "/health", "/ready")  # need no key, nor do the files of the page
_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_SEARCHES = ("/search", "/already-here")  # are posted, and change nothing
_READS = ("GET", "HEAD")


class Headers:
    """The headers of an ASGI request, by their name in lower case."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self._values: Dict[str, List[str]] = {}
        for name, value in scope["headers"]:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1").strip())

    def all(self, name: str) -> List[str]:
        """All values of a header."""
        return self._values.get(name, [])

    def one(self, name: str) -> Optional[str]:
        """The value of a header, or None; raises `Refused` where there are several."""
        values = self.all(name)
        if len(values) > 1:
            raise Refused(f"the header {name} is sent {len(values)} times", 400)
        return values[0] if values else None


class Host(NamedTuple):
    """The name and port by which the caller reached this service."""

    name: str  # in lower case; an IPv6 address without its brackets
    port: Optional[int]  # None is the default port


def host_of(headers: Headers) -> Host:
    """The header `Host` of a request; raises `Refused` where it is missing or invalid."""
    return _host(headers.one("host") or "", "the header host is missing or invalid")


def own_names(settings: Settings) -> FrozenSet[str]:
    """The host names of this service: those of the machine to itself, and those in the settings."""
    chosen = [name for name in (settings.host, *settings.names) if name]
    return frozenset((*LOOPBACK, *(_host(name, f"{name!r} is not a host").name for name in chosen)))


def check_path(scope: Mapping[str, Any]) -> None:
    """Raises `Refused` for paths and queries that are too long, or contain control characters or steps like `..`."""
    if len(scope.get("raw_path") or b"") > LONGEST_PATH or len(scope["path"]) > LONGEST_PATH:
        raise Refused(f"the path is longer than {LONGEST_PATH} bytes", 414)
    query = scope.get("query_string", b"").decode("latin-1")
    if len(query) > LONGEST_QUERY:
        raise Refused(f"the query is longer than {LONGEST_QUERY} bytes", 414)
    path = scope["path"]
    if not path.startswith("/") or _CONTROL.search(path) or "%00" in query or _CONTROL.search(query):
        raise Refused("the address contains a zero byte or a control character", 400)
    steps = re.split(r"[/\\]", path[1:])
    if ".." in steps or "." in steps or "" in steps[:-1]:
        raise Refused("there is nothing at a path with //, /./ or /../ in it", 404)


def check_origin(headers: Headers, method: str, host: Host, names: Sequence[str] = ()) -> None:
    """Raises `Refused` for requests other than GET and HEAD that a page of another origin made a browser send.

    `names` are those of a proxy in front, which may forward another `Host`.
    """
    if method in _READS:
        return
    refused = Refused("a page from elsewhere may not send this; use the page of this service itself", 403)
    if headers.one("sec-fetch-site") == "cross-site":
        raise refused
    origin = headers.one("origin")
    if origin is None:
        return
    try:
        parts = urlsplit(origin)
        here = _host(parts.netloc, "")
    except (ValueError, Refused):
        raise refused from None
    if parts.scheme not in ("http", "https"):
        raise refused
    usual = {None, 443 if parts.scheme == "https" else 80}
    same = here.name == host.name and (here.port == host.port or {here.port, host.port} <= usual)
    if not same and here.name not in {_host(name, "").name for name in names}:
        raise refused


def role_needed(method: str, path: str) -> Optional[str]:
    """The role that a request needs: `read`, `write`, or None where anybody may send it.

    >>> role_needed("GET", "/"), role_needed("POST", "/search"), role_needed("DELETE", "/images/17")
    (None, 'read', 'write')
    """
    if method in _READS:
        part = path.startswith("/page.") and "/" not in path[1:]
        return None if path in _OPEN or part else "read"
    return "read" if method == "POST" and path in _SEARCHES else "write"


def key_of(headers: Headers) -> Optional[str]:
    """The key in `Authorization: Bearer …`, or None."""
    scheme, _, key = (headers.one("authorization") or "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def _host(text: str, message: str) -> Host:
    text = text.strip().lower()
    if text.count(":") > 1 and "[" not in text:  # an IPv6 address, as in the settings
        text = f"[{text}]"
    match = _HOST.fullmatch(text)
    if not match:
        raise Refused(message, 400)
    name = match.group(1).strip("[]")
    return Host(name[:-1] if name.endswith(".") else name, int(match.group(2)) if match.group(2) else None)
