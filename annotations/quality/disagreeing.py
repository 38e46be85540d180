"""The items behind a disagreement: those whose labels differ, whose labels are two given answers, or of two people."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

import orjson
from django.db import connection

from annotations.quality.votes import PLANNED

PAGE = 50
_ORDERLESS = "(SELECT COALESCE(jsonb_agg(x ORDER BY x), '[]') FROM jsonb_array_elements(b.answers -> %(key)s) x)"
_LABELS = """
FROM annotations_label b
WHERE b.project_id = %(project)s AND (%(before)s::bigint IS NULL OR b.item_id < %(before)s) AND {planned}
    AND b.answers ? %(key)s
"""
_DIFFERENT = "SELECT b.item_id {labels} GROUP BY b.item_id HAVING count(DISTINCT {answer}) > 1"
_TWO_ANSWERS = """
SELECT b.item_id {labels} AND {answer} = ANY(%(answers)s::jsonb[])
GROUP BY b.item_id HAVING count(DISTINCT {answer}) = 2
"""
_TWO_PEOPLE = """
SELECT b.item_id {labels} AND b.reviewer_name = ANY(%(people)s)
GROUP BY b.item_id HAVING count(DISTINCT {answer}) = 2
"""
_PAGE = """
WITH chosen AS ({chosen} ORDER BY b.item_id DESC LIMIT %(limit)s)
SELECT i.id, i.external_id, b.reviewer_name, b.answers -> %(key)s
FROM chosen c JOIN sampling_item i ON i.id = c.item_id JOIN annotations_label b ON b.item_id = c.item_id
WHERE {planned} AND b.answers ? %(key)s
ORDER BY i.id DESC, b.reviewer_name
"""


@dataclass(frozen=True, slots=True)
class Differing:
    """An item, and who gave which answer."""

    external_id: str
    given: list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class DifferingPage:
    """Some items, the newest first; `before` is where the next page begins, None at the end."""

    items: list[Differing]
    before: int | None


def list_differing(
    *,
    project_id: int,
    question: dict[str, Any],
    answers: tuple[Any, Any] | None = None,
    people: tuple[str, str] | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> DifferingPage:
    """Return items whose planned labels differ in a question: at all, between two answers, or between two people."""
    several = question["kind"] == "multi_choice"
    chosen = _TWO_PEOPLE if people else _TWO_ANSWERS if answers else _DIFFERENT
    labels = _LABELS.format(planned=PLANNED)
    statement = _PAGE.format(
        chosen=chosen.format(labels=labels, answer=_ORDERLESS if several else "b.answers -> %(key)s"), planned=PLANNED
    )
    wanted = [sorted(answer) if several and isinstance(answer, list) else answer for answer in answers or ()]
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "project": project_id,
                "key": question["key"],
                "answers": [orjson.dumps(answer).decode() for answer in wanted],
                "people": list(people or ()),
                "before": before,
                "limit": limit + 1,
            },
        )
        rows = cursor.fetchall()
    groups = [list(group) for _, group in groupby(rows, key=lambda row: row[0])]
    items = [Differing(group[0][1], [(row[2], orjson.loads(row[3])) for row in group]) for group in groups[:limit]]
    return DifferingPage(items, groups[limit - 1][0][0] if len(groups) > limit else None)
