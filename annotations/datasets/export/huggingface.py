"""A dataset for Hugging Face: a zip with a card and one Parquet file per split, in the layout that the hub reads."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, cast
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from annotations.datasets.export.parquet import Sink, write_parquet

# The oldest moment that a zip can name: when it was made is no part of what is in it.
_ALWAYS = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o644 << 16


def stream_zip(
    card: str,
    splits: Sequence[str],
    *,
    lines: Callable[[str], Iterable[Sequence[str]]],
    columns: Mapping[str, str],
    about: Mapping[str, str],
) -> Iterator[bytes]:
    """Yield the zip piece by piece; `lines` gives the rows of a split (all rows where there are no splits)."""
    sink = Sink()
    with ZipFile(cast(Any, sink), "w", ZIP_STORED) as archive:
        with archive.open(_entry("README.md"), "w") as file:
            file.write(card.encode())
        yield sink.take()
        for split in splits:
            with archive.open(_entry(path_of(split)), "w", force_zip64=True) as file:
                for _ in write_parquet(lines(split), cast(BinaryIO, file), columns=columns, about=about):
                    yield sink.take()
            yield sink.take()
    yield sink.take()


def path_of(split: str) -> str:
    """Return where a split's rows are."""
    return f"data/{split}-00000-of-00001.parquet"


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _ALWAYS)
    entry.compress_type = ZIP_STORED
    entry.external_attr = _PLAIN_FILE
    entry.create_system = 3
    return entry
