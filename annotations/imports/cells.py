"""What somebody else's cell means as an answer to a question of ours.

Options are found by their value, else by their label, whatever the case; several options may be a JSON list, or be
parted by semicolons, bars, commas or lines. What fits nothing is left as it is, to be refused with its place.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from annotations.imports.label_studio import flat_answer, flat_spans
from sampling.ingest.cells import read_cell

_PARTS = re.compile(r"[;|\n]")
_SIDES = {"left": 0, "right": 1}
# By which controls Label Studio asks what a question asks.
_CONTROLS = {
    "choice": ("choices", "taxonomy"),
    "multi_choice": ("choices", "taxonomy"),
    "rating": ("rating", "number"),
    "text": ("textarea",),
    "pairwise": ("pairwise", "choices"),
    "ranking": ("ranker",),
}


def read_answer(question: Mapping[str, Any] | None, value: Any, row: Mapping[str, Any] | None = None) -> Any:
    """Return the answer that a cell gives to a question; without a question the cell itself.

    The other cells of its row may hold the text that spans stand in.
    """
    if question is None:
        return value
    if question["kind"] == "spans":
        value = _json(value)
        return flat_spans(value, row or {}) if isinstance(value, list) else value
    return _READERS[question["kind"]](question, flat_answer(value, _CONTROLS.get(question["kind"], ())))


def _option(names: Mapping[str, str], value: Any) -> Any:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return names.get(text.strip().casefold(), value)


def _names(options: Any) -> dict[str, str]:
    """Return the values of options by what they may be called; a value goes before a label of the same name."""
    by_label = {option["label"].strip().casefold(): option["value"] for option in reversed(options)}
    return by_label | {option["value"].casefold(): option["value"] for option in reversed(options)}


def _choice(question: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str) and any(option["value"] == value for option in question["options"]):
        return value
    return value if isinstance(value, list | dict) else _option(_names(question["options"]), value)


def _multi_choice(question: Mapping[str, Any], value: Any) -> Any:
    names = _names(question["options"])
    value = _json(value)
    if isinstance(value, str):
        whole = _option(names, value)
        if whole in names.values():
            return [whole]
        parts = _PARTS.split(value) if _PARTS.search(value) else value.split(",")
        value = [part.strip() for part in parts if part.strip()]
    return [_option(names, each) for each in value] if isinstance(value, list) else value


def _rating(question: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, str):
        words = {text.casefold(): int(number) for number, text in (question.get("labels") or {}).items()}
        value = words.get(value.strip().casefold(), read_cell("input_tokens", value))
    return value


def _pairwise(question: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str):
        return value
    text = value.strip().casefold()
    if text in _SIDES:
        return question["candidates"][_SIDES[text]]
    return {name.casefold(): name for name in (*question["candidates"], "tie")}.get(text, value)


def _text(_: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _json(value: Any) -> Any:
    return read_cell("context", value) if isinstance(value, str) else value


_READERS: dict[str, Callable[[Mapping[str, Any], Any], Any]] = {
    "choice": _choice,
    "multi_choice": _multi_choice,
    "rating": _rating,
    "text": _text,
    "pairwise": _pairwise,
    "ranking": lambda _, value: _json(value),
    "correction": lambda _, value: read_cell("output", value),
    "json": lambda _, value: _json(value),
}
