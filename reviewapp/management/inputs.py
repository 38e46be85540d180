"""The file that a command reads, and the bar that shows how far it is."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandError
from tqdm import tqdm

TABLES = ".jsonl, .csv (both also .gz), .parquet, or -"


def add_file_arguments(parser: ArgumentParser, *, file: str, fields: str) -> None:
    """Declare PROJECT, FILE and --map; `file` and `fields` say what may stand there."""
    parser.add_argument("project", metavar="PROJECT", help="the project's slug")
    parser.add_argument("file", metavar="FILE", help=file)
    parser.add_argument("--map", metavar="FIELD=COLUMN", action="append", default=[], help=f"take FIELD {fields}")


@contextmanager
def open_input(name: str) -> Iterator[tuple[BinaryIO, int | None]]:
    """Open the file (or stdin, by the name -) for reading; its size is None where it cannot be known."""
    if name == "-":
        yield sys.stdin.buffer, None
        return
    path = Path(name)
    try:
        file = path.open("rb")
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from None
    with file:
        yield file, path.stat().st_size


def progress_bar(size: int | None) -> Any:
    """Return a progress bar on stderr, shown where that is a terminal."""
    return tqdm(total=size, unit="B", unit_scale=True, disable=not sys.stderr.isatty())
