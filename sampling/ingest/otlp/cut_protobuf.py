"""Cutting a stream of protobuf into the spans of an `ExportTraceServiceRequest`, one held at a time.

Only the framing is read here (field numbers and lengths); each span is then parsed as a message of its own. So a span
over the limits, or one that is no span, is refused alone, and memory does not grow with the request.
"""

from collections.abc import Iterable, Iterator

from google.protobuf.message import DecodeError
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage

from reviewapp.http.errors import MalformedError
from reviewapp.http.lines import MAX_LINE_BYTES, TOO_LONG
from sampling.ingest.otlp.resources import Begin, Cut, Resource
from sampling.ingest.otlp.values import protobuf_attributes

# Field numbers of the messages on the way to a span, and the wire types they may have.
_RESOURCE_SPANS, _RESOURCE, _SCOPE_SPANS, _SPANS = 1, 1, 2, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_RESOURCE_BYTES = MAX_LINE_BYTES


def cut_protobuf(chunks: Iterable[bytes]) -> Iterator[Begin | Resource | Cut]:
    """Yield the pieces of a request. Raises MalformedError where the bytes are no protobuf, or end too early."""
    wire = _Wire(chunks)
    while not wire.at_end():
        if wire.field() != _RESOURCE_SPANS:
            wire.skip()
            continue
        yield Begin()
        end = wire.end_of_message()
        while wire.position < end:
            number = wire.field()
            if number == _RESOURCE:
                yield _resource(wire)
            elif number == _SCOPE_SPANS:
                yield from _scope_spans(wire)
            else:
                wire.skip()
        wire.expect(end)


def _scope_spans(wire: "_Wire") -> Iterator[Cut]:
    end = wire.end_of_message()
    while wire.position < end:
        if wire.field() != _SPANS:
            wire.skip()
            continue
        size = wire.length()
        if size > MAX_LINE_BYTES:
            wire.drop(size)
            yield Cut(b"", TOO_LONG)
        else:
            yield Cut(wire.take(size))
    wire.expect(end)


def _resource(wire: "_Wire") -> Resource:
    size = wire.length()
    if size > _MAX_RESOURCE_BYTES:
        raise MalformedError("A resource may have 1 MiB at most.")
    try:
        message = ResourceMessage.FromString(wire.take(size))
    except DecodeError as error:
        raise MalformedError(f"A resource is not protobuf: {error}.") from None
    return Resource(protobuf_attributes(message.attributes))


class _Wire:
    """Reads tags, lengths and bytes from chunks; `position` counts from the start of the stream."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._source = iter(chunks)
        self._buffer = b""
        self._at = 0
        self._before = 0  # bytes of the stream before the buffer
        self._type = _BYTES

    @property
    def position(self) -> int:
        return self._before + self._at

    def at_end(self) -> bool:
        return self._at == len(self._buffer) and not self._fill(1)

    def field(self) -> int:
        """Return the number of the next field; what follows is read or skipped by its wire type."""
        tag = self._varint()
        self._type = tag & 7
        return tag >> 3

    def length(self) -> int:
        """Return the length of the field that was just announced."""
        if self._type != _BYTES:
            raise MalformedError("The body is no ExportTraceServiceRequest: a field has the wrong type.")
        return self._varint()

    def end_of_message(self) -> int:
        return self.length() + self.position

    def expect(self, end: int) -> None:
        if self.position != end:
            raise MalformedError("The body is not protobuf: a field is longer than the message around it.")

    def take(self, size: int) -> bytes:
        if self._at + size > len(self._buffer) and not self._fill(size):
            raise _ended()
        start, self._at = self._at, self._at + size
        return self._buffer[start : self._at]

    def drop(self, size: int) -> None:
        while (there := len(self._buffer) - self._at) < size:
            size -= there
            self._at = len(self._buffer)
            if not self._fill(1):
                raise _ended()
        self._at += size

    def skip(self) -> None:
        """Skip what the field that was just announced holds."""
        match self._type:
            case 0:
                self._varint()
            case 1:
                self.drop(8)
            case 2:
                self.drop(self._varint())
            case 5:
                self.drop(4)
            case _:
                raise MalformedError("The body is not protobuf: there is no such wire type.")

    def _varint(self) -> int:
        value = shift = 0
        while True:
            if self._at == len(self._buffer) and not self._fill(1):
                raise _ended()
            byte = self._buffer[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise MalformedError("The body is not protobuf: a number has too many bytes.")

    def _fill(self, size: int) -> bool:
        """Have at least `size` bytes ahead; False where the stream ends before."""
        parts = [self._buffer[self._at :]]
        there = len(parts[0])
        self._before, self._at = self.position, 0
        for chunk in self._source:
            parts.append(chunk)
            there += len(chunk)
            if there >= size:
                break
        self._buffer = b"".join(parts)
        return there >= size


def _ended() -> MalformedError:
    return MalformedError("The body is not protobuf: it ends too early.", code="body_cut_short")
