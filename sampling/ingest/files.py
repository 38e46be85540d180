"""Files of items: JSON Lines and CSV, plain or gzip-compressed (which their first bytes tell), and Parquet."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import chain
from pathlib import PurePath
from typing import BinaryIO, NamedTuple

from reviewapp.http.bodies import inflate
from reviewapp.http.lines import Line, cut_lines
from sampling.ingest.csv_file import REFUSED, CsvTable
from sampling.ingest.parquet_file import ParquetTable

_CHUNK = 256 * 1024
_GZIP = b"\x1f\x8b"


class FileKind(StrEnum):
    """How the records of a file are written."""

    JSON_LINES = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


class Source(NamedTuple):
    """The records of an open file; of a table also its columns; of CSV what parts its cells, and the text of the record
    that was read last."""

    lines: Iterator[Line]
    columns: list[str] | None = None
    delimiter: str | None = None
    raw: Callable[[], str] | None = None


def kind_of(name: str) -> FileKind:
    """Return the kind of file that a name promises; JSON Lines where it promises none."""
    suffixes = [suffix.lower() for suffix in PurePath(name).suffixes if suffix.lower() != ".gz"]
    last = suffixes[-1] if suffixes else ""
    if last in {".csv", ".tsv"}:
        return FileKind.CSV
    return FileKind.PARQUET if last in {".parquet", ".pq"} else FileKind.JSON_LINES


def read_file(
    file: BinaryIO,
    *,
    kind: FileKind,
    size: int = 0,
    limit: int | None = None,
    progress: Callable[[int], object],
    exported: frozenset[str] = REFUSED,
) -> Source:
    """Return the records of an open file; `progress` is told of the bytes as they are read.

    `limit` is for the bytes when inflated. CSV that has all columns of `exported` is a file
    that we gave out. Raises RefusalError, also while the records are read, where the file as a
    whole cannot be read.
    """
    if kind is FileKind.PARQUET:
        parquet = ParquetTable(file, size=size, limit=limit, progress=progress)
        return Source(parquet.rows(), parquet.columns)
    content = read_chunks(file, limit=limit, progress=progress)
    if kind is FileKind.CSV:
        table = CsvTable(content, exported=exported)
        return Source(table.rows(), table.columns, table.delimiter, table.raw)
    return Source(cut_lines(content))


def read_chunks(file: BinaryIO, *, limit: int | None, progress: Callable[[int], object]) -> Iterable[bytes]:
    """Return the bytes of an open file as they are read, inflated where they are gzip-compressed."""
    chunks = _chunks(file, progress)
    first = next(chunks, b"")
    content = chain([first], chunks)
    return inflate(content, limit=limit) if first.startswith(_GZIP) else content


def _chunks(file: BinaryIO, progress: Callable[[int], object]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        progress(len(chunk))
        yield chunk
