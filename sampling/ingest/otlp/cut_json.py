"""Cutting a stream of OTLP/JSON into its spans, one held at a time.

A pull reader: it walks the objects and lists on the way to a span, hands each span's text over whole, and skips what it
does not know, as receivers must.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from reviewapp.http.errors import MalformedError
from reviewapp.http.lines import MAX_LINE_BYTES, TOO_DEEP, TOO_LONG, is_too_deep
from sampling.ingest.otlp.resources import Begin, Cut, Resource
from sampling.ingest.otlp.values import json_attributes

_SPACE = b" \t\r\n"
_NEXT = re.compile(rb"[^ \t\r\n]")
# In a list or object: brackets, and strings, in which brackets do not count. An unfinished string ends the buffer.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|[\[\]{}]', re.DOTALL)
_STRING_END = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+("?)', re.DOTALL)
_SCALAR_END = re.compile(rb"[,\]} \t\r\n]")


def cut_json(chunks: Iterable[bytes]) -> Iterator[Begin | Resource | Cut]:
    """Yield the pieces of a request. Raises MalformedError where the text is no such JSON, or ends too early."""
    text = _Text(chunks)
    for key in text.members():
        if key != "resourceSpans":
            text.value()
            continue
        for _ in text.elements():
            yield Begin()
            for name in text.members():
                if name == "resource":
                    yield _resource(text.value())
                elif name == "scopeSpans":
                    yield from _scope_spans(text)
                else:
                    text.value()
    text.end()


def _scope_spans(text: "_Text") -> Iterator[Cut]:
    for _ in text.elements():
        for key in text.members():
            if key != "spans":
                text.value()
                continue
            for _ in text.elements():
                span = text.value()
                if span is None:
                    yield Cut(b"", TOO_LONG)
                elif is_too_deep(span):
                    yield Cut(b"", TOO_DEEP)
                else:
                    yield Cut(span)


def _resource(data: bytes | None) -> Resource:
    if data is None or is_too_deep(data):
        raise MalformedError("A resource may have 1 MiB and 64 levels at most.")
    message = _parsed(data)
    return Resource(json_attributes(message.get("attributes")) if isinstance(message, dict) else {})


def _parsed(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise MalformedError(f"The body is not JSON: {error}.") from None


class _Text:
    """Reads JSON from chunks, as far as it is asked to. `null` stands for an empty list or object."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._source = iter(chunks)
        self._buffer = next(self._source, b"").removeprefix(b"\xef\xbb\xbf")
        self._at = 0

    def members(self) -> Iterator[str]:
        """Yield the keys of the object that begins here; each value must be read before the next key is asked for."""
        for _ in self._inside(b"{", b"}"):
            if self._mark() != b'"':
                raise _wrong("a key is expected")
            key = _parsed(self._string())
            self._take(b":")
            yield key

    def elements(self) -> Iterator[None]:
        """Yield once for each element of the list that begins here; each must be read before the next one."""
        return self._inside(b"[", b"]")

    def _inside(self, opening: bytes, closing: bytes) -> Iterator[None]:
        if self._mark() == b"n":
            if self._scalar() != b"null":
                raise _wrong(f"{opening.decode()} is expected")
            return
        self._take(opening)
        if self._mark() == closing:
            self._at += 1
            return
        while True:
            yield None
            mark = self._mark()
            self._at += 1
            if mark == closing:
                return
            if mark != b",":
                raise _wrong(f"a comma or {closing.decode()} is expected")

    def value(self) -> bytes | None:
        """Return the text of the value that begins here, or None where it is longer than a record may be."""
        mark = self._mark()
        if mark == b'"':
            return self._string()
        if mark in {b"{", b"["}:
            return self._nested()
        return self._scalar()

    def end(self) -> None:
        """Make sure that nothing follows."""
        if (self._buffer[self._at :] + b"".join(self._source)).strip(_SPACE):
            raise _wrong("something follows the object")

    def _mark(self) -> bytes:
        """Go to the next character that is no space, and return it."""
        while not (found := _NEXT.search(self._buffer, self._at)):
            self._at = len(self._buffer)
            self._fill()
        self._at = found.start()
        return found[0]

    def _take(self, mark: bytes) -> None:
        if self._mark() != mark:
            raise _wrong(f"{mark.decode()} is expected")
        self._at += 1

    def _string(self) -> bytes:
        start = self._at
        while not (found := _STRING_END.match(self._buffer, self._at + 1)) or not found[1]:
            if len(self._buffer) - self._at > MAX_LINE_BYTES:
                raise _wrong("a text is too long")
            start = self._fill()
        self._at = found.end()
        return self._buffer[start : self._at]

    def _scalar(self) -> bytes:
        while not (found := _SCALAR_END.search(self._buffer, self._at)):
            if len(self._buffer) - self._at > 1024:
                raise _wrong("a value is expected")
            self._fill()
        if found.start() == self._at:
            raise _wrong("a value is expected")
        start, self._at = self._at, found.start()
        return self._buffer[start : self._at]

    def _nested(self) -> bytes | None:
        """Return the text of a list or object, balanced; only its brackets are looked at."""
        depth, position, in_string, dropped = 0, self._at, False, False
        while True:
            found = (_STRING_END.match if in_string else _TOKEN.search)(self._buffer, position)
            if found is None or found[1] == b"":
                in_string = found is not None
                position = len(self._buffer) if found is None else found.end()
                if position - self._at > MAX_LINE_BYTES:
                    self._at, dropped = position, True
                position -= self._at
                self._fill()
                continue
            position = found.end()
            mark = b'"' if in_string else self._buffer[found.start() : found.start() + 1]
            in_string = False
            if mark in {b"{", b"["}:
                depth += 1
            elif mark in {b"}", b"]"}:
                depth -= 1
            if depth == 0:
                break
        start, self._at = self._at, position
        return None if dropped or position - start > MAX_LINE_BYTES else self._buffer[start:position]

    def _fill(self) -> int:
        """Read on, forgetting what was read before; the present position becomes 0, which is returned."""
        more = next(self._source, None)
        if more is None:
            raise MalformedError("The body is not JSON: it ends too early.", code="body_cut_short")
        self._buffer = self._buffer[self._at :] + more
        self._at = 0
        return 0


def _wrong(what: str) -> MalformedError:
    return MalformedError(f"The body is not an OTLP request in JSON: {what}.")
