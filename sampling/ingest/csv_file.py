"""CSV, record by record, whatever separates its cells: flat memory, and each bad record named by its line.

UTF-8 with or without a byte order mark, or UTF-16 with one. The first record names the columns. An empty cell is an
absent value. A file of refused rows that we gave out comes back corrected: its cells lose the ' that keeps spreadsheets
from computing them.
"""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, Self

from reviewapp.http.csv_rows import cell_text
from reviewapp.http.errors import InvalidError, MalformedError
from reviewapp.http.lines import MAX_LINE_BYTES, TOO_LONG, Line, LineProblem

# What stands in front in a file of refused rows.
PROBLEM_COLUMNS = ("problem_line", "problem", "problem_place", "problem_row")
REFUSED = frozenset(PROBLEM_COLUMNS)
SAMPLE_BYTES = 64 * 1024
SAMPLE_RECORDS = 20
MAX_COLUMNS = 1000
_DELIMITERS = (",", ";", "\t", "|")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_KEEP_BROKEN = "kept_as_a_lone_surrogate"
_TOO_LONG = "field larger than a record may be"
_NOT_UTF_8 = LineProblem("invalid_text", "The row is not UTF-8. Save the file as CSV in UTF-8.")

# A cell may be as long as a record; the module's own limit, which holds for the whole process, is an eighth of that.
csv.field_size_limit(MAX_LINE_BYTES)


def _keep_broken(error: UnicodeError) -> tuple[str, int]:
    return "\udcff", error.end if isinstance(error, UnicodeDecodeError) else 0


codecs.register_error(_KEEP_BROKEN, _keep_broken)


def original_columns(columns: Iterable[str]) -> list[str]:
    """Return a file's own columns: one of refused rows that comes back corrected has ours in front of them."""
    return [name for name in columns if name not in PROBLEM_COLUMNS]


class CsvTable:
    """A CSV file that is being read: its columns at once, its rows as they are asked for."""

    def __init__(self, chunks: Iterable[bytes], *, exported: frozenset[str] = REFUSED) -> None:
        source = iter(chunks)
        sample = b""
        while len(sample) < SAMPLE_BYTES and (chunk := next(source, None)) is not None:
            sample += chunk
        encoding = "utf-16" if sample.startswith(_UTF_16) else "utf-8-sig"
        self.delimiter = _find_delimiter(sample[:SAMPLE_BYTES].decode(encoding, "replace"))
        self._lines = _TextLines(chain([sample], source), encoding)
        self._reader = csv.reader(self._lines, delimiter=self.delimiter, strict=True)
        self.columns = _column_names(self._reader)
        self._is_ours = any(ours.issubset(self.columns) for ours in (REFUSED, exported))

    def rows(self) -> Iterator[Line]:
        """Yield the rows: cells by column, without the empty ones; the number is the line where the row begins."""
        while True:
            number = self._lines.count + 1
            self._lines.taken.clear()
            try:
                cells = next(self._reader, None)
            except csv.Error as error:
                yield Line(number, None, _problem(error))
                continue
            if cells is None:
                return
            if cells:
                yield self._row(number, cells)

    def raw(self) -> str:
        """Return the text of the row that was yielded last, as far as it was read."""
        return "".join(self._lines.taken).rstrip("\r\n")

    def _row(self, number: int, cells: list[str]) -> Line:
        while len(cells) > len(self.columns) and not cells[-1]:
            cells.pop()  # spreadsheets like to end rows with empty cells
        if len(cells) != len(self.columns):
            message = f"The row has {len(cells)} cells and the header {len(self.columns)}."
            return Line(number, None, LineProblem("wrong_cells", message))
        if sum(map(len, cells)) > MAX_LINE_BYTES:
            return Line(number, None, TOO_LONG)
        if any(not cell.isascii() and _is_broken(cell) for cell in cells):
            return Line(number, None, _NOT_UTF_8)
        if self._is_ours:
            cells = list(map(cell_text, cells))
        return Line(number, {name: cell for name, cell in zip(self.columns, cells, strict=True) if cell})


def _column_names(reader: Iterator[list[str]]) -> list[str]:
    try:
        names = [name.strip() for name in next((record for record in reader if record), [])]
    except csv.Error as error:
        raise MalformedError(f"The first line is no CSV: {error}.", code="not_csv") from None
    while names and not names[-1]:
        names.pop()
    if not names:
        raise InvalidError("The file is empty: the first line of a CSV file names its columns.", code="no_columns")
    if len(names) > MAX_COLUMNS:
        raise InvalidError(f"A file may have {MAX_COLUMNS:,} columns at most.", code="too_many_columns")
    if any(_is_broken(name) for name in names):
        raise InvalidError("The first line is not UTF-8. Save the file as CSV in UTF-8.", code="invalid_text")
    for name, times in Counter(names).items():
        if times > 1 or not name:
            what = f"{times} columns are named {name!r}" if name else "A column has no name"
            raise InvalidError(f"{what}: the first line has to give each column a name of its own.", code="no_columns")
    return names


def _find_delimiter(sample: str) -> str:
    """Return what parts the sample's records into the most cells that they agree on."""

    def parted(delimiter: str) -> tuple[bool, int]:
        records = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        widths: Counter[int] = Counter()
        try:
            widths.update(len(record) for record in islice(records, SAMPLE_RECORDS) if record)
        except csv.Error:
            return False, 0
        width, times = widths.most_common(1)[0] if widths else (0, 0)
        return width > 1 and times * 10 >= widths.total() * 8, width

    return max(_DELIMITERS, key=parted)


class _TextLines:
    """Lines of text with their ends, counted, and none longer than a record may be.

    What cannot be decoded is kept, for its row to be refused.
    """

    def __init__(self, chunks: Iterable[bytes], encoding: str) -> None:
        stream: Any = _Stream(chunks)
        self._text = io.TextIOWrapper(stream, encoding=encoding, errors=_KEEP_BROKEN, newline="")
        self.count = 0
        self.taken: list[str] = []

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_LINE_BYTES)
        if not line:
            raise StopIteration
        self.count += 1
        self.taken.append(line)
        if len(line) < MAX_LINE_BYTES or line.endswith(("\n", "\r")):
            return line
        while (rest := self._text.readline(MAX_LINE_BYTES)) and not rest.endswith(("\n", "\r")):
            pass
        raise csv.Error(_TOO_LONG)


class _Stream(io.BufferedIOBase):
    """Chunks as a file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)

    def readable(self) -> bool:
        return True

    def read1(self, size: int | None = -1) -> bytes:  # noqa: ARG002 — a chunk is a good size
        return next((chunk for chunk in self._chunks if chunk), b"")

    read = read1


def _is_broken(cell: str) -> bool:
    try:
        cell.encode()
    except UnicodeEncodeError:
        return True
    return False


def _problem(error: csv.Error) -> LineProblem:
    if "field larger" in str(error):  # the module's own words: a quotation mark was opened, and not closed for long
        return TOO_LONG
    return LineProblem("not_csv", f"The row is no CSV: {error}.")
