"""The first rows of an upload: as they are, and as the items that they would become."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple

import orjson

from reviewapp.http.lines import Line
from sampling.ingest.cells import METADATA
from sampling.ingest.fields import ItemIn
from sampling.ingest.files import FileKind, Source
from sampling.ingest.parse import Problem, parse_line
from sampling.models import Upload
from sampling.uploads.guess import LEAVE_OUT, guess_fields
from sampling.uploads.mapping import MAX_COLUMNS, ColumnChoice
from sampling.uploads.stage import open_upload

SAMPLES = 3
LOOKED_AT = 200
_CELL = 200


class PreviewColumn(NamedTuple):
    """A column, what it seems to be, what it would be called in the metadata, and some of its cells."""

    name: str
    guess: str
    metadata: str
    cells: list[str]


class PreviewItem(NamedTuple):
    """What a row would become: an item's fields as text, or the reason why it is none."""

    line: int
    fields: list[tuple[str, str]]
    problem: str
    place: str


class UploadPreview(NamedTuple):
    """What is seen of a file before it is imported; `looked_at` rows were tried, `refused` of them would be."""

    columns: list[PreviewColumn]
    delimiter: str | None
    items: list[PreviewItem]
    looked_at: int
    refused: int


def preview_upload(upload: Upload, choice: ColumnChoice | None) -> UploadPreview:
    """Return the first rows by this choice of columns, or by what the columns seem to be."""
    source = open_upload(upload)
    lines = list(islice(source.lines, LOOKED_AT))
    names = _columns(source, lines)
    choice = choice or _guessed(names)
    mapped = choice.column_map(FileKind(upload.kind)).apply(lines)
    items = [_item(line.number, parse_line(line)) for line in mapped]
    refused = [item for item in items if item.problem]
    # What goes wrong is what one wants to see, and then what goes right.
    shown = [*refused[:2], *(item for item in items if not item.problem)][:3]
    columns = [
        PreviewColumn(
            name=name,
            guess=choice.fields.get(name, LEAVE_OUT),
            metadata=name if name.startswith(METADATA) else f"{METADATA}{name}",
            cells=_samples(lines, name),
        )
        for name in names
    ]
    return UploadPreview(columns, source.delimiter, shown, len(lines), len(refused))


def _guessed(names: Sequence[str]) -> ColumnChoice:
    fields = guess_fields(names)
    return ColumnChoice(fields, ids_from_content="external_id" not in fields.values())


def _columns(source: Source, lines: Sequence[Line]) -> list[str]:
    """Return the names of the columns; of JSON Lines those of the rows that were looked at."""
    if source.columns is not None:
        return source.columns
    names: dict[str, None] = {}
    for line in lines:
        record = _record(line)
        names.update(dict.fromkeys(record))
    return list(names)[:MAX_COLUMNS]


def _record(line: Line) -> dict[str, Any]:
    data = line.data
    if isinstance(data, bytes):
        try:
            data = orjson.loads(data)
        except orjson.JSONDecodeError:
            return {}
    return data if isinstance(data, dict) else {}


def _samples(lines: Sequence[Line], name: str) -> list[str]:
    """Return some of what stands in a column, each once."""
    cells = dict.fromkeys(_shown(_record(line).get(name)) for line in lines[:LOOKED_AT])
    return [cell for cell in cells if cell][:SAMPLES]


def _item(line: int, parsed: ItemIn | Problem) -> PreviewItem:
    if isinstance(parsed, Problem):
        return PreviewItem(line, [], parsed.message, parsed.path)
    known = parsed.model_dump(mode="json", exclude_none=True)
    return PreviewItem(line, [(name, _shown(value)) for name, value in known.items()], "", "")


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else "" if value is None else orjson.dumps(value, default=str).decode()
    return text if len(text) <= _CELL else f"{text[:_CELL]}…"
