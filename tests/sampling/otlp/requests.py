"""Requests as exporters write them: spans from plain Python, in both encodings."""

import json
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

START = 1_764_000_000_123_456_789
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SERVICE = {"service.name": "desk", "service.version": "2.1"}
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "Where is it?"}]}]',
    "gen_ai.output.messages": '[{"role": "assistant", "parts": [{"type": "text", "content": "On its way."}]}]',
}


def any_value(value: Any) -> AnyValue:
    match value:
        case None:
            return AnyValue()
        case bool():
            return AnyValue(bool_value=value)
        case str():
            return AnyValue(string_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case bytes():
            return AnyValue(bytes_value=value)
        case list():
            return AnyValue(array_value=ArrayValue(values=[any_value(each) for each in value]))
    return AnyValue(kvlist_value=KeyValueList(values=pairs(value)))


def pairs(attributes: dict[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


def span(attributes: dict[str, Any] | None = None, *, number: int = 1, events: Any = (), **fields: Any) -> Span:
    """Return a span; `events` are pairs of a name and attributes."""
    given = {
        "trace_id": bytes.fromhex(TRACE),
        "span_id": number.to_bytes(8, "big"),
        "name": "chat",
        "start_time_unix_nano": START,
        "end_time_unix_nano": START + 1_500_000_000,
        **fields,
    }
    made = Span(attributes=pairs(CHAT if attributes is None else attributes), **given)
    for name, values in events:
        made.events.add(name=name, attributes=pairs(values))
    return made


def request(*spans: Span, resource: dict[str, Any] | None = None) -> ExportTraceServiceRequest:
    source = Resource(attributes=pairs(SERVICE if resource is None else resource))
    scope = ScopeSpans(spans=spans)
    return ExportTraceServiceRequest(resource_spans=[ResourceSpans(resource=source, scope_spans=[scope])])


def as_json(message: ExportTraceServiceRequest) -> bytes:
    """Return OTLP/JSON: protobuf's JSON, but with ids in hex and enums as numbers."""
    body = MessageToDict(message, use_integers_for_enums=True)
    for group, sent in zip(body.get("resourceSpans", []), message.resource_spans, strict=True):
        for scope, sent_scope in zip(group.get("scopeSpans", []), sent.scope_spans, strict=True):
            for each, sent_span in zip(scope.get("spans", []), sent_scope.spans, strict=True):
                each["traceId"], each["spanId"] = sent_span.trace_id.hex().upper(), sent_span.span_id.hex()
    return json.dumps(body).encode()
