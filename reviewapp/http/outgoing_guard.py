"""Which addresses the server may call: public ones by https, and what `OUTBOUND_ALLOW` lists.

Whoever may type an address (of a webhook, of a provider) could otherwise make the server read what only it can reach:
its own services, the neighbours in its network, the metadata service of its cloud.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings

from reviewapp.http.errors import InvalidError

Address = IPv4Address | IPv6Address
MAX_URL = 2000
_PORTS = {"https": 443, "http": 80}
# Not public whatever the standard library's version of the registries says; the last two are clouds' own services.
_NEVER = tuple(
    ip_network(text)
    for text in [
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "fec0::/10",
        "64:ff9b:1::/48",
        "2001::/23",
        "168.63.129.16/32",
        "fd00:ec2::254/128",
    ]
)
_NAT64 = IPv6Network("64:ff9b::/96")


class OutgoingRefusedError(InvalidError):
    """The server must not call this address."""

    code = "address_refused"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads: scheme, host as it is looked up, and port."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class _Allowed:
    """`OUTBOUND_ALLOW`, read: hosts (with any port, or with one), and networks."""

    hosts: frozenset[tuple[str, int | None]]
    networks: tuple[object, ...]

    def host(self, place: Place) -> bool:
        return bool({(place.host, None), (place.host, place.port)} & self.hosts)

    def address(self, address: Address) -> bool:
        return any(address in network for network in self.networks)  # type: ignore[operator]


def place_of(url: str) -> Place:
    """Return where an address leads, or refuse what is no plain web address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise OutgoingRefusedError("This is not a web address.") from None
    if parts.scheme not in _PORTS or not host or len(url) > MAX_URL or not url.isprintable() or " " in url:
        raise OutgoingRefusedError("Write a whole web address, such as https://hooks.example.org/review.")
    if parts.username is not None or parts.password is not None:
        raise OutgoingRefusedError("An address must not carry a name or password: it would be shown and logged.")
    return Place(parts.scheme, _plain(host), port or _PORTS[parts.scheme])


def check_url(url: str, *, must_resolve: bool = True) -> None:
    """Refuse an address that the server may not call, as its name resolves now.

    It is asked when an address is saved, for a kind message; what counts is that every connection asks again. Without
    `must_resolve` a name that cannot be looked up now may be saved: what is set up today may be called from elsewhere.
    """
    place = place_of(url)
    try:
        checked_addresses(place)
    except OSError:
        if not must_resolve:
            return
        raise OutgoingRefusedError(f"The name {place.host} cannot be resolved.") from None


def checked_addresses(place: Place) -> list[str]:
    """Resolve the host and return the addresses that may be connected to; refuse it whole where one is not public.

    Raises OSError where the name cannot be resolved. The caller connects to what is returned and never resolves again:
    a name that changes its mind between check and connection gains nothing.
    """
    allowed = _allowed(tuple(settings.OUTBOUND_ALLOW))
    addresses = _resolve(place)
    if allowed.host(place):
        return [str(address) for address in addresses]
    listed = [allowed.address(address) for address in addresses]
    if not all(found or is_public(address) for found, address in zip(listed, addresses, strict=True)):
        raise OutgoingRefusedError(
            f"{place.host} is not a public address. An operator can list it in OUTBOUND_ALLOW if it is meant."
        )
    if place.scheme != "https" and not all(listed):
        raise OutgoingRefusedError(
            f"{place.host} would be called without encryption. Use https, or have an operator list it in"
            " OUTBOUND_ALLOW."
        )
    return [str(address) for address in addresses]


def is_public(address: Address) -> bool:
    """Tell whether an address belongs to the public internet, also where it stands for an IPv4 address inside."""
    if isinstance(address, IPv6Address):
        inner = _inside(address)
        if inner:
            return all(is_public(each) for each in inner)
    return address.is_global and not address.is_multicast and not any(address in network for network in _NEVER)


def _inside(address: IPv6Address) -> Sequence[IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address carries: whoever routes it may end there."""
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return ()


def _resolve(place: Place) -> list[Address]:
    found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    # A scope (fe80::1%eth0) is no part of the address that is judged, and none that has one is public.
    return [ip_address(text) for text in dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)]


def _plain(host: str) -> str:
    return host.rstrip(".").lower()


@lru_cache(maxsize=8)
def _allowed(entries: tuple[str, ...]) -> _Allowed:
    hosts: set[tuple[str, int | None]] = set()
    networks: list[object] = []
    for entry in entries:
        try:
            networks.append(ip_network(entry.strip("[]"), strict=False))
        except ValueError:
            parts = urlsplit(f"//{entry}")
            if parts.hostname:
                hosts.add((_plain(parts.hostname), parts.port))
    return _Allowed(frozenset(hosts), tuple(networks))
