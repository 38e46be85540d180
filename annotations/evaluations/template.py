"""Requests from a row: `{{ input }}` and its like in any text of a JSON template; and places in what comes back."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sampling.checks.targets import find_target, target_reader
from sampling.items.content import text_of

NAMES = ("external_id", "input", "context", "metadata", "output")
_PLACE = re.compile(r"\{\{\s*(external_id|input|context|output|metadata(?:\.[\w.\-]+)?)\s*\}\}")
_BRACKETS = re.compile(r"\[(\d+)\]|\[['\"]([^'\"]+)['\"]\]")


def has_input(text: str) -> bool:
    """Tell whether a template speaks of the row's input."""
    return any(match.group(1) == "input" for match in _PLACE.finditer(text))


def fill(template: Any, row: Mapping[str, Any]) -> Any:
    """Return the template with the row in it: a text that is one place alone becomes the value itself."""
    if isinstance(template, str):
        alone = _PLACE.fullmatch(template.strip())
        return _value(alone.group(1), row) if alone else fill_text(template, row)
    if isinstance(template, list):
        return [fill(each, row) for each in template]
    if isinstance(template, dict):
        return {name: fill(each, row) for name, each in template.items()}
    return template


def fill_text(template: str, row: Mapping[str, Any], *, quoted: bool = False) -> str:
    """Return a text with the row's values as text in it; `quoted` for addresses."""

    def written(match: re.Match[str]) -> str:
        text = text_of(_value(match.group(1), row))
        return quote(text, safe="") if quoted else text

    return _PLACE.sub(written, template)


def place_in(body: Any, path: str) -> Any:
    """Return what is at `choices.0.message.content` (also `$.choices[0].message.content`), or None."""
    plain = _BRACKETS.sub(lambda match: f".{match.group(1) or match.group(2)}", path).removeprefix("$").strip(".")
    if not plain:
        return body
    target = find_target(f"output.{plain}")
    return None if target is None else target_reader(target)({"output": body})


def _value(name: str, row: Mapping[str, Any]) -> Any:
    root, _, path = name.partition(".")
    value = row.get(root)
    for key in path.split(".") if path else ():
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
