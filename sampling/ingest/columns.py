"""Lines of somebody else's shape: `FIELD=COLUMN` says which column becomes which field of an item.

Columns are keys of a line, or paths into its objects (`gold`, `usage.total`); fields are those of an item, or keys of
its metadata (`metadata.gold`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.http.lines import Line
from sampling.ingest.fields import ItemIn

_METADATA = "metadata."


class Mapped(NamedTuple):
    """One column and the field that it becomes."""

    field: str
    column: str


class ColumnMap:
    """Renames the columns of lines and counts the columns that it left out."""

    def __init__(self, pairs: Sequence[Mapped]) -> None:
        self.pairs = pairs
        self.ignored: Counter[str] = Counter()
        self._used = {pair.column.partition(".")[0] for pair in pairs} | {pair.column for pair in pairs}

    def apply(self, lines: Iterable[Line]) -> Iterator[Line]:
        """Yield the lines with mapped columns; what is no object passes unchanged and is refused later."""
        for line in lines:
            source = _parsed(line.data)
            yield Line(line.number, self._renamed(source)) if isinstance(source, dict) else line

    def _renamed(self, source: dict[str, Any]) -> dict[str, Any]:
        item = {name: value for name, value in source.items() if name in ItemIn.model_fields}
        self.ignored.update(name for name in source if name not in item and name not in self._used)
        for field, column in self.pairs:
            value = _find(source, column)
            if value is None:
                continue
            if field.startswith(_METADATA):
                before = item.get("metadata")
                item["metadata"] = {**(before if isinstance(before, dict) else {}), field[len(_METADATA) :]: value}
            else:
                # Numbers are ids in many exports; ours are texts.
                item[field] = str(value) if field == "external_id" and type(value) is int else value
        return item


def parse_pairs(texts: Sequence[str]) -> list[Mapped]:
    """Return the pairs of `FIELD=COLUMN` texts, or raise InvalidError naming the ones that are none."""
    pairs, problems = [], []
    for text in texts:
        field, _, column = text.partition("=")
        known = field in ItemIn.model_fields or (field.startswith(_METADATA) and len(field) > len(_METADATA))
        if not known or not column:
            reason = "Write FIELD=COLUMN." if not column else f"An item has no field {field!r}."
            problems.append(FieldError(text, reason))
        pairs.append(Mapped(field, column))
    if problems:
        raise InvalidError("Not every --map can be understood.", fields=tuple(problems))
    return pairs


def _parsed(data: Any) -> Any:
    if not isinstance(data, bytes):
        return data
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _find(source: dict[str, Any], column: str) -> Any:
    """Return the value of a column: a key as it is written, else the path that its dots make."""
    if column in source:
        return source[column]
    value: Any = source
    for key in column.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value
