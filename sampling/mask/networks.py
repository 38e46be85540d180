"""IP addresses, version 4 and 6, and MAC addresses.

Addresses that are the same everywhere (127.0.0.1, ::1, 0.0.0.0, netmasks) say nothing about anybody and stay. Four
small numbers with dots are a version where the text calls them one.
"""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from sampling.mask.kinds import Finding, Kind
from sampling.mask.passage import Passage
from sampling.mask.patterns import DASH, compile_folded

_HEX = r"[\p{Nd}A-Fa-f]"
TRIGGER = (
    r"(?:\p{Nd}{1,3}\.){3}\p{Nd}"
    rf"|(?:{_HEX}{{1,4}}:){{3}}|{_HEX}{{1,4}}::{_HEX}|::(?:{_HEX}{{1,4}}:|[fF]{{4}}:)"
    rf"|(?:{_HEX}{{2}}{DASH}){{5}}{_HEX}{{2}}|(?:{_HEX}{{4}}\.){{2}}{_HEX}{{4}}"
)

_V4 = compile_folded(rb"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_V6 = compile_folded(rb"(?:[0-9A-Fa-f]{1,4}:|::)(?:[0-9A-Fa-f]{0,4}:){0,7}[0-9A-Fa-f]{0,4}(?:(?:\.[0-9]{1,3}){3})?")
_MAC = compile_folded(
    rb"[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}"
)
_VERSION_BEHIND = re.compile(rb"-[A-Za-z]")
_WORD = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_\xe9")
_NO_HOST = re.compile(
    r"(?:\bv\.? ?|[=<>~!]=|\([<>=]+ ?|[~^]|[a-z]-"
    r"|(?:\bver|versions?|releases?|build|firmware|driver|kernel|sdk|linux|android|ios|windows|chrome|firefox|safari|edge"
    r"|node|update|upgrade\w* to|sections?|chapter|§|oid|kapitel|abschnitt|ziffer"
    r"|art(?:ikel|icle)?[-.]? ?(?:nr|no)?|sku|part no)[ :.=/\"'-]*)$"
)


def find_networks(passage: Passage) -> Iterator[Finding]:
    """Yield the IP and MAC addresses of a passage."""
    yield from _find_macs(passage)
    yield from _find_v6(passage)
    yield from _find_v4(passage)


def _find_v4(passage: Passage) -> Iterator[Finding]:
    folded = passage.folded
    for match in _V4.finditer(folded):
        start, end = match.span()
        if _is_inside(folded, start, end, dots=b"."):
            continue
        octets = [int(part) for part in match.group().split(b".")]
        if _VERSION_BEHIND.match(folded, end):
            continue
        if max(octets) > 255 or (folded[start - 1 : start] == b"/" and octets[1:] == [0, 0, 0]):
            continue  # Chrome/120.0.0.0
        address = IPv4Address(bytes(octets))
        if (
            address.is_loopback
            or address.is_unspecified
            or octets[0] == 255
            or _NO_HOST.search(folded[max(start - 24, 0) : start].decode("latin-1").lower())
        ):
            continue
        yield _found(passage, start, end, Kind.IP, str(address))


def _find_v6(passage: Passage) -> Iterator[Finding]:
    folded = passage.folded
    for match in _V6.finditer(folded):
        start, end = match.span()
        if match.group().endswith(b":") and not match.group().endswith(b"::"):
            end -= 1  # the colon of a sentence
        text = folded[start:end].decode("ascii")
        if _is_inside(folded, start, end, dots=b":"):
            continue
        try:
            address = IPv6Address(text)
        except AddressValueError:
            continue
        # `x[1::2]` and `a::b` are code.
        groups = [group for group in text.split(":") if group]
        if address.is_loopback or address.is_unspecified or (len(groups) < 3 and len(groups[0]) < 4):
            continue
        if not any(char.isdigit() for char in text):
            continue
        yield _found(passage, start, end, Kind.IP, str(address))


def _find_macs(passage: Passage) -> Iterator[Finding]:
    folded = passage.folded
    for match in _MAC.finditer(folded):
        start, end = match.span()
        text = match.group()
        if _is_inside(folded, start, end, dots=text[2:3] if text[2:3] in b":-" else b"."):
            continue
        digits = "".join(chr(byte) for byte in text if byte in _WORD).lower()
        if len(set(digits)) == 1 or (b"." in text and digits.isdigit()):
            continue
        yield _found(passage, start, end, Kind.MAC, digits)


def _is_inside(folded: bytes, start: int, end: int, *, dots: bytes) -> bool:
    """Tell whether what was found is a part of something longer: a word, or more parts of the same kind."""
    if start and (
        folded[start - 1] in _WORD or (folded[start - 1 : start] == dots and folded[start - 2 : start - 1].isalnum())
    ):
        return True
    behind = folded[end : end + 1]
    return bool(behind) and (behind[0] in _WORD or (behind == dots and folded[end + 1 : end + 2].isalnum()))


def _found(passage: Passage, start: int, end: int, kind: Kind, value: str) -> Finding:
    return Finding(*passage.place(start, end), kind, value)
