"""What the columns of an upload become: chosen by a person, checked, and applied to the file's records."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from reviewapp.http.errors import FieldError, InvalidError
from sampling.ingest.columns import ColumnMap, Mapped, is_field
from sampling.ingest.files import FileKind
from sampling.uploads.guess import LEAVE_OUT

MAX_COLUMNS = 1000


class ColumnChoice(NamedTuple):
    """For each column the field that it becomes, or nothing; and whether ids are made from the content."""

    fields: dict[str, str]
    ids_from_content: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the choice as it is kept with the upload."""
        return {"fields": self.fields, "ids_from_content": self.ids_from_content}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "ColumnChoice":
        """Return the choice that was kept."""
        return cls(dict(kept["fields"]), bool(kept["ids_from_content"]))

    def column_map(self, kind: FileKind) -> ColumnMap:
        """Return the map that applies the choice to records of a file of this kind."""
        pairs = [Mapped(field, column) for column, field in self.fields.items() if field != LEAVE_OUT]
        table = kind is not FileKind.JSON_LINES
        return ColumnMap(pairs, table=table, only=True, ids_from_content=self.ids_from_content)


def check_choice(choice: ColumnChoice) -> None:
    """Refuse a choice by which no row could become an item, naming each column or field that is wrong."""
    problems = [
        FieldError(column, f"An item has no field {field!r}.")
        for column, field in choice.fields.items()
        if field != LEAVE_OUT and not is_field(field)
    ]
    times = Counter(field for field in choice.fields.values() if field != LEAVE_OUT)
    problems += [
        FieldError(field, f"{count} columns become this field.") for field, count in times.items() if count > 1
    ]
    if "external_id" not in times and not choice.ids_from_content:
        message = "Choose the column that holds each row's own id, or let ids be made from the content."
        problems.append(FieldError("external_id", message))
    if "input" not in times:
        problems.append(FieldError("input", "Choose the column that holds what the AI was given."))
    if problems:
        raise InvalidError("The columns are not mapped yet.", code="mapping_invalid", fields=tuple(problems))
