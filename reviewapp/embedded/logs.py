"""The log files of the processes: their last lines for a message, and a limit to their size."""

import contextlib
import os
import shutil
from pathlib import Path

LIMIT = 20 * 1024 * 1024


def last_lines(path: Path, count: int = 8, *, since: int = 0) -> str:
    """Return the last lines of a log, of what was written from byte `since` on."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(since if since <= size else 0, size - 16_384))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(lines[-count:])


def size_of(path: Path) -> int:
    """Return the size of a log; 0 where there is none yet."""
    return path.stat().st_size if path.exists() else 0


def trim(path: Path, limit: int = LIMIT) -> None:
    """Move the content of a log that grew too long to its .1; writers go on at the start, as they append."""
    if size_of(path) > limit:
        with contextlib.suppress(OSError):
            shutil.copyfile(path, path.with_name(f"{path.name}.1"))
            os.truncate(path, 0)
