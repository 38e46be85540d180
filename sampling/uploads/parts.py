"""A file in sealed pieces: encrypted at rest, because nothing in it has been masked yet."""

import hmac
import secrets
from collections.abc import Iterable, Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from sampling.models import Upload, UploadPart

PART_BYTES = 1024 * 1024
_NONCE = 12


def store_parts(upload: Upload, pieces: Iterable[bytes]) -> None:
    """Store what a file consists of, in the caller's transaction."""
    cipher = _cipher(upload)
    for nth, part in enumerate(_cut(pieces)):
        nonce = secrets.token_bytes(_NONCE)
        sealed = nonce + cipher.encrypt(nonce, part, _bound(upload, nth))
        UploadPart.objects.create(upload=upload, nth=nth, sealed=sealed)


def read_parts(upload: Upload) -> bytes:
    """Return the file: at most as much as may be sent, so that it can be held as a whole."""
    cipher = _cipher(upload)
    whole = bytearray()
    for nth, sealed in UploadPart.objects.filter(upload=upload).order_by("nth").values_list("nth", "sealed"):
        data = bytes(sealed)
        whole += cipher.decrypt(data[:_NONCE], data[_NONCE:], _bound(upload, nth))
    return bytes(whole)


def forget_parts(upload: Upload) -> None:
    """Delete what the file consists of."""
    UploadPart.objects.filter(upload=upload).delete()


def _cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in pieces of one size."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= PART_BYTES:
            yield bytes(held[:PART_BYTES])
            del held[:PART_BYTES]
    if held:
        yield bytes(held)


def _cipher(upload: Upload) -> AESGCM:
    return AESGCM(hmac.digest(settings.SECRET_KEY.encode(), f"uploads:{upload.project_id}".encode(), "sha256"))


def _bound(upload: Upload, nth: int) -> bytes:
    """Return what a piece is bound to, so that it opens nowhere else."""
    return f"{upload.pk}:{nth}".encode()
