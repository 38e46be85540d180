"""The keywords of JSON Schema 2020-12 as functions: each is compiled once, then judges one value after another."""

import math
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from typing import Any, NamedTuple, TypeAlias

import orjson

from sampling.checks.texts import compile_pattern


class StepsExceededError(RuntimeError):
    """The value takes more steps than a check may."""


class SchemaProblem(NamedTuple):
    """The first thing in which a value does not meet a schema; the path leads to it in the value."""

    message: str
    path: tuple[str | int, ...] = ()

    def below(self, key: str | int) -> "SchemaProblem":
        """Return the problem as the value around sees it."""
        return SchemaProblem(self.message, (key, *self.path))


class Steps:
    """How many schemas may still be applied."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left


Judge: TypeAlias = Callable[[Any, Steps], SchemaProblem | None]
Compile: TypeAlias = Callable[[Any, tuple[str | int, ...]], Judge]
Schema: TypeAlias = Mapping[str, Any]
Keyword: TypeAlias = Callable[[Schema, Compile], Judge]
_EXACTLY = Context(prec=700)  # digits from the largest float to the smallest


def all_of(judges: list[Judge]) -> Judge:
    """Return the judge of a whole schema: a value must meet each of its keywords."""

    def judge(value: Any, steps: Steps) -> SchemaProblem | None:
        steps.left -= 1
        if steps.left < 0:
            raise StepsExceededError("the schema takes more steps than a check may")
        for keyword in judges:
            problem = keyword(value, steps)
            if problem is not None:
                return problem
        return None

    return judge


def is_number(value: Any) -> bool:
    """Tell whether the value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "number": is_number,
    "integer": lambda value: is_number(value) and (isinstance(value, int) or value.is_integer()),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def _type(schema: Schema, compile_part: Compile) -> Judge:
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    tests = [_TYPES[name] for name in names]
    problem = SchemaProblem(f"is not of the type {' or '.join(names)}")
    if len(tests) == 1:
        (test,) = tests
        return lambda value, steps: None if test(value) else problem
    return lambda value, steps: None if any(test(value) for test in tests) else problem


def comparable(value: Any) -> Any:
    """Return something that is equal for equal JSON values only: 1 is 1.0 and not true."""
    if isinstance(value, dict):
        return frozenset((key, comparable(inner)) for key, inner in value.items())
    if isinstance(value, list):
        return tuple(comparable(inner) for inner in value)
    return (isinstance(value, bool), value)


def _enum(schema: Schema, compile_part: Compile) -> Judge:
    allowed = frozenset(map(comparable, schema["enum"]))
    problem = SchemaProblem(f"is none of {_shown(schema['enum'])}")
    return lambda value, steps: None if comparable(value) in allowed else problem


def _const(schema: Schema, compile_part: Compile) -> Judge:
    wanted = comparable(schema["const"])
    problem = SchemaProblem(f"is not {_shown(schema['const'])}")
    return lambda value, steps: None if comparable(value) == wanted else problem


def _bound(name: str, holds: Callable[[Any, Any], bool], word: str) -> Keyword:
    def compiled(schema: Schema, compile_part: Compile) -> Judge:
        bound = schema[name]
        problem = SchemaProblem(f"is not {word} {bound}")
        return lambda value, steps: None if not is_number(value) or holds(value, bound) else problem

    return compiled


def _size(name: str, kind: type[Any], holds: Callable[[int, int], bool], word: str) -> Keyword:
    def compiled(schema: Schema, compile_part: Compile) -> Judge:
        bound = schema[name]
        problem = SchemaProblem(f"has {word} {bound:g}")
        return lambda value, steps: None if not isinstance(value, kind) or holds(len(value), bound) else problem

    return compiled


def _multiple_of(schema: Schema, compile_part: Compile) -> Judge:
    divisor = schema["multipleOf"]
    exact = Decimal(repr(divisor))
    problem = SchemaProblem(f"is no multiple of {divisor}")

    def judge(value: Any, steps: Steps) -> SchemaProblem | None:
        # As decimals, because 0.3 is a multiple of 0.1.
        if not is_number(value) or _EXACTLY.remainder(Decimal(repr(value)), exact) == 0:
            return None
        return problem

    return judge


