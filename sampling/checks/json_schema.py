"""JSON Schema 2020-12 that neither reaches out nor runs away, whoever wrote it.

References lead to places in the schema itself. Patterns are RE2. A value takes a bounded number of steps: schemas that
refer to themselves can ask for more of them than there is time, and then StepsExceededError says so. `format` is an
annotation, as the standard has it unless asked otherwise. Compiled to functions, because every item that comes in is
judged: some fifty times faster than walking the schema anew for each value.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from sampling.checks.schema_keywords import KEYWORDS, Judge, SchemaProblem, Steps, StepsExceededError, all_of

MAX_BYTES = 64 * 1024
MAX_DEPTH = 32
MAX_STEPS = 200_000
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_UNSUPPORTED = ("unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$anchor", "$dynamicAnchor")
_REFERENCES = "References lead to places in this schema, like #/$defs/amount; nothing is fetched."

Path = tuple[str | int, ...]


class SchemaRefusedError(ValueError):
    """The schema cannot be used; `path` leads to the place in it."""

    def __init__(self, message: str, path: Path = ()) -> None:
        self.path = ".".join(map(str, path))
        super().__init__(message)


class CompiledSchema:
    """A schema ready to judge values, from any thread."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def find_problem(self, value: Any) -> SchemaProblem | None:
        """Return in what a parsed JSON value does not meet the schema, or None where it does."""
        return self._judge(value, Steps(MAX_STEPS))


def compile_schema(schema: dict[str, Any] | bool) -> CompiledSchema:  # noqa: FBT001 — true and false are schemas
    """Return the schema compiled, or raise SchemaRefusedError naming the place of what is wrong with it."""
    try:
        size = len(orjson.dumps(schema))
    except TypeError as error:
        raise SchemaRefusedError(f"The schema cannot be kept: {error}.") from None
    if size > MAX_BYTES:
        raise SchemaRefusedError(f"A schema may have {MAX_BYTES // 1024} KiB at most.")
    _refuse_depth(schema, ())
    # The standard's own schema for schemas; it has no patterns that a schema could make slow.
    wrong = best_match(Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema))
    if wrong is not None:
        raise SchemaRefusedError(wrong.message[:300], tuple(wrong.absolute_path))
    compiled = CompiledSchema(_Compiler(schema).compiled())
    kinds: tuple[Any, ...] = ({}, [], "", 0, None)
    for value in kinds:  # whatever has no end shows on the first value of its kind
        try:
            compiled.find_problem(value)
        except (RecursionError, StepsExceededError):
            raise SchemaRefusedError("The schema refers to itself without end.") from None
    return compiled


class _Compiler:
    """Compiles one schema; a place that is referred to is compiled once, however often."""

    def __init__(self, schema: Any) -> None:
        self.whole = schema
        self.places: dict[Path, Judge] = {}
        self.waiting: dict[Path, tuple[Any, Path]] = {}

    def compiled(self) -> Judge:
        judge = self.part(self.whole, ())
        while self.waiting:
            target, (schema, path) = self.waiting.popitem()
            self.places[target] = self.part(schema, path)
        return judge

    def part(self, schema: Any, path: Path) -> Judge:
        """Return the judge of the schema at a place."""
        if schema is True:
            return lambda value, steps: None
        if schema is False:
            nothing = SchemaProblem("is not allowed")
            return lambda value, steps: nothing
        self._refuse(schema, path)
        judges = [self._reference(schema["$ref"], (*path, "$ref"))] if "$ref" in schema else []
        for names, keyword in KEYWORDS:
            if any(name in schema for name in names):
                try:
                    judges.append(keyword(schema, lambda part, below: self.part(part, (*path, *below))))
                except SchemaRefusedError:
                    raise
                except ValueError as error:
                    raise SchemaRefusedError(f"The pattern is not RE2: {error}.", (*path, names[0])) from None
        return all_of(judges)

    def _reference(self, reference: str, path: Path) -> Judge:
        """Return the judge of what is referred to; looked up when it is used, since it may refer back."""
        keys = unquote(reference.removeprefix("#")).split("/")
        if not reference.startswith("#") or keys[0]:
            raise SchemaRefusedError(_REFERENCES, path)
        target = tuple(key.replace("~1", "/").replace("~0", "~") for key in keys[1:])
        if target not in self.places and target not in self.waiting:
            self.waiting[target] = (self._find(target, path), target)
        places = self.places
        return lambda value, steps: places[target](value, steps)  # noqa: PLW0108 — not yet there

    def _find(self, target: tuple[str, ...], path: Path) -> Any:
        found = self.whole
        for key in target:
            if isinstance(found, dict) and key in found:
                found = found[key]
            elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
                found = found[int(key)]
            else:
                found = None
        if not isinstance(found, dict | bool):
            raise SchemaRefusedError("There is no schema at that place.", path)
        return found

    def _refuse(self, schema: dict[str, Any], path: Path) -> None:
        dialect = schema.get("$schema", _DIALECT)
        if not isinstance(dialect, str) or dialect.rstrip("#") != _DIALECT:
            raise SchemaRefusedError(f"Schemas are read as JSON Schema 2020-12 ({_DIALECT}).", (*path, "$schema"))
        if "$id" in schema and path:
            raise SchemaRefusedError("Only the whole schema may have an $id.", (*path, "$id"))
        for name in _UNSUPPORTED:
            if name in schema:
                raise SchemaRefusedError(f"{name} is not supported.", (*path, name))


def _refuse_depth(value: Any, path: Path) -> None:
    if len(path) > MAX_DEPTH:
        raise SchemaRefusedError(f"A schema may be nested {MAX_DEPTH} levels deep at most.", path)
    for key, inner in _inside(value):
        _refuse_depth(inner, (*path, key))


def _inside(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)
