"""Items as lines of COPY's text format: the fastest way in that Python can write."""

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from sampling.draws.offer import Offer
from sampling.ingest.masking import MASKED_FIELDS, Masked
from sampling.ingest.prepare import Prepared

_NULL = b"\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _text(value: str) -> bytes:
    # Most texts need no escaping, and looking is ten times cheaper than translating.
    if value.isprintable() and "\\" not in value:
        return value.encode()
    return value.translate(_ESCAPES).encode()


def _json(written: bytes) -> bytes:
    return written.replace(b"\\", b"\\\\")  # JSON itself has no raw tabs or line ends


def _number(value: float) -> bytes:
    return repr(value).encode()


def _time(value: datetime) -> bytes:
    return value.isoformat().encode()


# Staged columns of an item, their types in Postgres, and how a value is written; JSON comes written already.
COLUMNS: tuple[tuple[str, str, Callable[[Any], bytes]], ...] = (
    ("external_id", "text", _text),
    ("input", "jsonb", _json),
    ("output", "jsonb", _json),
    ("context", "jsonb", _json),
    ("occurred_at", "timestamptz", _time),
    ("system", "text", _text),
    ("system_version", "text", _text),
    ("model", "text", _text),
    ("prompt_version", "text", _text),
    ("decision", "jsonb", _json),
    ("confidence", "float8", _number),
    ("latency_ms", "float8", _number),
    ("input_tokens", "bigint", _number),
    ("output_tokens", "bigint", _number),
    ("cost_usd", "float8", _number),
    ("user_ref", "text", _text),
    ("session_ref", "text", _text),
    ("trace_id", "text", _text),
    ("span_id", "text", _text),
    ("feedback", "smallint", _number),
    ("sampling_probability", "float8", _number),
    ("steps", "jsonb", _json),
    ("metadata", "jsonb", _json),
)
_WRITERS = tuple((name, write) for name, _, write in COLUMNS)


def copy_line(position: int, prepared: Prepared, offer: Offer) -> bytes:
    """Return the line of an item: its columns, checks, edits and originals, then position, u, probability, reasons."""
    values = {**vars(prepared.item), **dict.fromkeys(MASKED_FIELDS), **prepared.masked.json}
    parts = [_NULL if (value := values[name]) is None else write(value) for name, write in _WRITERS]
    parts += (prepared.checked.json or _NULL, _edits(prepared.masked), _originals(prepared.masked))
    parts.append(b"%d\t%r\t%r\t%b\n" % (position, offer.u, offer.probability, _reasons(tuple(offer.reasons))))
    return b"\t".join(parts)


def _edits(masked: Masked) -> bytes:
    """Return where texts were masked, as `ItemMask` keeps it."""
    if not masked.edits:
        return _NULL
    return _json(orjson.dumps({path: [list(edit) for edit in edits] for path, edits in masked.edits.items()}))


def _originals(masked: Masked) -> bytes:
    """Return the encrypted originals as a list of [placeholder, key id, base64]."""
    if not masked.originals:
        return _NULL
    return _json(
        orjson.dumps([(each.placeholder, each.key_id, b64encode(each.data).decode()) for each in masked.originals])
    )


@lru_cache(maxsize=4096)
def _reasons(reasons: tuple[str, ...]) -> bytes:
    """Return an array literal: reasons are few, and the same for many items."""
    quoted = ['"' + reason.replace("\\", "\\\\").replace('"', '\\"') + '"' for reason in reasons]
    return _text("{" + ",".join(quoted) + "}")
