"""Fetches photos from other hosts: allowed ones, at public addresses, within limits of size and time."""

import contextlib
import functools
import http.client
import io
import socket
import ssl
import threading
import time
from typing import Any, Callable, Iterator, List, Optional, Tuple
from urllib.parse import urljoin

from helpers.errors import Refused
from helpers.service.gate.addresses import Address, is_public, parse, plain_host
from helpers.service.settings import Settings

REDIRECTS = 3
_MOVED = (301, 302, 303, 307, 308)
_BLOCK = 65_536
_CONNECT = 5.0  # seconds for one of a host's addresses, of which another may answer
_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "Kinframe", "Connection": "close"}
_FAILED = 424  # the status where an allowed host fails


class Fetcher:
    """Fetches from `settings.allowed_hosts` alone.

    An entry `host` allows the default ports of http and https, `host:port`
    that port. A name is looked up once: all its addresses must be public, and
    the connection goes to one of these. Redirects are followed `REDIRECTS`
    times and checked like the first address. Only the request is sent: no
    cookie, no password, and no proxy of the environment is used.

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
        """The certificates that this machine trusts."""
        return ssl.create_default_context()

    def get(self, url: str) -> bytes:
        """The content of a URL, which may be anything.

        Raises `Refused`: 422 for an invalid URL, 403 for a host that is not
        allowed or not public, 413 for more than `upload_bytes`, 424 where the
        host does not answer with a file within `upload_seconds`.
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
        raise Refused(f"{address.host} redirects more than {REDIRECTS} times", _FAILED)

    def _check_allowed(self, address: Address) -> None:
        usual = address.port == (443 if address.scheme == "https" else 80)
        if (address.host, address.port) in self._allowed or (usual and (address.host, None) in self._allowed):
            return
        where = address.place if self._allowed else "other hosts"
        raise Refused(
            f"this service does not fetch from {where}: send the photo itself, or have it started with --allow-host",
            403,
        )

    @contextlib.contextmanager
    def _connected(self, address: Address, deadline: float) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection(address.host, address.port)
        line = self._connect(address, deadline)
        try:
            if address.scheme == "https":
                line.settimeout(_left(deadline))
                line = self.tls.wrap_socket(line, server_hostname=address.host)
            connection.sock = _DeadlineSocket(line, deadline)  # type: ignore[assignment]
            yield connection
        finally:
            connection.close()
            line.close()

    def _connect(self, address: Address, deadline: float) -> socket.socket:
        """A connection to one of the addresses that were checked."""
        failure: Optional[OSError] = None
        for family, kind, protocol, place in self._looked_up(address, deadline):
            line = socket.socket(family, kind, protocol)
            try:
                line.settimeout(min(_CONNECT, _left(deadline)))
                line.connect(place)
                return line
            except OSError as error:
                line.close()
                failure = error
        raise failure or OSError("it has no address")

    def _looked_up(self, address: Address, deadline: float) -> List[Tuple[Any, Any, int, Any]]:
        answer: List[Any] = []

        def look() -> None:
            with contextlib.suppress(OSError, UnicodeError):
                answer.extend(self._resolve(address.host, address.port, type=socket.SOCK_STREAM))

        thread = threading.Thread(target=look, daemon=True)  # a lookup takes no timeout
        thread.start()
        thread.join(_left(deadline))
        if thread.is_alive():
            raise socket.timeout
        if not answer:
            raise OSError("its name is unknown")
        rows = [(family, kind, protocol, place) for family, kind, protocol, _, place in answer]
        if not all(self._allowed_address(str(place[0])) for *_, place in rows):
            raise Refused(f"{address.host} is not at a public address, and is not fetched from", 403)
        return rows

    def _content(self, address: Address, answer: http.client.HTTPResponse) -> bytes:
        if answer.status != 200:
            raise Refused(f"{address.host} does not provide it (status {answer.status})", _FAILED)
        if answer.getheader("Content-Encoding", "identity").lower() != "identity":
            raise Refused(f"{address.host} sends it compressed, although it should not", _FAILED)
        if (answer.length or 0) > self._most:
            raise self._too_large(address)
        blocks, size = [], 0
        while block := answer.read1(_BLOCK):
            blocks.append(block)
            size += len(block)
            if size > self._most:
                raise self._too_large(address)
        if answer.length:
            raise OSError("it is incomplete")
        return b"".join(blocks)

    def _too_large(self, address: Address) -> Refused:
        return Refused(f"what {address.host} sends is larger than {self._most:,} bytes, the limit of this service", 413)


class _DeadlineSocket:
    """A socket as http.client uses it, but with a deadline, however slowly the other side reads and writes."""

    def __init__(self, line: socket.socket, deadline: float) -> None:
        self._line, self._deadline = line, deadline

    def sendall(self, data: bytes) -> None:
        self._line.settimeout(_left(self._deadline))
        self._line.sendall(data)

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self._line, self._deadline), _BLOCK)

    def close(self) -> None:
        """Does nothing: `_connected` closes the socket, once the answer was read."""


class _DeadlineReader(io.RawIOBase):
    def __init__(self, line: socket.socket, deadline: float) -> None:
        self._line, self._deadline = line, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._line.settimeout(_left(self._deadline))
        return self._line.recv_into(buffer)


@contextlib.contextmanager
def _failures(address: Address, seconds: float) -> Iterator[None]:
    """Raises `Refused` for what goes wrong with an allowed host, without the details of the error."""
    try:
        yield
    except socket.timeout:
        raise Refused(f"{address.host} did not send it within {seconds:g} s", _FAILED) from None
    except ssl.SSLError:
        raise Refused(f"no secure connection to {address.host}; is its certificate valid?", _FAILED) from None
    except (OSError, http.client.HTTPException, ValueError):
        raise Refused(f"{address.host} cannot be reached, or does not answer as a web server does", _FAILED) from None


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise socket.timeout
    return left


def _entry(text: str) -> Tuple[str, Optional[int]]:
    """An entry of `allowed_hosts`: host, and port or None; raises `Refused` for an invalid one."""
    bare = text.strip()
    if bare.count(":") > 1 and not bare.startswith("["):
        return plain_host(bare), None
    host, colon, port = bare.rpartition(":") if not bare.endswith("]") else (bare, "", "")
    if not colon:
        return plain_host(bare), None
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise Refused(f"--allow-host {text!r}: {port!r} is not a port", 422)
    return plain_host(host), int(port)
