"""An upload of labels before it is imported: its columns, its reviewers, what its rows become, and a rubric for it."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple

import orjson

from annotations.imports.columns import LEAVE_OUT
from annotations.imports.files import Shape, row_of
from annotations.imports.guess import guess_label_fields
from annotations.imports.problems import find_problems
from annotations.imports.suggest import suggest_questions
from annotations.imports.upload_choice import LabelChoice, open_label_upload
from annotations.models import RubricVersion
from annotations.rubrics.publish import find_rubric
from reviewapp.accounts.access import Access
from reviewapp.http.lines import Line
from sampling.items.keys import find_item_ids
from sampling.models import Upload

SAMPLES = 3
TRIED = 200
# Rows that are looked at for who answered, and what.
LOOKED_AT = 20_000
MAX_REVIEWERS = 200
_CELL = 160


class PreviewColumn(NamedTuple):
    """A column, the field that it is, and some of its cells."""

    name: str
    field: str
    cells: list[str]


class PreviewLabel(NamedTuple):
    """What a row would become, as text, or the reason why it is refused."""

    line: int
    fields: list[tuple[str, str]]
    problem: str
    place: str


class LabelPreview(NamedTuple):
    """What is seen of a file: `tried` rows were read as labels, `refused` of them would be refused.

    `new_items` of the tried rows are about items that are made first. `reviewers` are those of the file with the names
    that they have here; `suggested` the questions that the rubric lacks for it.
    """

    choice: LabelChoice
    columns: list[PreviewColumn]
    labels: list[PreviewLabel]
    tried: int
    refused: int
    new_items: int
    reviewers: list[tuple[str, str]]
    suggested: list[dict[str, Any]]


def preview_labels(access: Access, upload: Upload, choice: LabelChoice | None = None) -> LabelPreview:
    """Return the first rows by this choice, or by what the columns seem to be."""
    source = open_label_upload(upload)
    lines = list(islice(source.lines, LOOKED_AT))
    rows = [row_of(line) for line in lines]
    names = source.columns or list(dict.fromkeys(name for row in rows for name in row))
    rubric = find_rubric(access.project.pk)
    questions = rubric.questions if rubric else []
    if choice is None or choice.shape is not source.shape:
        fields = {} if source.shape is Shape.OURS else guess_label_fields(names, questions, source.shape)
        choice = LabelChoice(source.shape, fields)
    controls = source.label_studio.kinds if source.label_studio else {}
    suggested = _suggested(source.shape, rows, choice, controls, questions)
    tried = lines[:TRIED]
    problems = _problems(access, rubric, tried, choice)
    new = _new_items(access, tried, choice)
    return LabelPreview(
        choice=choice,
        columns=[
            PreviewColumn(name, choice.fields.get(name, LEAVE_OUT), _samples(rows[:TRIED], name))
            for name in ([] if source.shape is Shape.OURS else names)
        ],
        labels=_shown(tried, choice, problems, questions),
        tried=len(tried),
        refused=len(problems),
        new_items=len(new),
        reviewers=_reviewers(rows, choice),
        suggested=suggested,
    )


def _suggested(
    shape: Shape, rows: Sequence[dict[str, Any]], choice: LabelChoice, controls: Any, questions: Any
) -> list[dict[str, Any]]:
    if shape is Shape.OURS:  # the answers by question are the columns
        answers = [row["answers"] for row in rows if isinstance(row.get("answers"), dict)]
        fields = {name: f"answers.{name}" for given in answers for name in given}
        return suggest_questions(answers, fields, shape=Shape.TABLE, controls={}, questions=questions)
    return suggest_questions(rows, choice.fields, shape=shape, controls=controls, questions=questions)


def _problems(
    access: Access, rubric: RubricVersion | None, tried: Sequence[Line], choice: LabelChoice
) -> dict[int, tuple[str, str]]:
    """Return why rows would be refused, by the row's identity: several rows may have one number."""
    if rubric is None:
        return {id(line): ("The project has no rubric yet.", "") for line in tried}
    makes_items = choice.shape is not Shape.OURS and choice.label_map().makes_items
    found = find_problems(access.project, rubric, tried, choice, makes_items=makes_items)
    return {id(line): (problem.message, problem.path) for line, problem in found}


def _new_items(access: Access, tried: Sequence[Line], choice: LabelChoice) -> set[int]:
    """Return the rows whose item is made with them."""
    mapping = choice.label_map()
    if not mapping.makes_items:
        return set()
    named = {id(line): external_id for line in tried if (external_id := mapping.external_id(line))}
    known = find_item_ids(access.project.pk, named.values())
    return {row for row, external_id in named.items() if external_id not in known}


def _shown(tried: Sequence[Line], choice: LabelChoice, problems: Any, questions: Any) -> list[PreviewLabel]:
    """Return some rows: what goes wrong is what one wants to see, and then what goes right."""
    bad = [line for line in tried if id(line) in problems][:2]
    good = [line for line in tried if id(line) not in problems][: 3 - len(bad)]
    shown = []
    for line in [*bad, *good]:
        message, place = problems.get(id(line), ("", ""))
        mapped = [line]
        if choice.shape is not Shape.OURS:
            mapped = list(choice.label_map().records([line], questions, choice.shape))
        record = row_of(mapped[0])
        answers = record.get("answers")
        told = {**record, **(answers if isinstance(answers, dict) else {})}
        told.pop("answers", None)
        shown.append(PreviewLabel(line.number, [(name, _text(value)) for name, value in told.items()], message, place))
    return shown


def _reviewers(rows: Sequence[dict[str, Any]], choice: LabelChoice) -> list[tuple[str, str]]:
    column = next((column for column, name in choice.fields.items() if name == "reviewer"), None)
    column = "reviewer" if choice.shape is Shape.OURS else column
    names = dict.fromkeys(_text(row[column]).strip() for row in rows if column and row.get(column) is not None)
    return [(name, choice.reviewers.get(name, name)) for name in list(names)[:MAX_REVIEWERS]]


def _samples(rows: Sequence[dict[str, Any]], name: str) -> list[str]:
    cells = dict.fromkeys(_text(row[name]) for row in rows if row.get(name) is not None)
    return [cell for cell in cells if cell][:SAMPLES]


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    return text if len(text) <= _CELL else f"{text[:_CELL]}…"
