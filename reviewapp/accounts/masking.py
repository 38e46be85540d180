"""A project's own masking patterns, checked before they are saved: RE2, so that no pattern can be slow."""

from collections.abc import Sequence
from typing import Annotated, Any

import re2
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from reviewapp.http.errors import FieldError, InvalidError

MAX_PATTERNS = 20
MAX_PATTERN = 1000
_MEMORY = 4 * 1024 * 1024
_NO_NUL = r"^[^\x00]*$"


class MaskingPattern(BaseModel):
    """One kind of thing that only this project knows, such as its customer numbers."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True, pattern=_NO_NUL)]
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=MAX_PATTERN, pattern=_NO_NUL)]


_LIST: TypeAdapter[list[MaskingPattern]] = TypeAdapter(list[MaskingPattern])


def compile_pattern(pattern: str) -> Any:
    """Return the pattern compiled, or raise ValueError saying what is wrong with it."""
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0]
        raise ValueError(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)) from None


def parse_masking_patterns(body: object) -> list[dict[str, str]]:
    """Return the patterns as they are kept, or raise InvalidError naming each that cannot be used."""
    try:
        patterns = _LIST.validate_python(body)
    except ValidationError as error:
        fields = tuple(
            FieldError(".".join(["masking_patterns", *(str(part) for part in problem["loc"])]), problem["msg"])
            for problem in error.errors(include_url=False, include_input=False)
        )
        raise InvalidError(fields=fields) from None
    if len(patterns) > MAX_PATTERNS:
        message = f"A project may have {MAX_PATTERNS} patterns at most."
        raise InvalidError(message, fields=(FieldError("masking_patterns", message),))
    problems = tuple(_problems(patterns))
    if problems:
        raise InvalidError(fields=problems)
    return [pattern.model_dump() for pattern in patterns]


def _problems(patterns: Sequence[MaskingPattern]) -> list[FieldError]:
    found = []
    names: set[str] = set()
    for index, each in enumerate(patterns):
        place = f"masking_patterns.{index}"
        if each.name in names:
            found.append(FieldError(f"{place}.name", "Another pattern has this name."))
        names.add(each.name)
        try:
            compiled = compile_pattern(each.pattern)
        except ValueError as error:
            found.append(FieldError(f"{place}.pattern", f"Not a pattern of RE2: {error}."))
            continue
        if compiled.search("") is not None:
            found.append(FieldError(f"{place}.pattern", "It matches where there is nothing: say what must be there."))
        if compiled.groups > 1:
            found.append(
                FieldError(f"{place}.pattern", "One group at most: where there is one, only the group is masked.")
            )
    return found
