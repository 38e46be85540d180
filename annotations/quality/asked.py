"""What figures are asked about: a project's question, and which of its items."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from annotations.rubrics.publish import find_rubric, no_rubric
from annotations.rubrics.questions import primary_question
from reviewapp.http.errors import FieldError, InvalidError
from sampling.plans.filters import EVERYTHING, Filter
from sampling.plans.filters_refs import as_stored
from sampling.plans.filters_sql import SqlCondition, filter_sql
from sampling.plans.segments import segment_sql


@dataclass(frozen=True, slots=True)
class Window:
    """Items of a project by when they arrived and what is known of them; `segment` names the fact to split by.

    `part` is one value of such a fact, as text: only its items.
    """

    project_id: int
    start: datetime | None = None
    end: datetime | None = None
    where: Filter = EVERYTHING
    segment: str | None = None
    part: tuple[str, str] | None = None

    def condition(self) -> SqlCondition:
        """Return the condition on a row `i` of `sampling_item`."""
        found, part = filter_sql(as_stored(self.where, project_id=self.project_id)), self._part()
        return SqlCondition(
            "i.project_id = %s AND (%s::timestamptz IS NULL OR i.received_at >= %s)"
            f" AND (%s::timestamptz IS NULL OR i.received_at < %s) AND {found.sql}{part.sql}",
            [self.project_id, self.start, self.start, self.end, self.end, *found.params, *part.params],
        )

    def _part(self) -> SqlCondition:
        if self.part is None:
            return SqlCondition("", [])
        name, value = self.part
        fact = segment_sql(name)
        return SqlCondition(f" AND {fact.sql} = %s", [*fact.params, value])


def get_question(project_id: int, key: str | None) -> dict[str, Any]:
    """Return the question of that key in the newest rubric; without a key the primary one, else the first.

    Raises ConflictError `no_rubric`, InvalidError for a key that is none.
    """
    rubric = find_rubric(project_id)
    if rubric is None:
        raise no_rubric()
    questions: list[dict[str, Any]] = rubric.questions
    wanted = key or primary_question(questions) or questions[0]["key"]
    for question in questions:
        if question["key"] == wanted:
            return question
    message = f"The rubric has no question {wanted[:60]!r}."
    raise InvalidError(message, fields=(FieldError("question", message),))
