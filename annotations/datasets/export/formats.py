"""The formats of an export: what each is called, and the bytes of a version in it, streamed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import orjson

from annotations.datasets.export.card import hub_card
from annotations.datasets.export.huggingface import stream_zip
from annotations.datasets.export.parquet import stream_parquet
from annotations.datasets.export.tools import TOOLS, record_maker
from annotations.datasets.read import Lines, check_split, stream_lines, stream_rows
from annotations.datasets.rows import FIELDS
from annotations.models import DatasetVersion
from reviewapp.http.csv_rows import csv_rows
from reviewapp.http.errors import FieldError, InvalidError

FORMATS = ("jsonl", "csv", "parquet", *TOOLS, "huggingface")
# Row after row: what is there of such a file can be gone on with.
LINE_FORMATS = frozenset({"jsonl", "csv", *TOOLS})
_KINDS = {
    "csv": ("csv", "text/csv; charset=utf-8"),
    "parquet": ("parquet", "application/vnd.apache.parquet"),
    "huggingface": ("zip", "application/zip"),
}
_LINES = ("jsonl", "application/x-ndjson")
ONE_SPLIT = "test"
_BEHIND = ("how", "labels", "people", "adjudication", "rubric_version", "plan_version", "soft_labels", "group")
_LINE = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SORT_KEYS


@dataclass(frozen=True, slots=True)
class File:
    """What a file is called, and its type."""

    name: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Exported(File):
    """A file with its bytes in pieces."""

    pieces: Iterator[bytes]


def describe_file(version: DatasetVersion, *, kind: str, split: str) -> File:
    """Return what a version's file in a format is called."""
    ending, content_type = _KINDS.get(kind, _LINES)
    parts = [version.dataset.name.replace(" ", "-"), f"v{version.version}", split, kind if kind in TOOLS else ""]
    return File(f"{'-'.join(part for part in parts if part)}.{ending}", content_type)


def export_version(
    version: DatasetVersion,
    *,
    kind: str,
    split: str | None = None,
    progress: Callable[[int], None] | None = None,
    provenance: bool = False,
) -> Exported:
    """Return a frozen version, or one split of it, in a format: the same version always in the same bytes.

    With `provenance`, JSON Lines say besides how each row came in and who stands behind it, with soft labels.
    `progress` is told the rows of each batch as they go by. JSON Lines, CSV and Parquet hold tombstones of erased rows;
    what goes to a tool leaves them out. InvalidError for a format or split that there is not.
    """
    if kind not in FORMATS:
        message = f"There is {', '.join(FORMATS)}."
        raise InvalidError(message, fields=(FieldError("format", message),))
    chosen = check_split(version, split)
    if provenance and kind != "jsonl":
        message = "What stands behind rows is exported as jsonl."
        raise InvalidError(message, fields=(FieldError("provenance", message),))
    file = describe_file(version, kind=kind, split=chosen)
    pieces = _traced(version, chosen, progress) if provenance else _pieces(version, kind, chosen, progress)
    return Exported(file.name, file.content_type, pieces)


def _pieces(version: DatasetVersion, kind: str, split: str, progress: Callable[[int], None] | None) -> Iterator[bytes]:
    columns: dict[str, str] = version.manifest["columns"]
    about = {"dataset": version.dataset.name, "version": str(version.version), "sha256": version.sha256}

    def batches(part: str, *, erased: bool) -> Iterator[Lines]:
        for batch in stream_lines(version, split=part, erased=erased):
            if progress is not None:
                progress(batch.n)
            yield batch

    def lines(part: str, *, erased: bool) -> Iterator[Sequence[str]]:
        return (batch.split() for batch in batches(part, erased=erased))

    if kind in LINE_FORMATS:
        return chain([head_of(kind)], map(encoder_of(version, kind), batches(split, erased=keeps_erased(kind))))
    if kind == "parquet":
        return stream_parquet(lines(split, erased=True), columns=columns, about=about)
    named = [split] if split else [name for name, _ in version.recipe["splits"]]
    parts = {name: name for name in named} or {ONE_SPLIT: ""}
    return stream_zip(
        hub_card(version, list(parts)),
        list(parts),
        lines=lambda name: lines(parts[name], erased=False),
        columns=columns,
        about=about,
    )


def head_of(kind: str) -> bytes:
    """Return what a file of lines begins with, before any row."""
    return b"".join(csv_rows(FIELDS, ())) if kind == "csv" else b""


def keeps_erased(kind: str) -> bool:
    """Tell whether a format holds tombstones of erased rows."""
    return kind in {"jsonl", "csv", "parquet"}


def encoder_of(version: DatasetVersion, kind: str) -> Callable[[Lines], bytes]:
    """Return what makes a batch of rows into the bytes of a format of lines."""
    if kind == "jsonl":
        return lambda batch: batch.text.encode()
    if kind == "csv":
        return lambda batch: b"".join(csv_rows(None, _cells(batch.split())))
    made = record_maker(kind, dataset=version.dataset.name)
    return lambda batch: b"".join(
        orjson.dumps(made(orjson.loads(line)), option=orjson.OPT_APPEND_NEWLINE) for line in batch.split()
    )


def _traced(version: DatasetVersion, split: str, progress: Callable[[int], None] | None) -> Iterator[bytes]:
    """Yield the rows with what stands behind them."""
    for row in stream_rows(version, split=split):
        if progress is not None:
            progress(1)
        behind = {name: row.provenance.get(name) for name in _BEHIND}
        yield orjson.dumps({**row.fields, "origin": row.origin, **behind}, option=_LINE)


def _cells(lines: Iterable[str]) -> Iterator[list[object]]:
    for line in lines:
        row = orjson.loads(line)
        yield [row[name] for name in FIELDS]
