"""One line to one checked record (an item, unless another model is named), or to the reason why it is none."""

import json
import math
from typing import Any, NamedTuple, NoReturn, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from reviewapp.http.lines import Line
from sampling.ingest.fields import ItemIn

_CODES = {"missing": "missing_field", "extra_forbidden": "unknown_field"}
_MESSAGES = {"missing_field": "This field is required.", "unknown_field": "There is no such field."}
_NUL = b"\\u0000"  # as orjson writes it, and as JSON has to
Record = TypeVar("Record", bound=BaseModel)


class Problem(NamedTuple):
    """Why a line was refused: the first thing wrong with it, and where."""

    line: int
    code: str
    message: str
    path: str = ""


def parse_line(line: Line) -> ItemIn | Problem:
    """Return the line's item, or its problem."""
    return parse_record(line, ItemIn)


def parse_record(line: Line, model: type[Record]) -> Record | Problem:
    """Return what the line holds as a record of that model, or its problem."""
    if line.problem is not None:
        return Problem(line.number, line.problem.code, line.problem.message)
    if isinstance(line.data, bytes):
        try:
            value = orjson.loads(line.data)
        except orjson.JSONDecodeError as error:
            return _unreadable(line.number, line.data, error)
        text = line.data
    else:
        value = line.data
        text = orjson.dumps(value)
    if _NUL in text and (found := _find_unstorable(value)):
        return Problem(line.number, *found)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        return _invalid(line.number, error)


def _invalid(number: int, error: ValidationError) -> Problem:
    first = error.errors(include_url=False, include_input=False)[0]
    code = _CODES.get(first["type"], "invalid_value")
    if first["type"] == "model_type":
        return Problem(number, code, "A record is a JSON object.")
    place = [*first["loc"], *([first["ctx"]["below"]] if first["type"] == "message" else [])]
    # A union reports each of its branches; the path in the item ends where their names begin.
    path = ".".join(str(part) for part in place if part not in {"str", "dict[str,any]"})
    return Problem(number, code, _MESSAGES.get(code, first["msg"]), path)


def _unreadable(number: int, data: bytes, error: orjson.JSONDecodeError) -> Problem:
    """Tell text and numbers that cannot be kept from what is no JSON at all."""
    try:
        value = json.loads(data, parse_constant=_no_constant)
    except ValueError:
        return Problem(number, "not_json", f"The line is not JSON: {error}.")
    return Problem(number, *(_find_unstorable(value) or ("not_json", f"The line is not JSON: {error}.", "")))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _find_unstorable(value: Any, path: str = "") -> tuple[str, str, str] | None:
    """Return code, message and path of the first text or number that Postgres cannot hold, or None."""
    if isinstance(value, str):
        return ("invalid_text", _text_problem(value), path) if _text_problem(value) else None
    if isinstance(value, float):
        return None if math.isfinite(value) else ("invalid_value", "The number is out of range.", path)
    if isinstance(value, dict):
        for key, inner in value.items():
            if problem := _text_problem(key):
                return "invalid_text", f"In a key: {problem}", path
            if found := _find_unstorable(inner, f"{path}.{key}".lstrip(".")):
                return found
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            if found := _find_unstorable(inner, f"{path}.{index}".lstrip(".")):
                return found
    return None


def _text_problem(text: str) -> str:
    if "\0" in text:
        return "Text must not hold the character NUL."
    try:
        text.encode()
    except UnicodeEncodeError:
        return "Text must not hold a lone surrogate (\\ud800 to \\udfff)."
    return ""
