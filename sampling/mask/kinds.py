"""The kinds of things that are masked, and the placeholders that stand for them."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a placeholder stands for. Where two findings overlap, the kind that comes first here names both."""

    CUSTOM = "CUSTOM"
    URL = "URL"
    SECRET = "SECRET"  # noqa: S105 — a kind, not a secret
    EMAIL = "EMAIL"
    IBAN = "IBAN"
    CARD = "CARD"
    NATIONAL_ID = "NATIONAL_ID"
    MAC = "MAC"
    IP = "IP"
    PHONE = "PHONE"


RANK = {kind: rank for rank, kind in enumerate(Kind)}
PLACEHOLDER = re.compile(r"\[(" + "|".join(Kind) + r")_([1-9][0-9]{0,8})\]")


class Finding(NamedTuple):
    """Something to mask: where it stands (code points, end exclusive), and by what two of them are the same.

    `value` is the thing without the ways of writing it: an e-mail address in lower case, the digits of a card.
    """

    start: int
    end: int
    kind: Kind
    value: str


def merged(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings that do not overlap, in order of place: those that do become one, so that nothing shows through.

    The one keeps the value of the finding that gives it its kind, unless that covers less than the whole.
    """
    current: Finding | None = None
    for found in sorted(findings, key=lambda each: (each.start, -each.end, RANK[each.kind])):
        if current is None:
            current = found
        elif found.start >= current.end:
            yield current
            current = found
        else:
            end = max(current.end, found.end)
            named = min(current, found, key=lambda each: RANK[each.kind])
            whole = (named.start, named.end) == (current.start, end)
            value = named.value if whole or current.end >= found.end else f"{current.value} {found.value}"
            current = Finding(current.start, end, named.kind, value)
    if current is not None:
        yield current
