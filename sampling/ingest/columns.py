"""Lines of somebody else's shape: `FIELD=COLUMN` says which column becomes which field of an item.

Columns are keys of a line, or paths into its objects (`gold`, `usage.total`); fields are those of an item, or keys of
its metadata (`metadata.gold`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.http.lines import Line
from sampling.ingest.cells import METADATA, read_cell
from sampling.ingest.fields import ItemIn

_MISSING: Any = object()


class Mapped(NamedTuple):
    """One column and the field that it becomes."""

    field: str
    column: str


class ColumnMap:
    """Renames the columns of lines and counts the columns that it left out.

    Columns that are named like a field are taken as well, unless `only` the mapped ones are to be. Of a table cells are
    read as their fields want them. An output that is empty, or that no column is mapped to where only mapped ones are
    taken, means that the input itself is judged.
    """

    def __init__(
        self, pairs: Sequence[Mapped], *, table: bool = False, only: bool = False, ids_from_content: bool = False
    ) -> None:
        self.pairs = pairs
        self.ignored: Counter[str] = Counter()
        self._table, self._only, self._ids_from_content = table, only, ids_from_content
        self._without_output = only and all(pair.field != "output" for pair in pairs)
        self._used = {pair.column.partition(".")[0] for pair in pairs} | {pair.column for pair in pairs}

    def apply(self, lines: Iterable[Line]) -> Iterator[Line]:
        """Yield the lines with mapped columns; what is no object passes unchanged and is refused later."""
        for line in lines:
            source = _parsed(line.data)
            yield Line(line.number, self._renamed(source)) if isinstance(source, dict) else line

    def _renamed(self, source: dict[str, Any]) -> dict[str, Any]:
        item: dict[str, Any] = {}
        if not self._only:
            for name, value in source.items():
                if is_field(name) and (self._table or name in ItemIn.model_fields):
                    self._put(item, name, value)
        self.ignored.update(name for name in source if name not in self._used and (self._only or not is_field(name)))
        for field, column in self.pairs:
            value = _find(source, column)
            if value is not None and value is not _MISSING:
                self._put(item, field, value)
            elif value is None and field == "output":
                item["output"] = None  # there, and empty: the input itself is judged
        if self._table or self._without_output:
            item.setdefault("output", None)
        if self._ids_from_content and "external_id" not in item:
            item["external_id"] = sha256(orjson.dumps(item, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
        return item

    def _put(self, item: dict[str, Any], field: str, value: Any) -> None:
        if self._table:
            value = read_cell(field, value)
        if field.startswith(METADATA):
            before = item.get("metadata")
            item["metadata"] = {**(before if isinstance(before, dict) else {}), field[len(METADATA) :]: value}
        else:
            # Numbers are ids in many exports; ours are texts.
            item[field] = str(value) if field == "external_id" and type(value) is int else value


def is_field(name: str) -> bool:
    """Tell whether an item has a field, or can have a key of its metadata, of that name."""
    return name in ItemIn.model_fields or (name.startswith(METADATA) and len(name) > len(METADATA))


def parse_pairs(texts: Sequence[str]) -> list[Mapped]:
    """Return the pairs of `FIELD=COLUMN` texts, or raise InvalidError naming the ones that are none."""
    pairs, problems = [], []
    for text in texts:
        field, _, column = text.partition("=")
        if not is_field(field) or not column:
            reason = "Write FIELD=COLUMN." if not column else f"An item has no field {field!r}."
            problems.append(FieldError(text, reason))
        pairs.append(Mapped(field, column))
    if problems:
        raise InvalidError("Not every --map can be understood.", fields=tuple(problems))
    return pairs


def refuse_unknown_columns(columns: Sequence[str]) -> None:
    """Refuse a table that is read without a map and has columns that are no fields, before anything is stored."""
    unknown = [name for name in columns if not is_field(name)]
    if unknown:
        names = ", ".join(unknown[:20])
        raise InvalidError(
            f"These columns are no fields of an item: {names}. Say what each is to become, or name at least one and the"
            f" others are left out: --map external_id={unknown[0]} --map metadata.{unknown[-1]}={unknown[-1]}"
        )


def _parsed(data: Any) -> Any:
    if not isinstance(data, bytes):
        return data
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _find(source: dict[str, Any], column: str) -> Any:
    """Return the value of a column, a key as it is written, else the path that its dots make; _MISSING without one."""
    if column in source:
        return source[column]
    value: Any = source
    for key in column.split("."):
        value = value.get(key, _MISSING) if isinstance(value, dict) else _MISSING
    return value
