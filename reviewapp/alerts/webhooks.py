"""Webhooks as Standard Webhooks has them: an id, a time, and a signature over both and the body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import binascii
import hmac
import secrets
from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any

import orjson

from reviewapp.http.errors import FieldError, InvalidError

PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64  # bytes, as the specification asks


def make_secret() -> str:
    """Return a fresh secret."""
    return PREFIX + b64encode(secrets.token_bytes(32)).decode()


def secret_bytes(secret: str) -> bytes:
    """Return the key that a secret stands for; InvalidError where it is none."""
    try:
        key = b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not _SHORTEST <= len(key) <= _LONGEST:
        message = (
            f"A secret is {PREFIX} and {_SHORTEST} to {_LONGEST} bytes in base64. Leave it empty to have one made."
        )
        raise InvalidError(message, fields=(FieldError("secret", message),))
    return key


def signed_headers(*, message_id: str, at: datetime, body: bytes, secret: str) -> dict[str, str]:
    """Return the headers that prove whom a body is from: `v1,` and HMAC-SHA256 of `id.timestamp.body` in base64."""
    timestamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    signature = b64encode(hmac.digest(secret_bytes(secret), signed, "sha256")).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
        "content-type": "application/json",
    }


def write_body(kind: str, data: dict[str, Any], *, at: datetime) -> bytes:
    """Return the body: what happened, when, and its data."""
    return orjson.dumps({"type": kind, "timestamp": at, "data": data}, option=orjson.OPT_UTC_Z)
