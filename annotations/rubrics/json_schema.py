"""JSON Schema 2020-12 within bounds: no remote references, patterns in linear time, a bounded number of steps.

Schemas are written by leads, answers also by judges; neither must be able to make the server fetch something or think
for ever.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import date, datetime, time
from functools import lru_cache
from ipaddress import ip_address
from itertools import islice
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import re2
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

MAX_SCHEMA_BYTES = 100_000
MAX_PROBLEMS = 50
MAX_STEPS = 5_000
MAX_REFERENCES = 80  # within each other
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_steps: ContextVar[list[int]] = ContextVar("schema_steps")


class _TooManyStepsError(Exception):
    """A schema that refers to itself asks for more work than any form needs."""


def _counted(check: Callable[..., Any]) -> Callable[..., Iterator[ValidationError]]:
    def wrapped(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        steps = _steps.get()
        steps[0] += 1
        if steps[0] > MAX_STEPS or steps[1] >= MAX_REFERENCES:
            raise _TooManyStepsError
        steps[1] += 1
        try:
            yield from check(validator, value, instance, schema) or ()
        finally:
            steps[1] -= 1

    return wrapped


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ARG001
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield ValidationError(f"{instance[:50]!r} does not have the form {pattern}")


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], instance: Any, schema: Any) -> Iterator[Any]:  # noqa: ARG001
    if isinstance(instance, dict):
        for pattern, below in patterns.items():
            for name in instance:
                if _compiled(pattern).search(name):
                    yield from validator.descend(instance[name], below, path=name, schema_path=pattern)


def _additional_properties(validator: Any, below: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    known = schema.get("properties", {})
    patterns = [_compiled(pattern) for pattern in schema.get("patternProperties", {})]
    for name in instance:
        if name in known or any(pattern.search(name) for pattern in patterns):
            continue
        if below is False:
            yield ValidationError(f"{name[:50]!r} is not expected here", path=[name])
        else:
            yield from validator.descend(instance[name], below, path=name)


def _unique_items(validator: Any, unique: bool, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ARG001, FBT001
    if unique and isinstance(instance, list):
        seen: set[bytes] = set()
        for index, one in enumerate(instance):
            text = orjson.dumps(one, option=orjson.OPT_SORT_KEYS)
            if text in seen:
                yield ValidationError("This is there twice", path=[index])
                return
            seen.add(text)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def _is_date_time(text: str) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", text)) and _is(
        datetime.fromisoformat, re.sub(r"\.\d+", "", text.upper())
    )


def _is_uri(text: str) -> bool:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", text):
        return False
    return _is(urlsplit, text) and (not text.lower().startswith("http") or bool(urlsplit(text).hostname))


def _is(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


_FORMATS: dict[str, Callable[[str], bool]] = {
    "date": lambda text: bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text)) and _is(date.fromisoformat, text),
    "time": lambda text: (
        bool(re.fullmatch(r"\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", text))
        and _is(time.fromisoformat, text.upper())
    ),
    "date-time": _is_date_time,
    "email": lambda text: bool(re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)*", text)),
    "uri": _is_uri,
    "uuid": lambda text: len(text) == 36 and _is(UUID, text),
    "ipv4": lambda text: "." in text and _is(ip_address, text),
    "ipv6": lambda text: ":" in text and "%" not in text and _is(ip_address, text),
}
_formats = FormatChecker(formats=())
for _name, _check in _FORMATS.items():
    _formats.checks(_name)(lambda value, check=_check: not isinstance(value, str) or check(value))

_Validator: Any = extend(
    Draft202012Validator,
    {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
        "$ref": _counted(Draft202012Validator.VALIDATORS["$ref"]),
        "$dynamicRef": _counted(Draft202012Validator.VALIDATORS["$dynamicRef"]),
    },
)


def _validator(schema: dict[str, Any]) -> Any:
    # An empty registry: whatever a reference names outside the schema does not exist.
    return _Validator(schema, registry=Registry(), format_checker=_formats)


def check_schema(schema: dict[str, Any]) -> None:
    """Raise ValueError saying why a schema cannot be used."""
    if len(orjson.dumps(schema)) > MAX_SCHEMA_BYTES:
        raise ValueError(f"the schema has more than {MAX_SCHEMA_BYTES:,} bytes")
    if str(schema.get("$schema", DIALECT)).rstrip("#") != DIALECT:
        raise ValueError(f"$schema must be {DIALECT}")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        place = ".".join(str(part) for part in error.absolute_path) or "the schema"
        raise ValueError(f"{place}: {error.message[:300]}") from None
    keywords = list(_keywords(schema))
    if {"patternProperties", "unevaluatedProperties"} <= {keyword for keyword, _ in keywords}:
        raise ValueError("patternProperties and unevaluatedProperties cannot be used together")
    for keyword, value in keywords:
        if keyword in {"$ref", "$dynamicRef"} and not str(value).startswith("#"):
            raise ValueError(f"{keyword} must stay within the schema (#…), not {value!r}")
        for pattern in [value] if keyword == "pattern" else value if keyword == "patternProperties" else ():
            try:
                _compiled(pattern)
            except re2.error:
                raise ValueError(f"the pattern {pattern!r} is not one that RE2 can read") from None
    samples: tuple[Any, ...] = (None, True, 0, "", [], {}, [{}], {"a": {}})
    for sample in samples:
        try:
            _find_errors(schema, sample)
        except Unresolvable as error:
            raise ValueError(f"the schema has nothing at {error.ref!r}") from None
        except (RecursionError, _TooManyStepsError):
            raise ValueError("the schema refers to itself without end") from None


def _keywords(schema: Any) -> Iterator[tuple[str, Any]]:
    """Yield every keyword with its value; names of properties, examples and constants are no keywords."""
    if isinstance(schema, list):
        for one in schema:
            yield from _keywords(one)
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        yield keyword, value
        if keyword in {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}:
            for below in value.values() if isinstance(value, dict) else ():
                yield from _keywords(below)
        elif keyword not in {"const", "enum", "default", "examples"}:
            yield from _keywords(value)


def find_schema_problems(schema: dict[str, Any], value: Any) -> list[tuple[str, str]]:
    """Return (path, message) for what is wrong with a value, at most `MAX_PROBLEMS`; the path's parts by dots."""
    try:
        return [_told(error) for error in _find_errors(schema, value)]
    except (RecursionError, _TooManyStepsError):
        return [("", "The answer is nested too deeply for this schema.")]


