"""Rows of tables as records of verdicts and decisions: a column is called like its field, or mapped to it.

Answers of a judge stand in a column for each question, `answers.<question>`; a row of a table without any is unparsed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from annotations.imports.cells import read_answer
from annotations.imports.columns import ANSWERS
from annotations.imports.files import row_of
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.http.lines import Line
from sampling.ingest.cells import read_cell
from sampling.ingest.columns import Mapped

# Cells are read like those of the item's field that holds the same.
_LIKE = {
    "answers": "context",
    "assisted": "decision",
    "decision": "decision",
    "duration_ms": "input_tokens",
    "raw": "decision",
    "score": "confidence",
}
_TRUTHS = frozenset({"true", "false"})


def parse_pairs(texts: Sequence[str]) -> list[Mapped]:
    """Return the pairs of `FIELD=COLUMN` texts, or raise InvalidError naming the ones that are none."""
    parted = [text.partition("=") for text in texts]
    problems = [FieldError("".join(parts), "Write FIELD=COLUMN.") for parts in parted if not (parts[0] and parts[2])]
    if problems:
        raise InvalidError("Not every --map can be understood.", fields=tuple(problems))
    return [Mapped(field, column) for field, _, column in parted]


class RecordMap:
    """Renames the columns of rows and counts those that it left out; `asked` are the rubric's questions by key.

    Of a table, whose `columns` are known, cells are read as their fields want them.
    """

    def __init__(
        self,
        model: type[BaseModel],
        pairs: Sequence[Mapped],
        *,
        columns: Sequence[str] | None,
        asked: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._fields, self._pairs, self._columns, self._asked = model.model_fields, pairs, columns, asked
        self._used = {pair.column for pair in pairs}
        self.ignored: Counter[str] = Counter()

    def is_field(self, name: str) -> bool:
        """Tell whether a record has a field of that name, or may hold such an answer."""
        return name in self._fields or (name.startswith(ANSWERS) and "answers" in self._fields)

    def check(self) -> None:
        """Refuse, before anything is stored, fields that there are not, and columns that nothing is said of."""
        columns = self._columns
        problems = [
            FieldError(pair.field, "A record has no such field.")
            for pair in self._pairs
            if not self.is_field(pair.field)
        ]
        if columns is not None:
            missing = [pair for pair in self._pairs if pair.column not in columns]
            problems += [FieldError(pair.field, f"The file has no column {pair.column!r}.") for pair in missing]
            unknown = [] if self._pairs else [name for name in columns if not self.is_field(name)]
            problems += [FieldError(name, "No field is called so. Map it: --map FIELD=COLUMN.") for name in unknown]
            named = [*columns, *(pair.field for pair in self._pairs)]
            if "answers" in self._fields and not any(name.partition(".")[0] == "answers" for name in named):
                problems.append(FieldError("answers", "Say which column holds them: --map answers.QUESTION=COLUMN."))
        if problems:
            raise InvalidError("Not every column can be understood.", fields=tuple(problems[:20]))

    def apply(self, lines: Iterable[Line]) -> Iterator[Line]:
        """Yield the rows as records; what is no row passes unchanged, and is refused later."""
        for line in lines:
            row = row_of(line)
            yield Line(line.number, self._record(row)) if row else line

    def _record(self, row: Mapping[str, Any]) -> dict[str, Any]:
        record: dict[str, Any] = {}
        for name, value in row.items():
            if name in self._used:
                continue
            if self.is_field(name):
                self._put(record, name, value)
            else:
                self.ignored[name] += 1
        for name, column in self._pairs:
            if row.get(column) is not None:
                self._put(record, name, row[column])
        if "answers" in self._fields and self._columns is not None:
            record.setdefault("answers", None)
        return record

    def _put(self, record: dict[str, Any], name: str, value: Any) -> None:
        if name.startswith(ANSWERS):
            key = name.removeprefix(ANSWERS)
            record["answers"] = {**(record.get("answers") or {}), key: read_answer(self._asked.get(key), value)}
        elif self._columns is None:
            record[name] = value
        elif name in _LIKE:
            lower = value.strip().lower() if isinstance(value, str) else value
            record[name] = read_cell(_LIKE[name], lower if name == "assisted" and lower in _TRUTHS else value)
        else:
            record[name] = str(value) if type(value) is int else value
