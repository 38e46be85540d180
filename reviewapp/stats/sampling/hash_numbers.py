"""A permanent random number for every record: the same salt and id always give the same draw.

u = (first 8 bytes of SHA-256(salt ‖ 0x1F ‖ id), big-endian, shifted right by 11) / 2⁵³, uniform on [0, 1). Whoever does
not know the salt cannot choose ids that dodge review. Salt and id are UTF-8; the salt must not contain the separator
0x1F, or two salts could share numbers.
"""

from collections.abc import Iterable
from hashlib import sha256

import numpy as np

from reviewapp.stats.arrays import FloatArray

SEPARATOR = "\x1f"
DIGEST_SIZE = 32


def hash_integer(salt: str, record_id: str) -> int:
    """Return the first eight bytes of the digest as an unsigned integer."""
    return int.from_bytes(sha256(_prefix(salt) + record_id.encode()).digest()[:8], "big")


def hash_number(salt: str, record_id: str) -> float:
    """Return u in [0, 1) for one record: a multiple of 2⁻⁵³, exact in a float."""
    return (hash_integer(salt, record_id) >> 11) / 2**53


def hash_numbers(salt: str, record_ids: Iterable[str]) -> FloatArray:
    """Return u for many records in their order; equal to `hash_number` bit by bit, without its cost per call."""
    prefix = _prefix(salt)
    digests = b"".join([sha256(prefix + record_id.encode()).digest() for record_id in record_ids])
    leading = np.frombuffer(digests, dtype=">u8")[:: DIGEST_SIZE // 8]
    return np.asarray((leading >> np.uint64(11)) * 2.0**-53, np.float64)


def _prefix(salt: str) -> bytes:
    if SEPARATOR in salt:
        raise ValueError("a salt does not contain the separator 0x1F")
    return (salt + SEPARATOR).encode()
