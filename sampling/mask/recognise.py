"""Everything to mask in one text."""

from collections.abc import Callable, Iterator

import orjson

from sampling.mask.custom import CustomPatterns
from sampling.mask.emails import find_emails
from sampling.mask.ibans import find_ibans
from sampling.mask.kinds import Finding, merged
from sampling.mask.national_codes import find_national_codes
from sampling.mask.networks import find_networks
from sampling.mask.numbers import find_numbers
from sampling.mask.passage import Passage
from sampling.mask.prefilter import SUSPICIOUS
from sampling.mask.secrets import find_secrets
from sampling.mask.urls import find_urls

Recogniser = Callable[[Passage], Iterator[Finding]]
RECOGNISERS: tuple[Recogniser, ...] = (
    find_urls,
    find_secrets,
    find_emails,
    find_ibans,
    find_national_codes,
    find_networks,
    find_numbers,
)


def is_suspicious(text: str, custom: CustomPatterns | None) -> bool:
    """Tell whether a text (also one of JSON) may hold something to mask; quick, and never wrong where it says no."""
    return custom is not None or SUSPICIOUS.search(orjson.dumps(text)) is not None


def find_all(text: str, *, key: str = "", custom: CustomPatterns | None = None) -> list[Finding]:
    """Return what to mask in a text, in order of place and without overlaps.

    `key` is the name that the text stands under, which counts as the words before it.
    """
    found: list[Finding] = []
    if SUSPICIOUS.search(orjson.dumps({key: text})):
        passage = Passage(text, key)
        found = [finding for recognise in RECOGNISERS for finding in recognise(passage)]
    if custom:
        found += custom.find(text)
    return list(merged(found)) if found else found
