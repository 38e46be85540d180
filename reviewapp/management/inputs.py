"""The file that a command reads, and the bar that shows how far it is."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandError
from tqdm import tqdm


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
