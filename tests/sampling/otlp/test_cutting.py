"""Cutting a request into spans while it streams in: the same spans whichever pieces it comes in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from reviewapp.http.errors import MalformedError, TooLargeError
from sampling.ingest.otlp import resources
from sampling.ingest.otlp.encodings import JSON, PROTOBUF
from tests.sampling.otlp.requests import CHAT, as_json, request, span

SPANS = [span({**CHAT, "n": n, "text": 'br"ack}ets]\\ and "quotes" ' * n}, number=n + 1) for n in range(4)]
REQUEST = ExportTraceServiceRequest()
REQUEST.MergeFrom(request(*SPANS[:2]))
REQUEST.MergeFrom(request(SPANS[2], resource={"service.name": "other"}))
REQUEST.resource_spans[0].scope_spans[0].scope.name = "a scope"
REQUEST.resource_spans[0].schema_url = "https://x.example"
REQUEST.resource_spans[1].scope_spans.add(spans=[SPANS[3]])
BODIES = {PROTOBUF: REQUEST.SerializeToString(), JSON: as_json(REQUEST)}
EXPECTED = [(1, "desk"), (2, "desk"), (3, "other"), (4, "other")]


def cut(encoding, chunks):
    """Return number, span id and service of each span."""
    found = []
    for raw in encoding.cut(chunks):
        assert raw.problem is None
        found.append((raw.number, int(encoding.parse(raw.data).span_id, 16), raw.resource.get("service.name")))
    assert [number for number, _, _ in found] == list(range(1, len(found) + 1))
    return [(span_id, service) for _, span_id, service in found]


@pytest.mark.parametrize("encoding", BODIES, ids=lambda encoding: encoding.content_type)
@given(data=st.data())
def test_any_pieces_make_the_same_spans(encoding, data):
    body = BODIES[encoding]
    size = data.draw(st.integers(1, 200))
    assert cut(encoding, [body[at : at + size] for at in range(0, len(body), size)]) == EXPECTED


@pytest.mark.parametrize("encoding", BODIES, ids=lambda encoding: encoding.content_type)
@given(data=st.data())
def test_a_body_that_breaks_off_is_never_taken_for_a_whole_one(encoding, data):
    body = BODIES[encoding]
    # Between its two resources the protobuf is whole.
    between = REQUEST.resource_spans[0].ByteSize() + 4
    end = data.draw(st.integers(1, len(body) - 1).filter(lambda at: encoding is JSON or abs(at - between) > 4))
    with pytest.raises(MalformedError, match="too early"):
        cut(encoding, [body[:end]])


def field(number, kind, content):
    return bytes([number << 3 | kind]) + content


def message(number, content):
    return bytes([number << 3 | 2, len(content) & 0x7F | 0x80, len(content) >> 7]) + content


SPAN = message(2, SPANS[0].SerializeToString())
SOURCE = message(1, request().resource_spans[0].resource.SerializeToString())
UNKNOWN = field(9, 0, b"\x81\x01") + field(10, 1, b"8" * 8) + field(11, 5, b"4444") + message(12, b"x" * 200)


def test_unknown_fields_are_skipped():
    scopes = message(2, UNKNOWN + SPAN + UNKNOWN)
    body = UNKNOWN + message(1, UNKNOWN + SOURCE + scopes + UNKNOWN) + UNKNOWN
    for size in (1, 7, 5000):
        assert cut(PROTOBUF, [body[at : at + size] for at in range(0, len(body), size)]) == [(1, "desk")]
    spans = json.loads(BODIES[JSON])["resourceSpans"][0]
    spans["new"], spans["scopeSpans"][0]["new"] = {"a": [1, "]"]}, None
    text = json.dumps({"new": "}", "more": [], "number": -1.5e3, "resourceSpans": [spans], "last": True})
    assert cut(JSON, [text.encode()]) == EXPECTED[:2]


def test_an_unknown_field_may_be_longer_than_a_record():
    assert cut(PROTOBUF, [b"\x6a\x80\x80\x80\x01", b"x" * 2**21, message(1, SOURCE + message(2, SPAN))]) == [
        (1, "desk")
    ]
    with pytest.raises(MalformedError, match="too early"):
        cut(PROTOBUF, [b"\x6a\x80\x80\x80\x01", b"x" * 2**20])


def test_spans_before_their_resource_wait_for_it(monkeypatch):
    late = message(1, message(2, SPAN) + SOURCE + message(2, SPAN))
    never = message(1, message(2, SPAN))
    assert cut(PROTOBUF, [late + never + never]) == [(1, "desk"), (1, "desk"), (1, None), (1, None)]
    group = json.loads(BODIES[JSON])["resourceSpans"][0]
    turned = {"scopeSpans": group["scopeSpans"], "resource": group["resource"]}
    assert cut(JSON, [json.dumps({"resourceSpans": [turned]}).encode()]) == EXPECTED[:2]
    monkeypatch.setattr(resources, "MAX_HELD_BYTES", 10)
    with pytest.raises(TooLargeError):
        cut(PROTOBUF, [never])


def test_a_resource_over_the_limits_is_refused():
    huge = request(resource={"a": "x" * 1024 * 1024})
    for encoding, body in ((PROTOBUF, huge.SerializeToString()), (JSON, as_json(huge))):
        with pytest.raises(MalformedError, match="1 MiB"):
            cut(encoding, [body])


def test_a_span_too_deep_is_refused_alone():
    deep = '{"a":' * 70 + "1" + "}" * 70
    body = f'{{"resourceSpans": [{{"resource": 5, "scopeSpans": [{{"spans": [{deep}, {{}}]}}]}}]}}'
    problems = [raw.problem and raw.problem.code for raw in JSON.cut([body.encode()])]
    assert problems == ["too_deep", None]


def test_texts_and_values_without_end_are_refused():
    for body in (b'{"a": "' + b"x" * 2**21, b'{"' + b"x" * 2**21, b'{"a": ' + b"1" * 2000):
        with pytest.raises(MalformedError):
            cut(JSON, [body[at : at + 2**16] for at in range(0, len(body), 2**16)])


def test_a_long_value_is_cut_off_wherever_it_breaks():
    spans = b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + b'{"a":"' + b'\\"x' * 2**20 + b'"},{}]}]}]}'
    for size in (2**10, 2**16, len(spans)):
        found = list(JSON.cut(spans[at : at + size] for at in range(0, len(spans), size)))
        assert [raw.problem and raw.problem.code for raw in found] == ["line_too_large", None]


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert cut(JSON, [b"\xef\xbb\xbf" + BODIES[JSON]]) == EXPECTED


VALUES = [
    ({"stringValue": "a"}, "a"),
    ({"intValue": "9223372036854775807"}, 2**63 - 1),
    ({"intValue": 5}, 5),
    ({"intValue": 5.0}, 5),
    ({"intValue": "x"}, None),
    ({"intValue": True}, None),
    ({"intValue": 2**65}, None),
    ({"doubleValue": 1}, 1.0),
    ({"doubleValue": "0.5"}, 0.5),
    ({"doubleValue": "NaN"}, None),
    ({"doubleValue": "Infinity"}, None),
    ({"doubleValue": "x"}, None),
    ({"doubleValue": False}, None),
    ({"boolValue": True}, True),
    ({"arrayValue": {"values": [{"intValue": 1}, {}]}}, [1, None]),
    ({"arrayValue": {}}, []),
    ({"arrayValue": {"values": 7}}, None),
    ({"kvlistValue": {"values": [{"key": "k", "value": {"stringValue": "v"}}, 7, {"key": 5}]}}, {"k": "v"}),
    ({"kvlistValue": {}}, {}),
    ({"bytesValue": "aGk="}, "aGk="),
    ({"bytesValue": "?"}, None),
    ({"stringValue": 5}, None),
    ({"newValue": 5}, None),
    (5, None),
]


@pytest.mark.parametrize(("sent", "read"), VALUES, ids=str)
def test_values_of_attributes_in_json(sent, read):
    text = json.dumps({"traceId": "aB" * 16, "spanId": "01" * 8, "attributes": [{"key": "a", "value": sent}]})
    assert JSON.parse(text.encode()).attributes == {"a": read}


def test_fields_of_a_wrong_type_count_as_not_sent():
    wrong = {"name": 5, "startTimeUnixNano": "-1", "status": [], "events": 7, "attributes": {}, "traceState": 1}
    read = JSON.parse(json.dumps({"traceId": "ab" * 16, "spanId": "01" * 8, **wrong}).encode())
    assert (read.name, read.start, read.failed, read.events, read.attributes, read.trace_state) == (
        "",
        0,
        False,
        [],
        {},
        "",
    )
    assert (
        JSON.parse(b'{"traceId": "abababababababab ababababababab ", "spanId": "0101010101010101"}').code
        == "invalid_ids"
    )