def _find_errors(schema: dict[str, Any], value: Any) -> list[ValidationError]:
    _steps.set([0, 0])
    return list(islice(_validator(schema).iter_errors(value), MAX_PROBLEMS))


def _told(error: ValidationError) -> tuple[str, str]:
    path = [str(part) for part in error.absolute_path]
    validator, rule, value = error.validator, error.validator_value, error.instance
    if validator == "required":
        missing = next((name for name in rule if name not in value and repr(name) in error.message), None)
        return ".".join([*path, missing] if missing else path), "This is required."
    if validator == "type":
        kinds = [rule] if isinstance(rule, str) else rule
        return ".".join(path), f"Expected {' or '.join(_ARTICLES.get(kind, kind) for kind in kinds)}."
    if validator == "enum":
        return ".".join(path), f"Expected one of {', '.join(str(one)[:50] for one in rule[:10])}."
    if validator == "format":
        return ".".join(path), f"This is no valid {rule}."
    if validator in _BOUNDS:
        return ".".join(path), _BOUNDS[validator].format(rule)
    message = error.message if len(error.message) <= 200 else f"This does not fit the schema ({validator})."
    return ".".join(path), f"{message[0].upper()}{message[1:]}{'' if message.endswith('.') else '.'}"


_ARTICLES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "nothing (null)",
}
_BOUNDS = {
    "minimum": "At least {}.",
    "maximum": "At most {}.",
    "exclusiveMinimum": "More than {}.",
    "exclusiveMaximum": "Less than {}.",
    "multipleOf": "A multiple of {}.",
    "minLength": "At least {} characters.",
    "maxLength": "At most {} characters.",
    "minItems": "At least {} entries.",
    "maxItems": "At most {} entries.",
}
