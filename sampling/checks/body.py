"""What a check looks like as it is sent in, by kind."""

import math
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from reviewapp.http.nulls import NullsAreDefaults
from sampling.checks.targets import find_target

MAX_CHECKS = 50
MAX_VALUES = 1000
MAX_PATTERN = 2000
MAX_LENGTH = 2**31 - 1

_NO_NUL = r"^[^\x00]*$"
Scalar: TypeAlias = str | int | float | bool


def _target(name: str) -> str:
    if find_target(name) is None:
        raise PydanticCustomError(
            "target", "Name a field of the item, or a place inside of one, like output.answer or output#/items/0."
        )
    return name


def _scalar(value: Any) -> Any:
    if not isinstance(value, str | int | float | bool) or (isinstance(value, float) and not math.isfinite(value)):
        raise PydanticCustomError("scalar", "Expected text, a number, true or false.")
    return value


Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
TargetName = Annotated[str, AfterValidator(_target)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=_NO_NUL)]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=MAX_PATTERN, pattern=_NO_NUL)]
Texts = Annotated[list[Text], Field(min_length=1, max_length=MAX_VALUES)]
Scalars = Annotated[list[Annotated[Any, BeforeValidator(_scalar)]], Field(min_length=1, max_length=MAX_VALUES)]
Length = Annotated[int, Field(ge=0, le=MAX_LENGTH)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class Check(NullsAreDefaults):
    """What every check has. Where the target is missing it does not apply, unless the target is `required`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Name
    kind: str
    target: TargetName = "output"
    required: bool = Field(default=False, description="A missing target fails instead of not applying.")
    when: dict[str, Any] | None = Field(default=None, description="A filter; other items are not checked.")


class JsonCheck(Check):
    """The text is JSON; what was sent as an object or a list is."""

    kind: Literal["json"]
    type: Literal["object", "array"] | None = None
    fences: bool = Field(default=False, description="The JSON may stand in a Markdown code fence.")


class JsonSchemaCheck(Check):
    """The value, or the JSON that the text is, meets a JSON Schema (2020-12, references inside of it only)."""

    kind: Literal["json_schema"]
    schema_: dict[str, Any] | bool = Field(alias="schema")
    fences: bool = False


class PatternCheck(Check):
    """The text holds a match of an RE2 pattern; with `match` false it must hold none."""

    kind: Literal["pattern"]
    pattern: Pattern
    match: bool = True
    ignore_case: bool = False


class _Range(Check):
    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        low, high = getattr(self, "min", None), getattr(self, "max", None)
        if low is None and high is None:
            raise PydanticCustomError("range", "Give min, max, or both.")
        if low is not None and high is not None and low > high:
            raise PydanticCustomError("range", "min is above max.")
        return self


class LengthCheck(_Range):
    """The text has at least `min` and at most `max` characters or words."""

    kind: Literal["length"]
    unit: Literal["characters", "words"] = "characters"
    min: Length | None = None
    max: Length | None = None


class ContainsCheck(Check):
    """The text contains all of the values, or any of them."""

    kind: Literal["contains"]
    values: Texts
    how_many: Literal["all", "any"] = "all"
    ignore_case: bool = False


class NotContainsCheck(Check):
    """The text contains none of the values."""

    kind: Literal["not_contains"]
    values: Texts
    ignore_case: bool = False


class AllowedValuesCheck(Check):
    """The value, or each element of a list, is one of the values."""

    kind: Literal["allowed_values"]
    values: Scalars
    ignore_case: bool = False


class NumericRangeCheck(_Range):
    """The number, or the text that is one, is at least `min` and at most `max`."""

    kind: Literal["numeric_range"]
    min: Number | None = None
    max: Number | None = None


class CitationCheck(Check):
    """What the text quotes, and the sources it cites, are found in the context or in what was retrieved."""

    kind: Literal["citation"]
    min_words: Annotated[int, Field(ge=1, le=100)] = Field(
        default=3, description="Shorter quotations are names and terms, and are not looked for."
    )
    at_least: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=0, description="How many quotations and references there must be; with none it does not apply."
    )


AnyCheck: TypeAlias = (
    JsonCheck
    | JsonSchemaCheck
    | PatternCheck
    | LengthCheck
    | ContainsCheck
    | NotContainsCheck
    | AllowedValuesCheck
    | NumericRangeCheck
    | CitationCheck
)
# For the document of the API; the service reads each check by its kind, so that a mistake is told at its place.
_CHECKS = TypeAdapter(list[AnyCheck]).json_schema()
_CHECKS = {**_CHECKS, "items": {"anyOf": list(_CHECKS.pop("$defs").values())}}
ChecksIn: TypeAlias = Annotated[list[Any], WithJsonSchema(_CHECKS)]

KINDS: dict[str, type[Check]] = {
    "json": JsonCheck,
    "json_schema": JsonSchemaCheck,
    "pattern": PatternCheck,
    "length": LengthCheck,
    "contains": ContainsCheck,
    "not_contains": NotContainsCheck,
    "allowed_values": AllowedValuesCheck,
    "numeric_range": NumericRangeCheck,
    "citation": CitationCheck,
}
