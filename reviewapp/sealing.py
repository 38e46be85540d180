"""Texts at rest that nobody may read in the database: AES-GCM, each bound to its purpose, project and place.

The first of `MASKING_KEYS` seals, all of them open; which one sealed is told by the key's id. What is sealed and then
moved to another place, project or purpose does not open.
"""

import hmac
import secrets
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from reviewapp.http.errors import ConflictError

_NONCE = 12


class Sealed(NamedTuple):
    """A text, encrypted: nonce and ciphertext in `data`."""

    key_id: str
    data: bytes


def seal(text: str, *, purpose: str, project_id: int, bound: str) -> Sealed:
    """Encrypt a text with the newest key; `bound` says where in the project it belongs."""
    secret = settings.MASKING_KEYS[0]
    nonce = secrets.token_bytes(_NONCE)
    return Sealed(
        _key_id(secret), nonce + _cipher(secret, purpose, project_id).encrypt(nonce, text.encode(), bound.encode())
    )


def open_sealed(sealed: Sealed, *, purpose: str, project_id: int, bound: str, what: str) -> str:
    """Decrypt a text; ConflictError where its key is not here, or where it was tampered with or moved.

    `what` begins the sentence that a person reads then.
    """
    secret = next((each for each in settings.MASKING_KEYS if _key_id(each) == sealed.key_id), None)
    if secret is None:
        raise ConflictError(
            f"This server does not have the key {sealed.key_id} that {what[0].lower()}{what[1:]} was encrypted with."
            " Add it to MASKING_KEYS.",
            code="key_missing",
        )
    data = sealed.data
    try:
        opened = _cipher(secret, purpose, project_id).decrypt(data[:_NONCE], data[_NONCE:], bound.encode())
    except InvalidTag:
        message = f"{what} does not open: it was changed, or belongs elsewhere."
        raise ConflictError(message, code="original_damaged") from None
    return opened.decode()


@lru_cache(maxsize=256)
def _cipher(secret: str, purpose: str, project_id: int) -> AESGCM:
    """Return the cipher of a project: each has a key of its own, so that nonces never meet across projects."""
    return AESGCM(hmac.digest(secret.encode(), f"{purpose}:{project_id}".encode(), "sha256"))


@lru_cache(maxsize=64)
def _key_id(secret: str) -> str:
    return sha256(b"key id:" + secret.encode()).hexdigest()[:12]
