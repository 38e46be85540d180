"""CSV that streams, and that a spreadsheet does not take for formulas."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import orjson

_BATCH = 64 * 1024
# What makes a spreadsheet compute a cell, also in the full-width forms that some of them read alike.
_ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class _Lines:
    """The file that csv.writer writes to."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.size = 0

    def write(self, text: str) -> None:
        self.parts.append(text)
        self.size += len(text)

    def take(self) -> bytes:
        data = "".join(self.parts).encode("utf-8", "replace")
        self.parts, self.size = [], 0
        return data


def csv_cell(value: object) -> str | int | float:
    """Return what stands in the cell: text that looks like a formula gets a ' in front, objects become JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    return f"'{text}" if text.startswith(_ACTIVE) else text


def cell_text(cell: str) -> str:
    """Return the text that `csv_cell` made this cell of."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_ACTIVE) else cell


def csv_rows(header: Sequence[str] | None, rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield a CSV file (UTF-8, CRLF, quoted where needed) piece by piece; memory does not grow with it.

    Without a header it is what follows in a file that has begun.
    """
    lines = _Lines()
    writer = csv.writer(lines)
    if header is not None:
        writer.writerow([csv_cell(name) for name in header])
    for row in rows:
        writer.writerow([csv_cell(value) for value in row])
        if lines.size >= _BATCH:
            yield lines.take()
    yield lines.take()
