"""Fetching a photo from another host: one that is allowed, at a public address, and within limits."""

import contextlib
import functools
import http.client
import io
import socket
import ssl
import threading
import time
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple
from urllib.parse import urljoin

from helpers.errors import Refused
from helpers.service.gate.addresses import Address, is_public, parse, plain_host
from helpers.service.settings import Settings

REDIRECTS = 3
_MOVED = (301, 302, 303, 307, 308)
_BLOCK = 65_536
_CONNECT = 5.0  # seconds for one of a host's addresses, of which another may answer
_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "Kinframe", "Connection": "close"}
_FAILED = 424  # the status of what an allowed host did not do


class Fetcher:
    """Fetches from `settings.allowed_hosts` alone.

    An entry `host` allows the usual port of http and of https, `host:port`
    that port. A name is looked up once: all its addresses must be public, and
    the connection goes to one of those that were looked at. Redirects are
    followed `REDIRECTS` times and checked like the first address. Nothing is
    sent but the request: no cookie, no password, no proxy of the environment.

    `resolve` and `allowed_address` are for tests.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        resolve: Callable[..., List[Any]] = socket.getaddrinfo,
        allowed_address: Callable[[str], bool] = is_public,
    ) -> None:
        self._most, self._seconds = settings.upload_bytes, settings.upload_seconds
        self._resolve, self._allowed_address = resolve, allowed_address
        self._allowed = frozenset(_entry(text) for text in settings.allowed_hosts)

    @functools.cached_property
    def tls(self) -> ssl.SSLContext:
        """Whom https believes: those whom this machine believes."""
        return ssl.create_default_context()

    def get(self, url: str) -> bytes:
        """The content of an address, which need be no photo.

        Raises `Refused`: 422 for what is no address, 403 for a host that is not
        allowed or not public, 413 for more than `upload_bytes`, 424 where the
        host does not answer, or not with a file, within `upload_seconds`.
        """
        deadline = time.monotonic() + self._seconds
        address = parse(url)
        for _ in range(REDIRECTS + 1):
            self._check_allowed(address)
            with _failures(address, self._seconds), self._connected(address, deadline) as connection:
                connection.request("GET", address.target, headers={"Host": address.place, **_HEADERS})
                answer = connection.getresponse()
                if answer.status not in _MOVED:
                    return self._content(address, answer)
                where = answer.getheader("Location", "")
            address = parse(urljoin(f"{address}{address.target}", where))
        raise Refused(f"{address.host} leads on more than {REDIRECTS} times", _FAILED)

    def _check_allowed(self, address: Address) -> None:
        usual = address.port == (443 if address.scheme == "https" else 80)
        if (address.host, address.port) in self._allowed or (usual and (address.host, None) in self._allowed):
            return
        if not self._allowed:
            raise Refused(
                "this service fetches from nowhere: send the photo itself, or have it started with --allow-host", 403
            )
        raise Refused(f"this service does not fetch from {address.place}: --allow-host says from where it does", 403)

    @contextlib.contextmanager
    def _connected(self, address: Address, deadline: float) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection(address.host, address.port)
        line = self._connect(address, deadline)
        try:
            if address.scheme == "https":
                line.settimeout(_left(deadline))
                line = self.tls.wrap_socket(line, server_hostname=address.host)
            connection.sock = _Line(line, deadline)  # type: ignore[assignment]
            yield connection
        finally:
            connection.close()
            line.close()

    def _connect(self, address: Address, deadline: float) -> socket.socket:
        """A connection to an address that was looked at, and to no other."""
        trouble: Optional[OSError] = None
        for family, kind, protocol, place in self._looked_up(address, deadline):
            line = socket.socket(family, kind, protocol)
            try:
                line.settimeout(min(_CONNECT, _left(deadline)))
                line.connect(place)
                return line
            except OSError as error:
                line.close()
                trouble = error
        raise trouble or OSError("it has no address")

    def _looked_up(self, address: Address, deadline: float) -> List[Tuple[Any, Any, int, Any]]:
        found: Dict[str, Any] = {}

        def look() -> None:
            try:
                found["rows"] = self._resolve(address.host, address.port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                found["error"] = error

        thread = threading.Thread(target=look, daemon=True)  # a lookup cannot be told how long it may take
        thread.start()
        thread.join(_left(deadline))
        if thread.is_alive():
            raise socket.timeout
        if "error" in found:
            raise OSError("its name is not known")
        rows = [(family, kind, protocol, place) for family, kind, protocol, _, place in found["rows"]]
        if not rows or not all(self._allowed_address(str(place[0])) for *_, place in rows):
            raise Refused(f"{address.host} is not at a public address; such hosts are not fetched from", 403)
        return rows

    def _content(self, address: Address, answer: http.client.HTTPResponse) -> bytes:
        if answer.status != 200:
            raise Refused(f"{address.host} does not have it, or does not hand it out ({answer.status})", _FAILED)
        if answer.getheader("Content-Encoding", "identity").lower() != "identity":
            raise Refused(f"{address.host} sends it packed, which was not asked for", _FAILED)
        if (answer.length or 0) > self._most:
            raise self._too_large(address)
        blocks, size = [], 0
        while block := answer.read1(_BLOCK):
            blocks.append(block)
            size += len(block)
            if size > self._most:
                raise self._too_large(address)
        if answer.length:
            raise OSError("it ended before its end")
        return b"".join(blocks)

    def _too_large(self, address: Address) -> Refused:
        return Refused(f"what {address.host} sends is larger than {self._most:,} bytes, the most that is taken", 413)


class _Line:
    """A connection as http.client uses one, but with a deadline, however slowly the other side reads and writes."""

    def __init__(self, line: socket.socket, deadline: float) -> None:
        self._line, self._deadline = line, deadline

    def sendall(self, data: bytes) -> None:
        self._line.settimeout(_left(self._deadline))
        self._line.sendall(data)

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._line, self._deadline), _BLOCK)

    def close(self) -> None:
        """Nothing: whoever connected also closes, once the answer was read."""


class _Reader(io.RawIOBase):
    def __init__(self, line: socket.socket, deadline: float) -> None:
        self._line, self._deadline = line, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._line.settimeout(_left(self._deadline))
        return self._line.recv_into(buffer)


@contextlib.contextmanager
def _failures(address: Address, seconds: float) -> Iterator[None]:
    """What goes wrong with an allowed host, as `Refused`; what the machines behind it say is not passed on."""
    try:
        yield
    except socket.timeout:
        raise Refused(f"{address.host} did not send it within {seconds:g} s", _FAILED) from None
    except ssl.SSLError:
        raise Refused(f"there is no secure connection to {address.host}; is its certificate valid?", _FAILED) from None
    except (OSError, http.client.HTTPException, ValueError):
        raise Refused(f"{address.host} cannot be reached, or does not answer as a web server does", _FAILED) from None


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise socket.timeout
    return left


def _entry(text: str) -> Tuple[str, Optional[int]]:
    """An entry of `allowed_hosts`: host, and port or None; raises `Refused` for one that is none."""
    bare = text.strip()
    if bare.count(":") > 1 and not bare.startswith("["):
        return plain_host(bare), None
    host, colon, port = bare.rpartition(":") if not bare.endswith("]") else (bare, "", "")
    if not colon:
        return plain_host(bare), None
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise Refused(f"--allow-host {text!r}: {port!r} is no port", 422)
    return plain_host(host), int(port)
