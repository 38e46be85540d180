"""Guessing what the columns of somebody else's labels are: by their names, each field once."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from annotations.imports.columns import ANSWERS, ITEM, LEAVE_OUT
from annotations.imports.files import Shape
from annotations.imports.label_studio import DATA, RESULT
from sampling.uploads.guess import guess_fields

# What stands before the name of a question: in Label Studio's rows, in our own export, in anybody's table.
_BEFORE = ("result_", "answers_", "")
# Best guesses first.
_NAMES: dict[str, tuple[str, ...]] = {
    "external_id": (
        *("external_id", "task_external_id", "item_id", "request_id", "message_id", "example_id"),
        *("record_id", "uuid", "trace_id", "doc_id", "ticket", "ticket_id", "task_id", "id"),
    ),
    "reviewer": (
        *("reviewer", "annotation_completed_by", "annotator", "annotator_id", "completed_by", "rater", "rater_id"),
        *("labeler", "labeller", "worker", "worker_id", "coder", "judge", "user", "username", "user_id", "email"),
    ),
    "created_at": ("annotation_created_at", "created_at", "labeled_at", "annotated_at", "submitted_at", "timestamp"),
    "comment": ("comment", "comments"),
    "duration_ms": ("duration_ms",),
    "duration_s": ("annotation_lead_time", "lead_time", "duration_s", "seconds"),
}


def guess_label_fields(
    columns: Sequence[str], questions: Sequence[Mapping[str, Any]], shape: Shape = Shape.TABLE
) -> dict[str, str]:
    """Return for each column the field that it seems to be; a column that fits nothing is left out.

    Only Label Studio's exports hold the items for certain, so only of them the items are made unless somebody says so.
    """
    simple = {simple_name(column): column for column in reversed(columns)}
    guesses: dict[str, str] = {}
    for question in questions:
        for name in (question["key"], question["title"]):
            column = next(
                (simple[each] for each in (f"{prefix}{simple_name(name)}" for prefix in _BEFORE) if each in simple),
                None,
            )
            if column is not None and column not in guesses:
                guesses[column] = f"{ANSWERS}{question['key']}"
                break
    for field, names in _NAMES.items():
        found = next((simple[name] for name in names if name in simple and simple[name] not in guesses), None)
        if found is not None:
            guesses[found] = field
    if shape is Shape.LABEL_STUDIO:
        guesses = {**_item_fields(columns, guesses), **guesses}
    return {column: guesses.get(column, LEAVE_OUT) for column in columns}


def is_answer(column: str, field: str, shape: Shape) -> bool:
    """Tell whether a column seems to hold answers: those of controls, or what is nothing else in a table."""
    if field.startswith(ANSWERS):
        return True
    return column.startswith(RESULT) if shape is Shape.LABEL_STUDIO else field == LEAVE_OUT


def simple_name(column: str) -> str:
    """Return a name as the table has it: `Annotator ID` and `annotatorId` are `annotator_id`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column.strip())
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def _item_fields(columns: Sequence[str], guesses: Mapping[str, str]) -> dict[str, str]:
    names = [column.removeprefix(DATA) for column in columns if column.startswith(DATA) and column not in guesses]
    found = {name: field for name, field in guess_fields(names).items() if field not in {"external_id", "metadata.id"}}
    return {f"{DATA}{name}": f"{ITEM}{field}" for name, field in found.items() if field}
