"""Answers to a task, checked against its item, with everything that is kept beside them."""

from typing import Any

import orjson
from django.db import connection

from annotations.labels.answers import CheckedAnswers, check_answers, needs_item
from annotations.rubrics.sides import orders_of
from sampling.items.content import ItemContent


def check_labelled(
    questions: list[dict[str, Any]],
    answers: dict[str, Any],
    *,
    item_id: int,
    reviewer_id: int | None,
    task_id: int | None,
) -> CheckedAnswers:
    """Return a reviewer's checked answers; the order in which candidates were shown is kept beside a comparison.

    The item is read only where a question is about its content. Without a task (an import) no order is known. Raises
    InvalidError `answers_invalid`.
    """
    item = get_item_content(item_id) if needs_item(questions) else None
    checked = check_answers(questions, answers, item)
    if reviewer_id is not None and task_id is not None:
        for key, order in orders_of(questions, reviewer_id=reviewer_id, task_id=task_id).items():
            if key in checked.answers:
                checked.details[key] = {"order": order}
    return checked


def get_item_content(item_id: int) -> ItemContent:
    """Return the content of an item."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT input, output, context, steps FROM sampling_item WHERE id = %s", [item_id])
        return ItemContent(*(None if value is None else orjson.loads(value) for value in cursor.fetchone()))
