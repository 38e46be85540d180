"""The form of one check: which fields each kind has, and the check that was filled in."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson
from django.http import QueryDict

from reviewapp.http.errors import FieldError, InvalidError


class FormField(NamedTuple):
    """One field of a kind: `widget` is text, number, words (a text a line), values (a value a line), json, choice or
    tick; `options` are those of a choice, value and label."""

    name: str
    label: str
    widget: str
    help: str = ""
    options: tuple[tuple[str, str], ...] = ()
    needed: bool = False


class KindForm(NamedTuple):
    """A kind of check as people choose it."""

    kind: str
    label: str
    asks: str
    fields: tuple[FormField, ...]


UNFINISHED = "check_unfinished"
_FENCES = FormField("fences", "It may stand in a Markdown code fence (```json)", "tick")
_CASE = FormField("ignore_case", "Capitals make no difference", "tick")
_ONE_A_LINE = "One a line."

KIND_FORMS: tuple[KindForm, ...] = (
    KindForm(
        "json",
        "Is JSON",
        "The text parses as JSON.",
        (
            FormField(
                "type", "It has to be", "choice", "", (("", "any JSON"), ("object", "an object"), ("array", "a list"))
            ),
            _FENCES,
        ),
    ),
    KindForm(
        "json_schema",
        "Meets a JSON Schema",
        "The value, or the JSON that the text is, meets a schema.",
        (FormField("schema", "JSON Schema (2020-12)", "json", needed=True), _FENCES),
    ),
    KindForm(
        "pattern",
        "Matches a pattern",
        "The text holds a match of a regular expression, or must not.",
        (
            FormField(
                "pattern", "Pattern (RE2)", "text", r"Such as \b\d{3}-\d{4}\b; it may match anywhere.", needed=True
            ),
            FormField("match", "The text", "choice", "", (("yes", "has to match"), ("no", "must not match"))),
            _CASE,
        ),
    ),
    KindForm(
        "length",
        "Has a length",
        "The text is neither too short nor too long.",
        (
            FormField("min", "At least", "number"),
            FormField("max", "At most", "number"),
            FormField("unit", "Counted in", "choice", "", (("characters", "characters"), ("words", "words"))),
        ),
    ),
    KindForm(
        "contains",
        "Must contain",
        "The text contains words that have to be there.",
        (
            FormField("values", "What it must contain", "words", _ONE_A_LINE, needed=True),
            FormField("how_many", "It needs", "choice", "", (("all", "all of them"), ("any", "any of them"))),
            _CASE,
        ),
    ),
    KindForm(
        "not_contains",
        "Must not contain",
        "The text contains nothing that must not be there.",
        (FormField("values", "What it must not contain", "words", _ONE_A_LINE, needed=True), _CASE),
    ),
    KindForm(
        "allowed_values",
        "Is an allowed value",
        "The value, or each element of a list, is one of some.",
        (
            FormField("values", "Allowed values", "values", 'One a line. 3 is the number, "3" the text.', needed=True),
            _CASE,
        ),
    ),
    KindForm(
        "numeric_range",
        "Is a number in a range",
        "The number, or the text that is one, lies in a range.",
        (FormField("min", "At least", "number"), FormField("max", "At most", "number")),
    ),
    KindForm(
        "citation",
        "Cites what is there",
        "What is quoted and cited is found in the context or in what was retrieved.",
        (
            FormField("min_words", "Look for quotations from so many words on", "number", "3, if left empty."),
            FormField("at_least", "Quotations and references there must be", "number", "0, if left empty."),
        ),
    ),
)
FORM_OF = {form.kind: form for form in KIND_FORMS}


def typed_values(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands in the form's fields for a check as it is written."""
    form = FORM_OF[spec["kind"]]
    typed: dict[str, Any] = {
        "name": spec["name"],
        "target": spec.get("target", "output"),
        "required": spec.get("required", False),
        "when": json.dumps(spec["when"], ensure_ascii=False) if spec.get("when") else "",
    }
    for field in form.fields:
        value = spec.get(field.name)
        typed[field.name] = "" if value is None and field.widget != "tick" else _WRITTEN[field.widget](value)
    if form.kind == "pattern":
        typed["match"] = "no" if spec.get("match") is False else "yes"
    return typed


def read_check_form(posted: QueryDict) -> dict[str, Any]:
    """Return the check that was filled in, as it is written; a field that cannot be read is refused at its place."""
    form = FORM_OF.get(posted.get("kind", ""))
    if form is None:
        raise InvalidError("Choose a kind of check.", fields=(FieldError("kind", "There is no such kind."),))
    spec: dict[str, Any] = {"name": posted.get("name", "").strip(), "kind": form.kind}
    spec["target"] = posted.get("target", "").strip() or "output"
    if posted.get("required") == "on":
        spec["required"] = True
    when = _read_json(posted.get("when", ""), "when")
    if when:
        spec["when"] = when
    for field in form.fields:
        value = _READ[field.widget](posted.get(field.name, ""), field.name)
        if value is not None:
            spec[field.name] = value
        elif field.needed:
            raise InvalidError(code=UNFINISHED, fields=(FieldError(field.name, "This is needed."),))
    if form.kind == "pattern":
        spec["match"] = spec["match"] != "no"
    return spec


def _read_json(text: str, name: str) -> Any:
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        message = f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise InvalidError(message, fields=(FieldError(name, message),)) from None


def _read_text(text: str, name: str) -> str | None:  # noqa: ARG001 — all are read alike
    return text or None


def _read_tick(text: str, name: str) -> bool | None:  # noqa: ARG001
    return True if text == "on" else None


def _read_number(text: str, name: str) -> float | int | None:
    text = text.strip()
    if not text:
        return None
    try:
        number = orjson.loads(text)
    except orjson.JSONDecodeError:
        number = None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise InvalidError(fields=(FieldError(name, "Write a number."),))
    return number


def _read_lines(text: str, name: str) -> list[str] | None:  # noqa: ARG001
    return [line for line in (line.strip("\r") for line in text.split("\n")) if line.strip()] or None


def _read_values(text: str, name: str) -> list[Any] | None:
    lines = _read_lines(text, name)
    return None if lines is None else [_value(line.strip()) for line in lines]


def _value(line: str) -> Any:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line
    return value if isinstance(value, str | int | float | bool) else line


def _write_value(value: Any) -> str:
    return value if isinstance(value, str) and _value(value) == value else orjson.dumps(value).decode()


_READ: dict[str, Callable[[str, str], Any]] = {
    "text": _read_text,
    "number": _read_number,
    "words": _read_lines,
    "values": _read_values,
    "json": _read_json,
    "choice": _read_text,
    "tick": _read_tick,
}
_WRITTEN: dict[str, Callable[[Any], Any]] = {
    "text": str,
    "number": lambda value: f"{value:g}" if isinstance(value, float) else str(value),
    "words": "\n".join,
    "values": lambda values: "\n".join(_write_value(value) for value in values),
    "json": lambda value: json.dumps(value, indent=2, ensure_ascii=False),
    "choice": str,
    "tick": bool,
}
