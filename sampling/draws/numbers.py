"""Permanent random numbers: one for each item and purpose, from a salt that nobody upstream knows.

Purposes never share a number: a judge run on a tenth by the number that draws for review would bias every rate.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256

from reviewapp.stats.sampling.hash_numbers import hash_numbers

REVIEW = "review"
GOLDS = "golds"


def purpose_salt(salt: str, purpose: str) -> str:
    """Return the salt of a purpose: the project's own for review, HMAC-SHA256(salt, purpose) in hex for the others."""
    return salt if purpose == REVIEW else hmac.new(salt.encode(), purpose.encode(), sha256).hexdigest()


def draw_numbers(*, salt: str, purpose: str, external_ids: Iterable[str]) -> list[float]:
    """Return u in [0, 1) of each item for a purpose; the same at every call, for good."""
    return [float(u) for u in hash_numbers(purpose_salt(salt, purpose), external_ids)]
