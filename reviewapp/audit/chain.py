"""The chain: what of an event is hashed, and how one hash leads to the next. Pure, and the same for a verifier outside.

`sha256(previous sha256 in hex + "\\n" + canonical JSON of the event)`, where canonical JSON has sorted keys, no spaces,
text as UTF-8, and times in UTC with microseconds. The first event's previous hash is sixty-four zeros.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
FIELDS = (
    "id",
    "at",
    "project_id",
    "actor_id",
    "actor_name",
    "token_id",
    "action",
    "object_kind",
    "object_id",
    "detail",
    "request_id",
)


def link(previous: str, event: Mapping[str, Any]) -> str:
    """Return the hash of an event behind the hash before it. `event["at"]` is a datetime or its ISO 8601 text."""
    moment = event["at"] if isinstance(event["at"], datetime) else datetime.fromisoformat(event["at"])
    at = moment.astimezone(UTC).isoformat(timespec="microseconds")
    hashed = {**{name: event[name] for name in FIELDS}, "at": at}
    text = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()
