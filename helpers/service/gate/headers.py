"""What a request says of itself before its body: who asks, for whom, from where, and for what."""

import re
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence
from urllib.parse import urlsplit

from helpers.errors import Refused
from helpers.service.settings import LOOPBACK, Settings

LONGEST_PATH = 2_000  # bytes, as sent
LONGEST_QUERY = 16_000

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:/?#@\\\s]+)(?::(\d{1,5}))?", re.ASCII)
_OPEN = ("/", "/health", "/ready")  # and the parts of the page
_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_ASKING = ("/search", "/already-here")  # are posted, and change nothing
_READS = ("GET", "HEAD")


class Headers:
    """The headers of an ASGI request, by name in small letters."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self._values: Dict[str, List[str]] = {}
        for name, value in scope["headers"]:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1").strip())

    def all(self, name: str) -> List[str]:
        """Each value of a header."""
        return self._values.get(name, [])

    def one(self, name: str) -> Optional[str]:
        """The value of a header; None where it is not there, Refused where it is there twice."""
        values = self.all(name)
        if len(values) > 1:
            raise Refused(f"the header {name} is there {len(values)} times", 400)
        return values[0] if values else None


class Host(NamedTuple):
    """By what name, and port, the caller means to have reached this service."""

    name: str  # in small letters; an IPv6 address without its brackets
    port: Optional[int]  # None: the usual one


def host_of(headers: Headers) -> Host:
    """The `Host` of a request; raises `Refused` where there is none, or it is no host."""
    return _host(headers.one("host") or "", "the header host names no host")


def own_names(settings: Settings) -> FrozenSet[str]:
    """The names by which this service is called: those of the machine to itself, and what the settings say."""
    given = [name for name in (settings.host, *settings.names) if name]
    return frozenset((*LOOPBACK, *(_host(name, f"{name!r} is not a host").name for name in given)))


def check_path(scope: Mapping[str, Any]) -> None:
    """Raises `Refused` for an address that no caller in good faith would send; no file is looked for by it."""
    if len(scope.get("raw_path") or b"") > LONGEST_PATH or len(scope["path"]) > LONGEST_PATH:
        raise Refused(f"the path is longer than {LONGEST_PATH} bytes", 414)
    query = scope.get("query_string", b"").decode("latin-1")
    if len(query) > LONGEST_QUERY:
        raise Refused(f"the query is longer than {LONGEST_QUERY} bytes", 414)
    path = scope["path"]
    if not path.startswith("/") or _CONTROL.search(path) or "%00" in query or _CONTROL.search(query):
        raise Refused("the address holds what no address of this service does (a zero byte, a control character)", 400)
    steps = re.split(r"[/\\]", path[1:])
    if ".." in steps or "." in steps or "" in steps[:-1]:
        raise Refused("there is nothing at a path with //, /./ or /../ in it", 404)


def check_origin(headers: Headers, method: str, host: Host, names: Sequence[str] = ()) -> None:
    """Raises `Refused` where a page from elsewhere makes a browser send what is more than a look.

    `names`: by which a proxy in front is called, which may hand on another `Host`.
    """
    if method in _READS:
        return
    refused = Refused("a page from elsewhere may not send this; open the page of this service itself", 403)
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
    """What a caller must be allowed: `read`, `write`, or None where anybody may.

    >>> role_needed("GET", "/"), role_needed("POST", "/search"), role_needed("DELETE", "/images/17")
    (None, 'read', 'write')
    """
    if method in _READS:
        part = path.startswith("/page.") and "/" not in path[1:]
        return None if path in _OPEN or part else "read"
    return "read" if method == "POST" and path in _ASKING else "write"


def key_of(headers: Headers) -> Optional[str]:
    """The key of `Authorization: Bearer …`, None where there is none."""
    scheme, _, key = (headers.one("authorization") or "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def _host(text: str, message: str) -> Host:
    text = text.strip().lower()
    if text.count(":") > 1 and "[" not in text:  # an IPv6 address as the settings have it
        text = f"[{text}]"
    found = _HOST.fullmatch(text)
    if not found:
        raise Refused(message, 400)
    name = found.group(1).strip("[]")
    return Host(name[:-1] if name.endswith(".") else name, int(found.group(2)) if found.group(2) else None)
