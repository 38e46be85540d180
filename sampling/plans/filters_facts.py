"""The facts that a filter may ask about: of which kind each is, and where it is found."""

import re
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What values a fact can have, where that is known before any item is seen."""

    TEXT = "text"
    NUMBER = "a number"
    TIME = "a time"
    JSON = "anything"


class Place(Enum):
    """Where a fact is kept: in a column of the item, under keys of a JSON column, or as a row of its own.

    What a check found is kept with the item, and where it was asked again later also as a row, which goes before.
    """

    COLUMN = "column"
    KEYS = "keys"
    ROW = "row"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Fact:
    """A named value about an item. `root` is the item's field, or the whole name of a fact with its own row.

    `keys` lead into a field; of a check they are its name.
    """

    name: str
    kind: Kind
    place: Place
    root: str
    keys: tuple[str, ...] = ()


# The item's fields. Feedback is also what people say later: such a row goes before the field.
FIELDS: dict[str, Kind] = {
    "external_id": Kind.TEXT,
    "system": Kind.TEXT,
    "system_version": Kind.TEXT,
    "model": Kind.TEXT,
    "prompt_version": Kind.TEXT,
    "confidence": Kind.NUMBER,
    "latency_ms": Kind.NUMBER,
    "input_tokens": Kind.NUMBER,
    "output_tokens": Kind.NUMBER,
    "cost_usd": Kind.NUMBER,
    "user_ref": Kind.TEXT,
    "session_ref": Kind.TEXT,
    "trace_id": Kind.TEXT,
    "span_id": Kind.TEXT,
    "occurred_at": Kind.TIME,
    "received_at": Kind.TIME,
    "feedback": Kind.NUMBER,
    "sampling_probability": Kind.NUMBER,
}
JSON_FIELDS = ("input", "output", "context", "decision", "metadata")
FEEDBACK = "feedback"
CHECKS = "checks."
MAX_NAME = 500

# A dot inside a key is written `\.`: metadata.gen_ai\.request\.model
_KEYS = re.compile(r"(?:[^.\\]|\\.)+", re.DOTALL)
_PATH = re.compile(r"(?:[^.\\]|\\.)+(?:\.(?:[^.\\]|\\.)+)*", re.DOTALL)
_ROWS = re.compile(r"checks\.[^.].*|hint\.[^.].*|verdict\.[^.]+\.[^.].*", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def find_fact(name: str) -> Fact | None:
    """Return the fact of that name, or None where there can be none."""
    if name in FIELDS:
        return Fact(name, FIELDS[name], Place.COLUMN, name)
    if len(name) > MAX_NAME:
        return None
    if _ROWS.fullmatch(name):
        if name.startswith(CHECKS):
            return Fact(name, Kind.JSON, Place.CHECK, name, (name.removeprefix(CHECKS),))
        return Fact(name, Kind.JSON, Place.ROW, name)
    root, _, path = name.partition(".")
    if root not in JSON_FIELDS or (path == "" and name != root) or (path and not _PATH.fullmatch(path)):
        return None
    keys = tuple(_ESCAPED.sub(r"\1", key) for key in _KEYS.findall(path))
    return Fact(name, Kind.JSON, Place.KEYS, root, keys)


def is_fact_row(name: str) -> bool:
    """Tell whether a fact of that name may be recorded beside the item."""
    return name == FEEDBACK or (len(name) <= MAX_NAME and _ROWS.fullmatch(name) is not None)
