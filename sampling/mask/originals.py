"""Originals of masked texts at rest: AES-GCM, each bound to its project, item and placeholder.

The first of `MASKING_KEYS` seals, all of them open; which one sealed is told by the key's id. A sealed original that is
moved to another item, project or placeholder does not open.
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
    """An original, encrypted: nonce and ciphertext in `data`."""

    placeholder: str
    key_id: str
    data: bytes


class Place(NamedTuple):
    """What an original belongs to."""

    project_id: int
    external_id: str


def seal(originals: dict[str, str], place: Place) -> tuple[Sealed, ...]:
    """Encrypt the originals of one item, by placeholder, with the newest key."""
    secret = settings.MASKING_KEYS[0]
    cipher, key_id = _cipher(secret, place.project_id), _key_id(secret)
    return tuple(
        Sealed(placeholder, key_id, _sealed(cipher, text, _bound(place, placeholder)))
        for placeholder, text in originals.items()
    )


def open_sealed(sealed: Sealed, place: Place) -> str:
    """Decrypt one original; ConflictError where its key is not here, or where it was tampered with or moved."""
    secret = next((each for each in settings.MASKING_KEYS if _key_id(each) == sealed.key_id), None)
    if secret is None:
        raise ConflictError(
            f"This server does not have the key {sealed.key_id} that the originals were encrypted with."
            " Add it to MASKING_KEYS.",
            code="key_missing",
        )
    data = sealed.data
    try:
        opened = _cipher(secret, place.project_id).decrypt(
            data[:_NONCE], data[_NONCE:], _bound(place, sealed.placeholder)
        )
    except InvalidTag:
        raise ConflictError(
            f"The original of {sealed.placeholder} does not open: it was changed, or belongs to another item.",
            code="original_damaged",
        ) from None
    return opened.decode()


def _sealed(cipher: AESGCM, text: str, bound: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + cipher.encrypt(nonce, text.encode(), bound)


def _bound(place: Place, placeholder: str) -> bytes:
    return "\x1f".join((str(place.project_id), placeholder, place.external_id)).encode()


@lru_cache(maxsize=256)
def _cipher(secret: str, project_id: int) -> AESGCM:
    """Return the cipher of a project: each has a key of its own, so that nonces never meet across projects."""
    return AESGCM(hmac.digest(secret.encode(), f"masked originals:{project_id}".encode(), "sha256"))


@lru_cache(maxsize=64)
def _key_id(secret: str) -> str:
    return sha256(b"key id:" + secret.encode()).hexdigest()[:12]
