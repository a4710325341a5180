"""Where an address leads: what of it is written, and whether the machine that it means is a public one."""

import ipaddress
import re
from typing import NamedTuple, Optional, Union
from urllib.parse import SplitResult, quote, urlsplit

from helpers.errors import Refused

LONGEST = 2_000  # characters of an address
_PORTS = {"http": 80, "https": 443}
_UNFIT = re.compile(r"[\0-\x20\x7f\\]")  # which programs read in different ways, and none needs
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*", re.ASCII)
_IPV4 = re.compile(r"\d{1,3}(\.\d{1,3}){3}", re.ASCII)
_NUMBER = re.compile(r"(0x[0-9a-f]*|\d+)", re.ASCII)  # as a last label: some resolvers read 0x7f.1 as 127.0.0.1
_UNICAST = ipaddress.ip_network("2000::/3")  # all that is given out of IPv6
_OTHER = tuple(  # for the use of networks themselves, and for examples: older Pythons do not know all of them
    ipaddress.ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "3fff::/20")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Address(NamedTuple):
    """An http address, taken apart."""

    scheme: str  # http or https
    host: str  # in small letters and ASCII, without a dot at the end; IPv6 without brackets
    port: int
    target: str  # path and query, as a request names them

    def __str__(self) -> str:
        return f"{self.scheme}://{self.place}"

    @property
    def place(self) -> str:
        """Host and port, as the header `Host` has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse(url: str) -> Address:
    """Take an address apart; raises `Refused` (422) for one that could be read in two ways, or that is none.

    >>> parse("https://Photos.Example.org:443/a%20b.jpg?size=2#top")
    Address(scheme='https', host='photos.example.org', port=443, target='/a%20b.jpg?size=2')
    """
    if len(url) > LONGEST:
        raise Refused(f"the URL is longer than {LONGEST} characters", 422)
    if _UNFIT.search(url):
        raise Refused("the URL holds a space, a backslash or a control character", 422)
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise Refused("the URL is not one", 422) from None
    if parts.scheme not in _PORTS:
        raise Refused("only http:// and https:// are fetched", 422)
    if "@" in parts.netloc:
        raise Refused("the URL names a user; only addresses without one are fetched", 422)
    return Address(parts.scheme, plain_host(host), _PORTS[parts.scheme] if port is None else port, _target(parts))


def plain_host(host: str) -> str:
    """A host as it is looked up: small letters, ASCII, no dot at the end; raises `Refused` (422) for what is none."""
    host = host.strip("[]").lower()
    try:
        if ":" in host:
            return ipaddress.IPv6Address(host.partition("%")[0]).compressed
        host = host if host.isascii() else host.encode("idna").decode("ascii").lower()
        host = host[:-1] if host.endswith(".") else host
        if _IPV4.fullmatch(host):
            return str(ipaddress.IPv4Address(host))
    except ValueError:
        raise Refused("the URL names no host", 422) from None
    if not _NAME.fullmatch(host) or len(host) > 253 or _NUMBER.fullmatch(host.rpartition(".")[2]):
        raise Refused("the URL names no host", 422)
    return host


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet: not private, local, reserved or shared, however it is written.

    >>> is_public("93.184.215.14"), is_public("10.0.0.1"), is_public("::ffff:127.0.0.1"), is_public("169.254.169.254")
    (True, False, False, False)
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # an IPv6 address of one link (fe80::1%eth0), or none at all
        return False
    inner = _inner(found)
    if inner is not None:
        return is_public(str(inner))
    if (found.version == 6 and found not in _UNICAST) or any(found in network for network in _OTHER):
        return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def _inner(found: Union[ipaddress.IPv4Address, ipaddress.IPv6Address]) -> Optional[ipaddress.IPv4Address]:
    """The IPv4 address that an IPv6 address only wraps: mapped, 6to4, NAT64."""
    if isinstance(found, ipaddress.IPv4Address):
        return None
    if found in _NAT64:
        return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found.ipv4_mapped or found.sixtofour


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return f"{path}?{quote(parts.query, safe='/?%:@!$&()*+,;=~-._[]|')}" if parts.query else path
