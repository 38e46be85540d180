"""The records of an upload that were refused, each with the reason: read anew, so that none is missing."""

from collections.abc import Iterator

import orjson

from reviewapp.http.csv_rows import csv_rows
from reviewapp.http.lines import Line
from sampling.ingest.csv_file import PROBLEM_COLUMNS, original_columns
from sampling.ingest.files import FileKind, Source
from sampling.ingest.parse import Problem, parse_line
from sampling.models import Upload
from sampling.uploads.mapping import ColumnChoice
from sampling.uploads.stage import open_upload

_CHUNK = 64 * 1024


def bad_lines(upload: Upload) -> Iterator[bytes]:
    """Yield a file of the refused records.

    Of CSV a CSV file: what is wrong, and the original columns (a row that cannot be parted into cells stands in
    `problem_row`). Of other kinds JSON Lines `{line, code, message, path, original}`.
    """
    source = open_upload(upload)
    if source.columns is not None and upload.kind == FileKind.CSV:
        columns = original_columns(source.columns)
        return csv_rows((*PROBLEM_COLUMNS, *columns), _rows(upload, source, columns))
    return _pieces(upload, source)


def _rows(upload: Upload, source: Source, columns: list[str]) -> Iterator[list[object]]:
    for line, problem, raw in _refused(upload, source):
        cells = line.data if isinstance(line.data, dict) else {}
        row = "" if cells else raw
        yield [line.number, problem.message, problem.path, row, *(cells.get(name, "") for name in columns)]


def _pieces(upload: Upload, source: Source) -> Iterator[bytes]:
    held = bytearray()
    for line, problem, raw in _refused(upload, source):
        original = line.data if isinstance(line.data, dict) else raw
        held += orjson.dumps({**problem._asdict(), "original": original}, default=str) + b"\n"
        if len(held) >= _CHUNK:
            yield bytes(held)
            held.clear()
    yield bytes(held)


def _refused(upload: Upload, source: Source) -> Iterator[tuple[Line, Problem, str]]:
    """Yield the refused records of those that were imported, as they are in the file."""
    columns = ColumnChoice.of_json(upload.mapping).column_map(FileKind(upload.kind))
    for nth, line in enumerate(source.lines):
        if nth >= upload.records:
            return
        parsed = parse_line(next(columns.apply([line])))
        if isinstance(parsed, Problem):
            text = line.data.decode("utf-8", "replace") if isinstance(line.data, bytes) else ""
            yield line, parsed, text or (source.raw() if source.raw else "")
