"""JSON as a tree that folds: objects and lists open and close, values say by their looks what they are."""

from collections.abc import Iterator
from typing import Any

import orjson

from sampling.items.content import number_text
from sampling.items.show.text import Reading, plain, show_text

_DEPTH = 40
_OPEN_DEPTH = 3
_OPEN_UP_TO = 30
_LONG = 80
_AT = '<span class="at">{}</span>'


def show_tree(value: Any, reading: Reading) -> str | None:
    """Return an object or a list as a tree, or None where it is neither or has too many parts to be worth folding."""
    if not isinstance(value, dict | list) or not value:
        return None
    nodes = _count(value, 0, reading.budget.nodes)
    if nodes > reading.budget.nodes:
        return None
    reading.budget.nodes -= nodes
    return f'<div class="tree">{"".join(_members(value, reading, 1))}</div>'


def parse_json(text: str) -> dict[str, Any] | list[Any] | None:
    """Return the object or list that a text is the JSON of, or None."""
    if len(text) > 1_000_000 or not text.lstrip().startswith(("{", "[")):
        return None
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict | list) else None


def _count(value: Any, depth: int, most: int) -> int:
    if not isinstance(value, dict | list):
        return 1
    if depth > _DEPTH or len(value) > most:
        return most + 1
    count = 1
    for one in value.values() if isinstance(value, dict) else value:
        count += _count(one, depth + 1, most - count)
        if count > most:
            break
    return count


def _members(value: dict[str, Any] | list[Any], reading: Reading, depth: int) -> Iterator[str]:
    yield "<ul>"
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        name = f'<span class="key">{show_text(key, reading)}</span>' if isinstance(key, str) else _AT.format(key)
        yield "<li>"
        if isinstance(one, dict | list) and one:
            opened = " open" if depth < _OPEN_DEPTH and len(one) <= _OPEN_UP_TO else ""
            yield f'<details{opened}><summary>{name} <span class="of">{_size(one)}</span></summary>'
            yield from _members(one, reading, depth + 1)
            yield "</details>"
        else:
            yield f"{name} {_leaf(one, reading)}"
        yield "</li>"
    yield "</ul>"


def _size(value: dict[str, Any] | list[Any]) -> str:
    one, many = ("field", "fields") if isinstance(value, dict) else ("entry", "entries")
    return f"{len(value)} {one if len(value) == 1 else many}"


def _leaf(value: Any, reading: Reading) -> str:
    if isinstance(value, str):
        long = len(value) > _LONG or "\n" in value
        return f'<span class="string{" long" if long else ""}" dir="auto">{show_text(value, reading)}</span>'
    if isinstance(value, bool) or value is None:
        return f'<span class="word">{"null" if value is None else str(value).lower()}</span>'
    if isinstance(value, int | float):
        return f'<span class="figure">{plain(number_text(value))}</span>'
    return f'<span class="word">{"{}" if isinstance(value, dict) else "[]"}</span>'
