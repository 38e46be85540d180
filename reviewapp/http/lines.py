"""Cutting a stream of bytes into lines of NDJSON, and into the elements of one JSON array, within limits.

Both cutters hold one piece at a time, however long the stream is. A piece that breaks a limit is passed on as a problem
of that line; what cannot be cut at all raises MalformedError or InvalidError.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, NoReturn

import orjson

from reviewapp.http.errors import FieldError, InvalidError, MalformedError

MAX_LINE_BYTES = 1024 * 1024
MAX_DEPTH = 64


class LineProblem(NamedTuple):
    """Why a line could not be handed on: a code for programs, a message for people."""

    code: str
    message: str


class Line(NamedTuple):
    """One record of a body or file.

    `number` is 1-based: the line in NDJSON (blank lines count, and are left out), the position in a JSON array.
    `data` is the line's bytes, not parsed yet, in NDJSON; the parsed element in a JSON array; None with a problem.
    """

    number: int
    data: bytes | Any
    problem: LineProblem | None = None


TOO_LONG = LineProblem("line_too_large", f"A record may have {MAX_LINE_BYTES // 1024} KiB at most.")
TOO_DEEP = LineProblem("too_deep", f"A record may be nested {MAX_DEPTH} levels deep at most.")
NOT_TEXT = LineProblem("invalid_text", "The record holds a lone surrogate (\\ud800 to \\udfff), which is no text.")

# A whole string, or as much of it as there is: then the group is empty.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)'
_REST_OF_STRING = re.compile(_STRING[1:], re.DOTALL)
_TOKEN = re.compile(_STRING + rb"|[\[\]{}]", re.DOTALL)
_TOKEN_OR_COMMA = re.compile(_STRING + rb"|[\[\]{},]", re.DOTALL)
_HEAD = re.compile(rb'[ \t\r\n]*\{[ \t\r\n]*("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\r\n]*:[ \t\r\n]*+(.)', re.DOTALL)
_MAX_HEAD_BYTES = 4096
# What the list is called where items come in; it may be called so everywhere.
ANY_LIST = b'"items"'


def is_too_deep(data: bytes) -> bool:
    """Tell whether a JSON text is nested deeper than allowed; brackets inside strings do not count."""
    if data.count(b"{") + data.count(b"[") <= MAX_DEPTH:
        return False
    depth = 0
    for token in _TOKEN.finditer(data):
        mark = data[token.start()]
        if mark in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif mark in b"]}":
            depth -= 1
    return False


def cut_lines(chunks: Iterable[bytes]) -> Iterator[Line]:
    """Yield the lines of NDJSON; a line over the limits is passed on as a problem, without ever being held whole."""
    number = 0
    rest = b""
    skipping = False  # in a line that is too long already
    for chunk in _without_byte_order_mark(chunks):
        *whole, rest_of_chunk = chunk.split(b"\n")
        for piece in whole:
            number += 1
            yield from () if skipping else _line(number, rest + piece)
            rest, skipping = b"", False
        rest += rest_of_chunk
        if skipping or len(rest) > MAX_LINE_BYTES:
            if not skipping:
                yield Line(number + 1, None, TOO_LONG)
            rest, skipping = b"", True
    if rest:
        yield from _line(number + 1, rest)


def _line(number: int, data: bytes) -> Iterator[Line]:
    if not data or data.isspace():
        return
    if len(data) > MAX_LINE_BYTES:
        yield Line(number, None, TOO_LONG)
    elif is_too_deep(data):
        yield Line(number, None, TOO_DEEP)
    else:
        yield Line(number, data)


def _without_byte_order_mark(chunks: Iterable[bytes]) -> Iterator[bytes]:
    first = True
    for chunk in chunks:
        yield chunk.removeprefix(b"\xef\xbb\xbf") if first else chunk
        first = False


def cut_array(chunks: Iterable[bytes], *, key: str) -> Iterator[Line]:
    """Yield the elements of `{"<key>": [...]}`, each parsed on its own.

    Raises MalformedError where the text is not JSON, InvalidError where the object holds anything else. Both may come
    after elements were yielded, since the end is not known before it arrives.
    """
    source = iter(chunks)
    buffer = _read_head(source, key)
    number, position, depth, deepest = 1, 0, 0, 0
    in_string = skipping = False
    while True:
        if in_string:
            match = _REST_OF_STRING.match(buffer, position)
        else:
            match = (_TOKEN if depth else _TOKEN_OR_COMMA).search(buffer, position)
        if match is None or (match.group(1) == b""):
            in_string = match is not None
            position = match.end() if match else len(buffer)
            skipping = skipping or position > MAX_LINE_BYTES
            if skipping:
                del buffer[:position]
                position = 0
            more = next(source, None)
            if more is None:
                raise MalformedError("The body is not JSON: it ends too early.")
            buffer += more
            continue
        position = match.end()
        mark = b'"' if in_string else bytes(buffer[match.start() : match.start() + 1])
        in_string = False
        if mark in {b"[", b"{"}:
            depth += 1
            deepest = max(deepest, depth)
        elif depth and mark in {b"]", b"}"}:
            depth -= 1
        elif mark != b'"':
            element = bytes(buffer[: match.start()]).strip()
            ended = mark != b","
            if mark == b"}":
                raise MalformedError("The body is not JSON: a list ends with a brace.")
            if element or skipping or not ended or number > 1:
                yield _element(number, element, key=key, too_long=skipping, too_deep=deepest > MAX_DEPTH)
            del buffer[:position]
            number, position, deepest, skipping = number + 1, 0, 0, False
            if ended:
                break
    _check_tail(buffer + b"".join(source), key)


def wrap_records(chunks: Iterable[bytes], *, key: str) -> Iterator[bytes]:
    """Yield the body `{"<key>": [...]}` of a body that is that, `{"items": [...]}`, the bare list, or one record.

    A record is told by its first key, so no record may begin with a field of the list's name or with `items`.
    """
    source = iter(chunks)
    head = b""
    first = None
    while first is None and len(head) <= _MAX_HEAD_BYTES and (chunk := next(source, None)) is not None:
        head = (head + chunk).removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
        first = b"[" if head.startswith(b"[") else (match.group(1) if (match := _HEAD.match(head)) else None)
    name = orjson.dumps(key)
    if first is None or first == name:
        before, after = b"", b""
    elif first == b"[":
        before, after = b"{" + name + b":", b"}"
    elif first == ANY_LIST:
        head, before, after = head.replace(ANY_LIST, name, 1), b"", b""
    else:
        before, after = b"{" + name + b":[", b"]}"
    yield before + head
    yield from source
    yield after


def _read_head(source: Iterator[bytes], key: str) -> bytearray:
    """Return what follows `{"<key>": [`."""
    buffer = bytearray()
    match = None
    while match is None and len(buffer) <= _MAX_HEAD_BYTES:
        chunk = next(source, None)
        if chunk is None:
            break
        buffer += chunk if buffer else chunk.removeprefix(b"\xef\xbb\xbf")
        match = _HEAD.match(buffer)
    if match is None:
        if re.fullmatch(rb"[ \t\r\n]*\{[ \t\r\n]*\}[ \t\r\n]*", buffer):
            raise InvalidError(fields=(FieldError(key, "This field is required."),))
        raise MalformedError(f'The body is not a JSON object like {{"{key}": [...]}}.')
    found = _parsed(match.group(1), "The body is not JSON")
    if found != key:
        raise InvalidError(fields=(FieldError(str(found), f"There is no such field; the body holds only {key!r}."),))
    if match.group(2) != b"[":
        raise InvalidError(fields=(FieldError(key, "This must be a list."),))
    del buffer[: match.end()]
    return buffer


def _check_tail(tail: bytes | bytearray, key: str) -> None:
    text = tail.strip()
    if text == b"}":
        return
    if text.startswith(b","):
        raise InvalidError(fields=(FieldError(key, f"The body may hold {key!r} once, and nothing else."),))
    raise MalformedError("The body is not JSON: it does not end where its object ends.")


def _element(number: int, element: bytes, *, key: str, too_long: bool, too_deep: bool) -> Line:
    if too_long or len(element) > MAX_LINE_BYTES:
        return Line(number, None, TOO_LONG)
    if too_deep:
        return Line(number, None, TOO_DEEP)
    try:
        return Line(number, orjson.loads(element))
    except orjson.JSONDecodeError as error:
        try:
            json.loads(element, parse_constant=_no_constant)
        except ValueError:
            raise MalformedError(f"The body is not JSON: {key}.{number - 1}: {error}.") from None
        return Line(number, None, NOT_TEXT)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _parsed(data: bytes, message: str) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise MalformedError(f"{message}: {error}.") from None
