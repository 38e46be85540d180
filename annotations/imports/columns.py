"""Rows of somebody else's shape as records of ours: which column is the item, the reviewer, and the answer to what.

A field is one of a label's (`external_id`, `reviewer`, `created_at`, `comment`, `duration_ms`, or `duration_s` in
seconds), `answers.<question>`, or `item.<field>` for the item that the label is about, where that is to be made too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from annotations.imports.cells import read_answer
from annotations.imports.files import Shape, row_of
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.http.lines import Line
from sampling.ingest.cells import read_cell
from sampling.ingest.columns import ColumnMap, Mapped, is_field

ANSWERS, ITEM = "answers.", "item."
FIELDS = ("external_id", "reviewer", "created_at", "comment", "duration_ms", "duration_s")
NEEDED = ("external_id", "reviewer")
LEAVE_OUT = ""


@dataclass(frozen=True, slots=True)
class LabelMap:
    """For each field the column that it comes from; `reviewers` says what people are called here.

    `reviewer` stands for everybody in a file that does not say who answered.
    """

    pairs: Sequence[Mapped]
    reviewers: Mapping[str, str] = field(default_factory=dict)
    reviewer: str = ""

    @classmethod
    def of_columns(cls, fields: Mapping[str, str], *, reviewers: Mapping[str, str], reviewer: str = "") -> "LabelMap":
        """Return the map of a choice made column by column."""
        pairs = [Mapped(name, column) for column, name in fields.items() if name != LEAVE_OUT]
        return cls(pairs, reviewers, reviewer)

    @property
    def makes_items(self) -> bool:
        """Whether items that are not here yet can be made of the rows."""
        return any(pair.field == f"{ITEM}input" for pair in self.pairs)

    def records(self, lines: Iterable[Line], questions: Sequence[Mapping[str, Any]], shape: Shape) -> Iterator[Line]:
        """Yield the lines as records of labels; what is no row passes unchanged, and is refused later."""
        asked = {question["key"]: question for question in questions}
        for line in lines:
            row = row_of(line)
            yield Line(line.number, self._record(row, asked, shape)) if row else line

    def items(self, lines: Iterable[Line]) -> Iterator[Line]:
        """Yield the lines as the items that they are about."""
        pairs = [
            Mapped(pair.field.removeprefix(ITEM), pair.column)
            for pair in self.pairs
            if pair.field.startswith(ITEM) or pair.field == "external_id"
        ]
        rows = (Line(line.number, row) for line in lines if (row := row_of(line)))
        return ColumnMap(pairs, table=True, only=True).apply(rows)

    def external_id(self, line: Line) -> str | None:
        """Return the external id that a line speaks of."""
        column = next((pair.column for pair in self.pairs if pair.field == "external_id"), None)
        value = None if column is None else row_of(line).get(column)
        return None if value is None else _id(value)

    def _record(self, row: Mapping[str, Any], asked: Mapping[str, Mapping[str, Any]], shape: Shape) -> dict[str, Any]:
        record: dict[str, Any] = {"answers": {}}
        for name, column in self.pairs:
            value = row.get(column)
            if name.startswith(ANSWERS):
                question = asked.get(name.removeprefix(ANSWERS))
                if value is None and shape is Shape.LABEL_STUDIO and question and question["kind"] == "spans":
                    value = []  # it stores nothing where somebody looked and marked nothing
                if value is not None:
                    record["answers"][name.removeprefix(ANSWERS)] = read_answer(question, value, row)
            elif value is not None and not name.startswith(ITEM):
                record |= _field(name, value)
        who = str(record.get("reviewer", "")).strip() or self.reviewer
        if who:
            record["reviewer"] = self.reviewers.get(who, who)
        return record


def parse_label_pairs(texts: Sequence[str]) -> list[Mapped]:
    """Return the pairs of `FIELD=COLUMN` texts, or raise InvalidError naming the ones that are none."""
    pairs, problems = [], []
    for text in texts:
        name, _, column = text.partition("=")
        if not column:
            problems.append(FieldError(text, "Write FIELD=COLUMN."))
        elif not is_label_field(name):
            problems.append(FieldError(text, f"A label has no field {name!r}. Answers are answers.<question>."))
        pairs.append(Mapped(name, column))
    if problems:
        raise InvalidError("Not every --map can be understood.", fields=tuple(problems))
    return pairs


def check_pairs(mapping: LabelMap, questions: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a map by which no row could become a label, naming each field that is wrong."""
    keys = {question["key"] for question in questions}
    fields = [pair.field for pair in mapping.pairs]
    problems = [
        FieldError(name, f"{fields.count(name)} columns become this field.")
        for name in dict.fromkeys(fields)
        if fields.count(name) > 1
    ]
    answers = [name.removeprefix(ANSWERS) for name in fields if name.startswith(ANSWERS)]
    problems += [
        FieldError(f"{ANSWERS}{key}", "The rubric has no such question.") for key in answers if key not in keys
    ]
    problems += [
        FieldError(name, "A label has no such field.")
        for name in fields
        if not name.startswith(ANSWERS) and not is_label_field(name)
    ]
    if "external_id" not in fields:
        problems.append(FieldError("external_id", "Choose the column that says which item each row is about."))
    if "reviewer" not in fields and not mapping.reviewer:
        problems.append(FieldError("reviewer", "Choose the column that says who answered, or name one person for all."))
    if not answers:
        message = "Choose at least one column that holds answers. The rubric has to have a question for it."
        problems.append(FieldError("answers", message))
    if problems:
        raise InvalidError("The columns are not mapped yet.", code="mapping_invalid", fields=tuple(problems))


def is_label_field(name: str) -> bool:
    """Tell whether a label, its answers, or the item that it is about can have a field of that name."""
    if name.startswith(ITEM):
        return is_field(name.removeprefix(ITEM)) and name != f"{ITEM}external_id"
    return name in FIELDS or (name.startswith(ANSWERS) and len(name) > len(ANSWERS))


def _field(name: str, value: Any) -> dict[str, Any]:
    """Return a field of a label as its record wants it; what does not fit is left, to be refused with its place."""
    match name:
        case "external_id":
            return {name: _id(value)}
        case "reviewer" | "comment":
            return {name: value if isinstance(value, str) else orjson.dumps(value).decode()}
        case "duration_ms":
            return {name: read_cell("input_tokens", value)}
        case "duration_s":
            seconds = read_cell("latency_ms", value)
            whole = isinstance(seconds, int | float) and not isinstance(seconds, bool)
            return {"duration_ms": round(seconds * 1000) if whole else seconds}
    return {name: value}


def _id(value: Any) -> Any:
    return str(value) if type(value) is int else value
