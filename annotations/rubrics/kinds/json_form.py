"""Structured answers: JSON that is valid under the question's schema."""

from collections.abc import Mapping
from typing import Any, Literal, Self

import orjson
from pydantic import Field, model_validator

from annotations.rubrics.json_schema import check_schema, find_schema_problems
from annotations.rubrics.kinds.base import MAX_TEXT, BaseQuestion, Checked, Problem, find_unstorable, refused
from annotations.rubrics.kinds.long_numbers import restore_long_numbers
from sampling.items.content import ItemContent


class JsonForm(BaseQuestion):
    """A value under a JSON Schema; `prefill: output` begins with the item's output."""

    kind: Literal["json"]
    schema_: dict[str, Any] = Field(alias="schema")
    prefill: Literal["output"] | None = None

    @model_validator(mode="after")
    def _schema_is_usable(self) -> Self:
        check_schema(self.schema_)
        return self


def check_json(question: Mapping[str, Any], answer: Any, item: ItemContent | None) -> Checked:
    """Accept what is valid under the schema; each problem has the path of the place it is about."""
    if problem := find_unstorable(answer):
        return refused(problem)
    if len(orjson.dumps(answer)) > MAX_TEXT:
        return refused(f"An answer may have {MAX_TEXT:,} bytes.")
    if item is not None and question.get("prefill") == "output":
        answer = restore_long_numbers(answer, item.output)
    problems = find_schema_problems(question["schema"], answer)
    return Checked(answer) if not problems else Checked(problems=tuple(Problem(text, path) for path, text in problems))
