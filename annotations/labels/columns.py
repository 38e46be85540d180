"""Answers as columns of a table, for CSV: one a question, and one more for each field of a structured answer."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from annotations.models import RubricVersion

MAX_FIELDS = 100


class Column(NamedTuple):
    """A column: its heading, the question, and the field of a structured answer that it shows."""

    heading: str
    key: str
    field: str | None = None

    def cell(self, answers: Mapping[str, Any]) -> object:
        """Return what stands in the cell. Lists of words are joined by `;`, other lists and objects become JSON."""
        answer = answers.get(self.key)
        if self.field is not None:
            answer = answer.get(self.field) if isinstance(answer, dict) else None
        if isinstance(answer, list) and answer and all(isinstance(one, str) and ";" not in one for one in answer):
            return ";".join(answer)
        return answer


def list_columns(project_id: int) -> list[Column]:
    """Return a column for each question that any version of the project's rubric asks, newest version first."""
    versions = RubricVersion.objects.filter(project_id=project_id).order_by("-version")
    columns: dict[Column, None] = {}
    for question in (question for version in versions for question in version.questions):
        key = question["key"]
        columns[Column(f"answers.{key}", key)] = None
        fields = question["schema"].get("properties", {}) if question["kind"] == "json" else {}
        for field in list(fields)[:MAX_FIELDS]:
            columns[Column(f"answers.{key}.{field}", key, field)] = None
    return list(columns)
