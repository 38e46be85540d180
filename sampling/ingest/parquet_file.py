"""Parquet, row by row: a few rows are in memory at a time, however large the file is."""

import math
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
from pyarrow import parquet as pq

from reviewapp.http.errors import MalformedError, TooLargeError
from reviewapp.http.lines import MAX_LINE_BYTES, TOO_LONG, Line, LineProblem

MAGIC = b"PAR1"
ROWS_AT_ONCE = 100
MAX_BYTES_AT_ONCE = 256 * 1024 * 1024


class ParquetTable:
    """A Parquet file that is being read: its columns at once, its rows as they are asked for."""

    def __init__(self, file: BinaryIO, *, size: int, limit: int | None, progress: Callable[[int], object]) -> None:
        try:
            self._file = pq.ParquetFile(file)
        except (pa.ArrowInvalid, OSError) as error:
            raise MalformedError(f"The file is no Parquet: {_said(error)}", code="not_parquet") from None
        metadata = self._file.metadata
        inflated = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
        if limit is not None and inflated > limit:
            raise TooLargeError(
                f"A file may have {limit // 1024**2} MiB when inflated. Send it in parts.", code="inflated_too_large"
            )
        self.columns: list[str] = self._file.schema_arrow.names
        self._size, self._progress = size, progress

    def rows(self) -> Iterator[Line]:
        """Yield the rows, values by column, without what is null; they are numbered from 1."""
        number, told, total = 0, 0, max(self._file.metadata.num_rows, 1)
        try:
            for batch in self._file.iter_batches(batch_size=ROWS_AT_ONCE, use_threads=False):
                if batch.nbytes > MAX_BYTES_AT_ONCE:
                    raise TooLargeError("The rows are too large to be read.", code="inflated_too_large")
                for row in batch.to_pylist():
                    number += 1
                    yield _row(number, row)
                done = self._size * number // total
                self._progress(done - told)
                told = done
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise MalformedError(
                f"The file breaks off behind row {number:,}: {_said(error)}", code="not_parquet"
            ) from None


def _row(number: int, row: dict[str, Any]) -> Line:
    try:
        values = {name: plain for name, value in row.items() if (plain := _plain(value)) is not None}
        size = len(orjson.dumps(values))
    except (UnicodeDecodeError, TypeError) as error:
        return Line(number, None, LineProblem("invalid_value", f"The row holds what is no JSON: {error}."))
    return Line(number, None, TOO_LONG) if size > MAX_LINE_BYTES else Line(number, values)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; bytes are taken for text, NaN and infinity for no value."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(each, tuple) and len(each) == 2 for each in value):
            return {str(key): _plain(inner) for key, inner in value}  # a map
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.decode() if isinstance(value, bytes) else value


def _said(error: Exception) -> str:
    return f"{str(error).splitlines()[0][:200]}."
