"""Reading the settings' forms: text into values, and refusals back to the places they are about."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict

from reviewapp.http.errors import FieldError, InvalidError, RefusalError

_NUMBERS = ("overlap", "lease_seconds", "undo_seconds", "horizon_days")


_SWITCHES = ("blind", "reveal_after_commit")
_COST = re.compile(r"([^:\s]+)\s*:\s*(\S+)\s*/\s*(\S+)\s*=\s*(\d{1,9}(?:\.\d{1,9})?)")


class Problems:
    """Why one form was refused, by field."""

    def __init__(self, form: str, refusal: RefusalError) -> None:
        self.form = form
        self.message = refusal.message
        self.places = refusal.fields


def read_whole_number(text: str, name: str) -> int | None:
    """Return the number of a field, None where it is empty, or refuse what is none."""
    text = text.strip()
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise InvalidError(fields=(FieldError(name, "Write a whole number."),)) from None


def read_project_fields(posted: QueryDict) -> dict[str, Any]:
    """Return the changes that the project form asks for."""
    changes: dict[str, Any] = {name: posted.get(name, "").strip() for name in ("name", "description")}
    for name in _NUMBERS:
        number = read_whole_number(posted.get(name, ""), name)
        if number is None:
            raise InvalidError(fields=(FieldError(name, "This is needed."),))
        changes[name] = number
    if "disagreement_costs" in posted:
        changes |= {
            "extra_reviewers": read_whole_number(posted.get("extra_reviewers", ""), "extra_reviewers") or 0,
            "adjudication_names_hidden": posted.get("adjudication_names_hidden") == "on",
            "skills_asked": read_skills_asked(posted.get("skills_asked", "")),
            "disagreement_costs": read_costs(posted.get("disagreement_costs", "")),
        }
    return {**changes, **{name: posted.get(name) == "on" for name in _SWITCHES}}


def read_costs(text: str) -> list[dict[str, Any]]:
    """Return the costs that lines such as `verdict: pass / fail = 5` name, or refuse a line that is none."""
    costs = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        found = _COST.fullmatch(line.strip())
        if found is None:
            raise _refused("disagreement_costs", f"Line {number}: write it as in verdict: pass / fail = 5.")
        question, a, b, cost = found.groups()
        costs.append({"question": question, "a": _value(a), "b": _value(b), "cost": float(cost)})
    return costs


def read_skills_asked(text: str) -> list[dict[str, str]]:
    """Return what lines such as `metadata.language = de: german` say, or refuse a line that says nothing."""
    asked = []
    for number, line in enumerate(text.splitlines(), 1):
        fact, equals, rest = line.partition("=")
        value, colon, skill = rest.rpartition(":")
        if not line.strip():
            continue
        if not (equals and colon and fact.strip() and value.strip() and skill.strip()):
            raise _refused("skills_asked", f"Line {number}: write it as in metadata.language = de: german.")
        asked.append({"fact": fact.strip(), "value": value.strip(), "skill": skill.strip()})
    return asked


def write_skills_asked(asked: Sequence[Mapping[str, str]]) -> str:
    """Return what items ask for as the lines that `read_skills_asked` reads."""
    return "\n".join(f"{each['fact']} = {each['value']}: {each['skill']}" for each in asked)


def write_costs(costs: Sequence[Mapping[str, Any]]) -> str:
    """Return costs as the lines that `read_costs` reads."""
    return "\n".join(f"{cost['question']}: {cost['a']} / {cost['b']} = {cost['cost']:g}" for cost in costs)


def _value(text: str) -> str | int:
    """Return a rating's answer as the number it is."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def read_json_list(text: str, name: str) -> list[Any]:
    """Return the JSON list of a field, or refuse it, naming line and column of the mistake."""
    value = _read_json(text, name)
    if not isinstance(value, list):
        raise _refused(name, "Write a JSON list: [ … ].")
    return value


def read_json_object(text: str, name: str) -> dict[str, Any]:
    """Return the JSON object of a field, or refuse it, naming line and column of the mistake."""
    value = _read_json(text, name)
    if not isinstance(value, dict):
        raise _refused(name, "Write a JSON object: { … }.")
    return value


def _read_json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _refused(name, f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None


def _refused(name: str, message: str) -> InvalidError:
    return InvalidError(message, fields=(FieldError(name, message),))
