"""A span as both encodings say it: identity, times, attributes, events, status."""

from typing import Any, NamedTuple

import orjson
from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from reviewapp.http.lines import LineProblem
from sampling.ingest.otlp.values import Attributes, json_attributes, json_integer, protobuf_attributes

_ERROR = Status.STATUS_CODE_ERROR
_NO_IDS = LineProblem("invalid_ids", "A span needs a trace id of 16 bytes and a span id of 8, neither all zero.")


class Event(NamedTuple):
    """Something that happened within a span."""

    name: str
    attributes: Attributes


class Span(NamedTuple):
    """One span. Ids are lower-case hex, times are nanoseconds since 1970 (0: not told)."""

    trace_id: str
    span_id: str
    name: str
    start: int
    end: int
    flags: int
    trace_state: str
    failed: bool
    status_message: str
    attributes: Attributes
    events: list[Event]


def parse_protobuf(data: bytes) -> Span | LineProblem:
    """Return the span of a protobuf message, or why it is none."""
    try:
        message = SpanMessage.FromString(data)
    except DecodeError as error:
        return LineProblem("not_protobuf", f"The span is not protobuf: {error}.")
    trace_id, span_id = message.trace_id, message.span_id
    if len(trace_id) != 16 or len(span_id) != 8 or not any(trace_id) or not any(span_id):
        return _NO_IDS
    return Span(
        trace_id=trace_id.hex(),
        span_id=span_id.hex(),
        name=message.name,
        start=message.start_time_unix_nano,
        end=message.end_time_unix_nano,
        flags=message.flags,
        trace_state=message.trace_state,
        failed=message.status.code == _ERROR,
        status_message=message.status.message,
        attributes=protobuf_attributes(message.attributes),
        events=[Event(event.name, protobuf_attributes(event.attributes)) for event in message.events],
    )


def parse_json(data: bytes) -> Span | LineProblem:
    """Return the span of a JSON text, or why it is none. Fields of a wrong type count as not sent."""
    try:
        message = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return LineProblem("not_json", f"The span is not JSON: {error}.")
    if not isinstance(message, dict):
        return LineProblem("not_json", "A span is a JSON object.")
    trace_id, span_id = _hex_id(message.get("traceId"), 32), _hex_id(message.get("spanId"), 16)
    if trace_id is None or span_id is None:
        return _NO_IDS
    status = message.get("status")
    status = status if isinstance(status, dict) else {}
    events = message.get("events")
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        name=_text(message.get("name")),
        start=_unsigned(message.get("startTimeUnixNano")),
        end=_unsigned(message.get("endTimeUnixNano")),
        flags=_unsigned(message.get("flags")),
        trace_state=_text(message.get("traceState")),
        failed=status.get("code") in {_ERROR, "STATUS_CODE_ERROR"},
        status_message=_text(status.get("message")),
        attributes=json_attributes(message.get("attributes")),
        events=[
            Event(_text(event.get("name")), json_attributes(event.get("attributes")))
            for event in (events if isinstance(events, list) else [])
            if isinstance(event, dict)
        ],
    )


def _hex_id(value: Any, digits: int) -> str | None:
    if not isinstance(value, str) or len(value) != digits:
        return None
    try:
        number = bytes.fromhex(value)
    except ValueError:
        return None
    return number.hex() if any(number) and len(number) * 2 == digits else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _unsigned(value: Any) -> int:
    number = json_integer(value)
    return number if number is not None and number >= 0 else 0