def _pattern(schema: Schema, compile_part: Compile) -> Judge:
    search = compile_pattern(schema["pattern"]).search
    problem = SchemaProblem(f"does not match {schema['pattern']}")
    return lambda value, steps: None if not isinstance(value, str) or search(value) else problem


def _unique_items(schema: Schema, compile_part: Compile) -> Judge:
    problem = SchemaProblem("has an element twice")
    wanted = schema["uniqueItems"]

    def judge(value: Any, steps: Steps) -> SchemaProblem | None:
        if not wanted or not isinstance(value, list) or len(set(map(comparable, value))) == len(value):
            return None
        return problem

    return judge


def _required(schema: Schema, compile_part: Compile) -> Judge:
    names = schema["required"]

    def judge(value: Any, steps: Steps) -> SchemaProblem | None:
        if isinstance(value, dict):
            for name in names:
                if name not in value:
                    return SchemaProblem(f"has no {name!r}")
        return None

    return judge


def _dependent_required(schema: Schema, compile_part: Compile) -> Judge:
    dependencies = schema["dependentRequired"]

    def judge(value: Any, steps: Steps) -> SchemaProblem | None:
        if isinstance(value, dict):
            for given, names in dependencies.items():
                for name in names if given in value else ():
                    if name not in value:
                        return SchemaProblem(f"has {given!r} and no {name!r}")
        return None

    return judge


def _properties(schema: Schema, compile_part: Compile) -> Judge:
    """Return the judge of `properties`, `patternProperties` and `additionalProperties`, which know of each other."""
    known = {name: compile_part(part, ("properties", name)) for name, part in schema.get("properties", {}).items()}
    by_pattern = [
        (compile_pattern(pattern).search, compile_part(part, ("patternProperties", pattern)))
        for pattern, part in schema.get("patternProperties", {}).items()
    ]
    others = (
        compile_part(schema["additionalProperties"], ("additionalProperties",))
        if ("additionalProperties" in schema)
        else None
    )
    closed = schema.get("additionalProperties") is False

    def judge(value: Any, steps: Steps) -> SchemaProblem | None:
        if not isinstance(value, dict):
            return None
        for key, inner in value.items():
            own = known.get(key)
            judges = [own] if own is not None else []
            judges += [part for search, part in by_pattern if search(key)]
            if not judges and others is not None:
                if closed:
                    return SchemaProblem(f"{key!r} is not allowed")
                judges = [others]
            for part in judges:
                problem = part(inner, steps)
                if problem is not None:
                    return problem.below(key)
        return None

    return judge


def _property_names(schema: Schema, compile_part: Compile) -> Judge:
    part = compile_part(schema["propertyNames"], ("propertyNames",))

    def judge(value: Any, steps: Steps) -> SchemaProblem | None:
        for key in value if isinstance(value, dict) else ():
            problem = part(key, steps)
            if problem is not None:
                return SchemaProblem(f"the key {key!r} {problem.message}")
        return None

    return judge


def _items(schema: Schema, compile_part: Compile) -> Judge:
    """Return the judge of `prefixItems` and of `items`, which begins behind them."""
    first = [compile_part(part, ("prefixItems", n)) for n, part in enumerate(schema.get("prefixItems", []))]
    rest = compile_part(schema["items"], ("items",)) if "items" in schema else None

    def judge(value: Any, steps: Steps) -> SchemaProblem | None:
        if not isinstance(value, list):
            return None
        for index, inner in enumerate(value):
            part = first[index] if index < len(first) else rest
            if part is None:
                return None
            problem = part(inner, steps)
            if problem is not None:
                return problem.below(index)
        return None

    return judge


def _contains(schema: Schema, compile_part: Compile) -> Judge:
    part = compile_part(schema["contains"], ("contains",))
    low, high = schema.get("minContains", 1), schema.get("maxContains", math.inf)

    def judge(value: Any, steps: Steps) -> SchemaProblem | None:
        if not isinstance(value, list):
            return None
        count = sum(part(inner, steps) is None for inner in value)
        return None if low <= count <= high else SchemaProblem(f"has {count} elements of those that it should contain")

    return judge


