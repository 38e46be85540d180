"""References to users and sessions, kept as keyed hashes: the same user still groups, and nobody reads who it is.

The key comes from the project's salt, so that the same reference in another project is another hash. Whoever knows the
salt can try out guesses, as an owner may; nobody else can.
"""

import hmac
from functools import lru_cache
from typing import Literal

RefField = Literal["user_ref", "session_ref"]
REF_FIELDS: tuple[RefField, ...] = ("user_ref", "session_ref")
_DIGITS = 32


@lru_cache(maxsize=16_384)  # users come back
def hash_ref(salt: str, field: RefField, value: str) -> str:
    """Return the hash that stands for a reference: `ref_` and 32 hexadecimal digits of HMAC-SHA256."""
    return "ref_" + hmac.digest(_key(salt, field), value.encode(), "sha256").hex()[:_DIGITS]


@lru_cache(maxsize=1024)
def _key(salt: str, field: RefField) -> bytes:
    return hmac.digest(salt.encode(), f"mask:{field}".encode(), "sha256")
