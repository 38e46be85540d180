"""Parquet that streams: a row group for each batch, the same bytes for the same rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, cast

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from annotations.datasets.rows import FIELDS

_TYPES: dict[str, pa.DataType] = {"n_labels": pa.int64(), "agreement": pa.float64(), "weight": pa.float64()}
_ALWAYS_JSON = frozenset({"metadata", "answers"})


class Sink:
    """A file that only grows: what was written is taken away piece by piece."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._at = 0

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._at += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        """Do nothing: whatever was written can be taken."""

    def close(self) -> None:
        """Do nothing: what is left can still be taken."""

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def take(self) -> bytes:
        """Return what was written since."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def write_parquet(
    batches: Iterable[Sequence[str]], file: BinaryIO, *, columns: Mapping[str, str], about: Mapping[str, str]
) -> Iterator[int]:
    """Write the rows to a file; yield after each batch how many rows it had.

    `columns` says of input, output, context and expected whether they hold only text; if not, they are JSON in text, as
    metadata and answers always are. `about` is kept in the file.
    """
    schema = pa.schema([pa.field(name, _TYPES.get(name, pa.string())) for name in FIELDS], metadata=dict(about))
    as_json = _ALWAYS_JSON | {name for name, kind in columns.items() if kind == "json"}
    with pq.ParquetWriter(file, schema, compression="snappy", version="2.6") as writer:
        for lines in batches:
            rows = [orjson.loads(line) for line in lines]
            arrays = [_column(rows, name, in_json=name in as_json) for name in FIELDS]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield len(rows)


def stream_parquet(
    batches: Iterable[Sequence[str]], *, columns: Mapping[str, str], about: Mapping[str, str]
) -> Iterator[bytes]:
    """Yield a Parquet file of the rows piece by piece."""
    sink = Sink()
    for _ in write_parquet(batches, cast(BinaryIO, sink), columns=columns, about=about):
        yield sink.take()
    yield sink.take()


def _column(rows: list[dict[str, Any]], name: str, *, in_json: bool) -> pa.Array:
    values = [row[name] for row in rows]
    if in_json:
        values = [None if value is None else _json(value) for value in values]
    return pa.array(values, _TYPES.get(name, pa.string()))


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
