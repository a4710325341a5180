"""The parts of a URL, and whether an IP address is public."""

import ipaddress
import re
from typing import Iterable, NamedTuple, Optional, Union
from urllib.parse import SplitResult, quote, urlsplit

from helpers.errors import Refused

LONGEST = 2_000  # characters of an address
_PORTS = {"http": 80, "https": 443}
_UNFIT = re.compile(r"[\0-\x20\x7f\\]")  # programs read these in different ways
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*", re.ASCII)
_IPV4 = re.compile(r"\d{1,3}(\.\d{1,3}){3}", re.ASCII)
_NUMBER = re.compile(r"(0x[0-9a-f]*|\d+)", re.ASCII)  # as the last label: some resolvers read 0x7f.1 as 127.0.0.1
_UNICAST = ipaddress.ip_network("2000::/3")  # all IPv6 addresses that are assigned so far
_OTHER = tuple(  # special and documentation networks; older Pythons do not know all of them
    ipaddress.ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "3fff::/20")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Address(NamedTuple):
    """The parts of an http URL."""

    scheme: str  # http or https
    host: str  # in lower case and ASCII, without a dot at the end; IPv6 without brackets
    port: int
    target: str  # path and query, as a request sends them

    def __str__(self) -> str:
        return f"{self.scheme}://{self.place}"

    @property
    def place(self) -> str:
        """Host and port, as in the header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse(url: str) -> Address:
    """The parts of a URL; raises `Refused` (422) for one that is invalid, or could be read in two ways.

    >>> parse("https://Photos.Example.org:443/a%20b.jpg?size=2#top")
    Address(scheme='https', host='photos.example.org', port=443, target='/a%20b.jpg?size=2')
    """
    if len(url) > LONGEST:
        raise Refused(f"the URL is longer than {LONGEST} characters", 422)
    if _UNFIT.search(url):
        raise Refused("the URL contains a space, a backslash or a control character", 422)
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise Refused("the URL is invalid", 422) from None
    if parts.scheme not in _PORTS:
        raise Refused("only http:// and https:// are fetched", 422)
    if "@" in parts.netloc:
        raise Refused("the URL contains a user name; leave it out", 422)
    return Address(parts.scheme, plain_host(host), _PORTS[parts.scheme] if port is None else port, _target(parts))


def plain_host(host: str) -> str:
    """A host as it is looked up: lower case, ASCII, no dot at the end; raises `Refused` (422) for an invalid one."""
    host = host.strip("[]").lower()
    try:
        if ":" in host:
            return ipaddress.IPv6Address(host.partition("%")[0]).compressed
        host = host if host.isascii() else host.encode("idna").decode("ascii").lower()
        host = host[:-1] if host.endswith(".") else host
        if _IPV4.fullmatch(host):
            return str(ipaddress.IPv4Address(host))
    except ValueError:
        raise Refused("the URL has no valid host", 422) from None
    if not _NAME.fullmatch(host) or len(host) > 253 or _NUMBER.fullmatch(host.rpartition(".")[2]):
        raise Refused("the URL has no valid host", 422)
    return host


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet: not private, local, reserved or shared, in any notation.

    >>> is_public("93.184.215.14"), is_public("10.0.0.1"), is_public("::ffff:127.0.0.1"), is_public("169.254.169.254")
    (True, False, False, False)
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:  # an IPv6 address of one link (fe80::1%eth0), or not an address
        return False
    inner = _inner(ip)
    if inner is not None:
        return is_public(str(inner))
    if (ip.version == 6 and ip not in _UNICAST) or any(ip in network for network in _OTHER):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def is_within(address: str, places: Iterable[str]) -> bool:
    """Whether an IP address is one of these addresses, or in one of these networks.

    >>> is_within("10.0.0.7", ["192.0.2.1", "10.0.0.0/24"]), is_within("10.0.1.7", ["10.0.0.0/24"])
    (True, False)
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in ipaddress.ip_network(place) for place in places)


def _inner(ip: Union[ipaddress.IPv4Address, ipaddress.IPv6Address]) -> Optional[ipaddress.IPv4Address]:
    """The IPv4 address within an IPv6 address: mapped, 6to4, NAT64."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return f"{path}?{quote(parts.query, safe='/?%:@!$&()*+,;=~-._[]|')}" if parts.query else path
