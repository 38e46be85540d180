"""What a cell of a table means in the field that it becomes.

A CSV file knows text only, and many Parquet files keep objects as text. So a text becomes a number where the field is
one, and JSON where that is what it holds: in `input` and `output` an object or messages, in `context`, `steps` and
`metadata` an object or a list, in `decision` and single keys of `metadata` also a number, true or false. Any other text
stays text. What does not fit its field is left as it is, for the row to be refused with its place.
"""

from collections.abc import Callable
from typing import Any

import orjson

from reviewapp.http.lines import is_too_deep

METADATA = "metadata."


def read_cell(field: str, value: Any) -> Any:
    """Return the value of a cell in an item's field, or in a key of its metadata."""
    if field.startswith(METADATA):
        return _json(value, _ANYTHING) if isinstance(value, str) else value
    if field == "external_id" and type(value) is int:
        return str(value)  # numbers are ids in many exports; ours are texts
    if isinstance(value, float) and field in _WHOLE and value.is_integer():
        return int(value)  # where a column has gaps, many writers make floats of it
    read = _READERS.get(field)
    return read(value) if read is not None and isinstance(value, str) else value


def _number(text: str) -> Any:
    found = _json(text.strip(), (int, float))
    return text if isinstance(found, bool) else found


def _whole(text: str) -> Any:
    found = _number(text)
    return int(found) if isinstance(found, float) and found.is_integer() else found


def _content(text: str) -> Any:
    found = _json(text, (dict, list))
    if isinstance(found, list) and not (found and all(isinstance(each, dict) and "role" in each for each in found)):
        return text
    return found


def _json(text: str, kinds: tuple[type, ...]) -> Any:
    """Return the JSON that a text is, if it is of one of the kinds; else the text."""
    if not text or text[0] not in _STARTS:
        return text
    data = text.encode("utf-8", "surrogatepass")
    if is_too_deep(data):
        return text
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        return text
    return found if isinstance(found, kinds) else text


_STARTS = frozenset("{[-0123456789tf")
_STRUCTURES = (dict, list)
_ANYTHING = (dict, list, bool, int, float)
_WHOLE = frozenset({"input_tokens", "output_tokens", "feedback"})
_READERS: dict[str, Callable[[str], Any]] = {
    "input": _content,
    "output": _content,
    "context": lambda text: _json(text, _STRUCTURES),
    "steps": lambda text: _json(text, _STRUCTURES),
    "metadata": lambda text: _json(text, _STRUCTURES),
    "decision": lambda text: _json(text, _ANYTHING),
    **dict.fromkeys(("confidence", "latency_ms", "cost_usd", "sampling_probability"), _number),
    **dict.fromkeys(_WHOLE, _whole),
}
