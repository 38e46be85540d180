"""Lines of a file or of standard input, plain or gzip-compressed; which of the two its first bytes tell."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import BinaryIO

from reviewapp.http.bodies import inflate
from reviewapp.http.lines import Line, cut_lines

_CHUNK = 256 * 1024
_GZIP = b"\x1f\x8b"


def read_file(file: BinaryIO, *, progress: Callable[[int], object]) -> Iterator[Line]:
    """Yield the lines of an open file of JSON Lines; `progress` is told of the bytes as they are read."""
    chunks = _chunks(file, progress)
    first = next(chunks, b"")
    content: Iterable[bytes] = chain([first], chunks)
    return cut_lines(inflate(content, limit=None) if first.startswith(_GZIP) else content)


def _chunks(file: BinaryIO, progress: Callable[[int], object]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        progress(len(chunk))
        yield chunk
