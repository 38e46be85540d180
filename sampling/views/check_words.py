"""A check in words, for a list of them."""

from collections.abc import Mapping
from typing import Any

_SHOWN = 3


def check_words(spec: Mapping[str, Any]) -> str:
    """Return what a check asks of its target."""
    kind = spec["kind"]
    if kind == "json":
        return {"object": "is a JSON object", "array": "is a JSON list"}.get(spec.get("type", ""), "is JSON")
    if kind == "json_schema":
        return "meets a JSON Schema"
    if kind == "pattern":
        return f"{'does not match' if spec.get('match') is False else 'matches'} {spec['pattern']}"
    if kind in {"length", "numeric_range"}:
        unit = f" {spec.get('unit', 'characters')}" if kind == "length" else ""
        ends = [
            f"{word} {_number(spec[end])}" for word, end in (("at least", "min"), ("at most", "max")) if end in spec
        ]
        return f"{'has' if kind == 'length' else 'is'} {' and '.join(ends)}{unit}"
    if kind == "contains":
        return f"contains {_listed(spec['values'], 'and' if spec.get('how_many', 'all') == 'all' else 'or')}"
    if kind == "not_contains":
        return f"does not contain {_listed(spec['values'], 'or')}"
    if kind == "allowed_values":
        return f"is {_listed(spec['values'], 'or')}"
    return "quotes and cites what is in its sources"


def _number(value: float) -> str:
    return f"{int(value) if value == int(value) else value:,}"


def _listed(values: list[Any], word: str) -> str:
    shown = [f"“{value}”" for value in values[:_SHOWN]]
    if len(values) > _SHOWN:
        return f"{', '.join(shown)} {word} {len(values) - _SHOWN} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {word} {shown[-1]}"