def _parts(name: str, schema: Schema, compile_part: Compile) -> list[Judge]:
    return [compile_part(part, (name, index)) for index, part in enumerate(schema[name])]


def _all_of(schema: Schema, compile_part: Compile) -> Judge:
    return all_of(_parts("allOf", schema, compile_part))


def _any_of(schema: Schema, compile_part: Compile) -> Judge:
    parts = _parts("anyOf", schema, compile_part)
    problem = SchemaProblem("meets none of the alternatives")
    return lambda value, steps: None if any(part(value, steps) is None for part in parts) else problem


def _one_of(schema: Schema, compile_part: Compile) -> Judge:
    parts = _parts("oneOf", schema, compile_part)

    def judge(value: Any, steps: Steps) -> SchemaProblem | None:
        count = sum(part(value, steps) is None for part in parts)
        return None if count == 1 else SchemaProblem(f"meets {count} of the alternatives, not one")

    return judge


def _not(schema: Schema, compile_part: Compile) -> Judge:
    part = compile_part(schema["not"], ("not",))
    problem = SchemaProblem("meets what it must not")
    return lambda value, steps: None if part(value, steps) is not None else problem


def _if(schema: Schema, compile_part: Compile) -> Judge:
    condition = compile_part(schema["if"], ("if",))
    then = compile_part(schema.get("then", True), ("then",))
    otherwise = compile_part(schema.get("else", True), ("else",))
    return lambda value, steps: (then if condition(value, steps) is None else otherwise)(value, steps)


def _dependent_schemas(schema: Schema, compile_part: Compile) -> Judge:
    parts = {key: compile_part(part, ("dependentSchemas", key)) for key, part in schema["dependentSchemas"].items()}

    def judge(value: Any, steps: Steps) -> SchemaProblem | None:
        for key, part in parts.items() if isinstance(value, dict) else ():
            problem = part(value, steps) if key in value else None
            if problem is not None:
                return problem
        return None

    return judge


def _shown(value: Any) -> str:
    return orjson.dumps(value).decode()[:200]


# A keyword, and what it is compiled by; those that belong together have one judge, under the first that is there.
KEYWORDS: tuple[tuple[tuple[str, ...], Keyword], ...] = (
    (("type",), _type),
    (("enum",), _enum),
    (("const",), _const),
    (("minimum",), _bound("minimum", lambda value, bound: value >= bound, "at least")),
    (("maximum",), _bound("maximum", lambda value, bound: value <= bound, "at most")),
    (("exclusiveMinimum",), _bound("exclusiveMinimum", lambda value, bound: value > bound, "above")),
    (("exclusiveMaximum",), _bound("exclusiveMaximum", lambda value, bound: value < bound, "below")),
    (("multipleOf",), _multiple_of),
    (("minLength",), _size("minLength", str, lambda size, bound: size >= bound, "fewer characters than")),
    (("maxLength",), _size("maxLength", str, lambda size, bound: size <= bound, "more characters than")),
    (("pattern",), _pattern),
    (("minItems",), _size("minItems", list, lambda size, bound: size >= bound, "fewer elements than")),
    (("maxItems",), _size("maxItems", list, lambda size, bound: size <= bound, "more elements than")),
    (("uniqueItems",), _unique_items),
    (("minProperties",), _size("minProperties", dict, lambda size, bound: size >= bound, "fewer keys than")),
    (("maxProperties",), _size("maxProperties", dict, lambda size, bound: size <= bound, "more keys than")),
    (("required",), _required),
    (("dependentRequired",), _dependent_required),
    (("properties", "patternProperties", "additionalProperties"), _properties),
    (("propertyNames",), _property_names),
    (("prefixItems", "items"), _items),
    (("contains",), _contains),
    (("allOf",), _all_of),
    (("anyOf",), _any_of),
    (("oneOf",), _one_of),
    (("not",), _not),
    (("if",), _if),
    (("dependentSchemas",), _dependent_schemas),
)
