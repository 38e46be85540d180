"""Files of labels, told by what is in them: our own records, Label Studio's export, or anybody's table."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Any, BinaryIO

from annotations.imports.label_studio import LabelStudioRows, is_label_studio, parsed
from reviewapp.http.lines import Line, cut_array, cut_lines, wrap_records
from sampling.ingest.files import FileKind, read_chunks, read_file

# Only our own export of labels has all of these columns.
_OUR_CSV = frozenset({"external_id", "reviewer", "rubric_version", "answers", "source", "surplus", "superseded_by"})


class Shape(StrEnum):
    """What the records of a file of labels look like."""

    OURS = "ours"
    LABEL_STUDIO = "label_studio"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class LabelFile:
    """An open file of labels: its rows, of CSV and Parquet its columns, of Label Studio what was left out so far."""

    shape: Shape
    lines: Iterator[Line]
    columns: list[str] | None = None
    label_studio: LabelStudioRows | None = None


def open_labels(
    file: BinaryIO, *, kind: FileKind, size: int = 0, limit: int | None = None, progress: Callable[[int], object]
) -> LabelFile:
    """Return the rows of an open file. Raises RefusalError, also while they are read, where it cannot be read."""
    if kind is not FileKind.JSON_LINES:
        source = read_file(file, kind=kind, size=size, limit=limit, progress=progress, exported=_OUR_CSV)
        return LabelFile(Shape.TABLE, source.lines, source.columns)
    lines = _records(read_chunks(file, limit=limit, progress=progress))
    first = next(lines, None)
    lines = chain([] if first is None else [first], lines)
    record = None if first is None else parsed(first.data)
    if is_label_studio(record):
        rows = LabelStudioRows(lines)
        return LabelFile(Shape.LABEL_STUDIO, iter(rows), label_studio=rows)
    ours = isinstance(record, dict) and isinstance(record.get("answers"), dict)
    # What is no object at all is refused line by line, as our own would be.
    return LabelFile(Shape.OURS if ours or not isinstance(record, dict) else Shape.TABLE, lines)


def row_of(line: Line) -> dict[str, Any]:
    """Return the cells of a row by column; empty where the line is none."""
    data = parsed(line.data)
    return data if isinstance(data, dict) else {}


def _records(chunks: Iterable[bytes]) -> Iterator[Line]:
    """Yield the lines of JSON Lines, or the elements of a JSON array."""
    source = iter(chunks)
    head = b""
    while not head.strip() and (chunk := next(source, None)) is not None:
        head = (head + chunk).removeprefix(b"\xef\xbb\xbf")
    whole = chain([head], source)
    if head.lstrip().startswith(b"["):
        return cut_array(wrap_records(whole, key="labels"), key="labels")
    return cut_lines(whole)
