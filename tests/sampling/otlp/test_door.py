"""`POST /v1/traces`: both encodings, what is answered, what is refused and how, and who may."""

import gzip
import json

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from annotations.models import Task
from reviewapp.accounts.tokens import make_token
from reviewapp.http import bodies
from reviewapp.metrics import OTLP_SPANS
from sampling.api import otlp
from sampling.ingest import add
from sampling.models import Draw, Item
from sampling.plans.publish import parse_plan, publish_plan
from tests.conftest import NOW
from tests.sampling.otlp.conftest import JSON, PROTOBUF
from tests.sampling.otlp.requests import CHAT, TRACE, as_json, request, span

BOTH = pytest.mark.parametrize("encoding", [PROTOBUF, JSON])


def status_of(response):
    """Return the message of a Status in protobuf: field 2, its length, its text."""
    content = response.content
    assert content[:1] == b"\x12"
    size = content[1] if content[1] < 0x80 else (content[1] & 0x7F) | (content[2] << 7)
    text = content[2 if content[1] < 0x80 else 3 :]
    assert len(text) == size
    return text.decode()


def counted(outcome):
    return OTLP_SPANS.labels(outcome)._value.get()


@BOTH
def test_a_chat_span_becomes_an_item_that_can_be_claimed_at_once(exporter, encoding):
    assert exporter.send(span(), encoding=encoding) == {}
    item = Item.objects.get()
    assert item.external_id == f"{TRACE}-0000000000000001"
    assert (item.trace_id, item.span_id) == (TRACE, "0000000000000001")
    assert (item.input, item.output) == ([{"role": "user", "content": "Where is it?"}], "On its way.")
    assert (item.system, item.system_version, item.latency_ms) == ("desk", "2.1", 1500)
    assert item.occurred_at.isoformat() == "2025-11-24T16:00:00.123456+00:00"
    assert Draw.objects.get().selected
    assert Task.objects.filter(item=item).exists()


@BOTH
def test_full_success_is_an_empty_message_in_the_encoding_of_the_request(exporter, encoding):
    body = as_json(request(span())) if encoding == JSON else request(span()).SerializeToString()
    response = exporter.post(body, content_type=encoding)
    assert (response["Content-Type"], response.content) == (encoding, b"{}" if encoding == JSON else b"")


@BOTH
def test_sending_again_changes_nothing_and_is_a_success(exporter, encoding):
    for _ in range(2):
        assert exporter.send(span(number=1), span(number=2), encoding=encoding) == {}
    assert Item.objects.count() == Draw.objects.count() == 2


@BOTH
def test_what_is_refused_is_counted_and_told_and_spoils_nothing(exporter, encoding):
    spans = [
        span(number=1),
        span({**CHAT, "gen_ai.input.messages": None}, number=2),
        span({**CHAT, "gen_ai.output.messages": "a\0b"}, number=3),
        span({**CHAT, "user.id": "x" * 1001}, number=4),
        span(number=5),
    ]
    partial = exporter.send(*spans, encoding=encoding)
    assert partial["rejectedSpans"] == "3"
    assert partial["errorMessage"].startswith("3 refused. Span 2: ")
    assert "CAPTURE_MESSAGE_CONTENT" in partial["errorMessage"]
    assert "Span 3: output: Text must not hold the character NUL" in partial["errorMessage"]
    assert "Span 4: user_ref: " in partial["errorMessage"]
    assert Item.objects.count() == 2


@BOTH
def test_what_is_odd_in_one_span_costs_no_other(exporter, encoding):
    """Messages hold whatever people and models write: a schema where a part is expected, ids that are no text."""
    schema = {"type": ["string", "null"]}
    called = [
        {"role": "user", "content": "Where?"},
        {"role": "assistant", "tool_calls": [{"id": {"n": 1}, "name": "find", "arguments": "{}"}]},
        {"role": "tool", "tool_call_id": {"n": 1}, "content": "Here."},
    ]
    odd = {**CHAT, "gen_ai.output.messages": json.dumps([{"role": "assistant", "content": schema}])}
    spans = [span(), span(odd, number=2), span({**CHAT, "gen_ai.input.messages": json.dumps(called)}, number=3)]
    assert exporter.send(*spans, encoding=encoding) == {}
    first, second, third = Item.objects.order_by("pk")
    assert (first.output, second.output) == ("On its way.", [{"role": "assistant", "content": [schema]}])
    assert third.steps == [{"name": "find", "kind": "tool", "input": {}, "output": "Here."}]


def test_only_a_few_reasons_are_told(exporter):
    partial = exporter.send(*(span({"gen_ai.operation.name": "chat"}, number=n + 1) for n in range(9)))
    assert partial["rejectedSpans"] == "9"
    assert partial["errorMessage"].count("Span ") == 5
    assert partial["errorMessage"].endswith("And 4 more.")


def test_other_spans_are_passed_over_and_counted(exporter):
    before = {name: counted(name) for name in ("stored", "duplicates", "passed_over", "rejected")}
    assert exporter.send(span(number=1), span({"http.request.method": "GET"}, number=2), span({}, number=3)) == {}
    exporter.send(span(number=1), span({"gen_ai.operation.name": "chat"}, number=4))
    after = {name: counted(name) - before[name] for name in before}
    assert after == {"stored": 1, "duplicates": 1, "passed_over": 2, "rejected": 1}
    assert Item.objects.count() == 1


@BOTH
def test_bodies_may_be_compressed(exporter, encoding):
    body = as_json(request(span())) if encoding == JSON else request(span()).SerializeToString()
    exporter.post(gzip.compress(body), content_type=encoding, headers={"content-encoding": "gzip"})
    assert Item.objects.count() == 1


@pytest.mark.parametrize(("encoding", "body"), [(PROTOBUF, b""), (JSON, b"{}"), (JSON, b' {"resourceSpans": null}\n')])
def test_a_request_without_spans_is_a_success(exporter, encoding, body):
    exporter.post(body, content_type=encoding)
    assert not Item.objects.exists()


def test_a_plan_draws_from_spans_as_from_any_items(exporter, project):
    rule = {"name": "slow", "when": {"metadata.gen_ai\\.request\\.model": {"eq": "big"}}, "rate": 1, "overlap": 2}
    publish_plan(project=project, plan=parse_plan({"base_rate": 0, "rules": [rule]}), actor=None, now=NOW)
    exporter.send(span(number=1), span({**CHAT, "gen_ai.request.model": "big"}, number=2))
    assert Task.objects.get().item.span_id == "0000000000000002"


def test_a_batch_takes_as_many_statements_for_300_spans_as_for_3(exporter):
    counts = []
    for first, many in ((1, 3), (10, 300)):
        with CaptureQueriesContext(connection) as queries:
            exporter.send(*(span(number=first + n) for n in range(many)))
        counts.append(len(queries))
    assert counts[0] >= counts[1]
    assert counts[1] <= 15


class TestRefusals:
    @BOTH
    def test_nobody_without_a_token(self, project, encoding):
        response = Client().post("/v1/traces", b"x", content_type=encoding)
        assert (response.status_code, response["WWW-Authenticate"], response["Content-Type"]) == (
            401,
            "Bearer",
            encoding,
        )
        message = response.json()["message"] if encoding == JSON else status_of(response)
        assert message.startswith("Send a token")

    @pytest.mark.parametrize("header", ["Bearer", "Bearer rvw_x_y", "Basic YTpi", "rvw_x_y"])
    def test_nobody_with_a_wrong_token(self, project, header):
        response = Client(headers={"authorization": header}).post("/v1/traces", b"", content_type=JSON)
        assert response.status_code == 401

    def test_a_session_is_not_enough(self, project, cast, browser_of):
        assert browser_of(cast.lea).post("/v1/traces", b"{}", content_type=JSON).status_code == 401

    def test_the_token_needs_the_scope_and_its_person_the_role(self, project, cast, api_of):
        for client in (api_of(cast.lea, "read"), api_of(cast.rui), api_of(cast.vic)):
            response = client.client.post("/v1/traces", request(span()).SerializeToString(), content_type=PROTOBUF)
            assert response.status_code == 403
            assert status_of(response)
        assert not Item.objects.exists()

    def test_a_stranger_s_token_finds_no_project(self, project, cast, api_of):
        assert api_of(cast.stan).client.post("/v1/traces", b"{}", content_type=JSON).status_code == 404

    def test_a_site_token_names_no_project(self, project, cast, api_of):
        response = api_of(cast.olga, site=True).client.post("/v1/traces", b"{}", content_type=JSON)
        assert response.status_code == 403
        assert "names no project" in response.json()["message"]

    def test_the_scheme_may_be_written_in_any_case(self, project, cast):
        from datetime import UTC, datetime

        from reviewapp.accounts.roles import Scope

        token = make_token(user=cast.lea, project=project, scopes=frozenset({Scope.INGEST}), now=datetime.now(UTC))
        client = Client(headers={"authorization": f"bearer {token.text}"})
        assert client.post("/v1/traces", b"{}", content_type=JSON).status_code == 200

    def test_other_methods(self, exporter):
        response = exporter.client.get("/v1/traces")
        assert (response.status_code, response["Allow"]) == (405, "POST")

    @pytest.mark.parametrize("kind", ["text/plain", "application/grpc", ""])
    def test_another_content_type(self, exporter, kind):
        assert "application/x-protobuf" in exporter.post(b"", content_type=kind, status=415).json()["message"]

    def test_another_compression(self, exporter):
        response = exporter.post(b"x", status=415, headers={"content-encoding": "br"})
        assert response["Accept-Encoding"] == "gzip"

    @pytest.mark.parametrize(
        ("encoding", "body"),
        [
            (PROTOBUF, b"\x0a"),  # a length is missing
            (PROTOBUF, b"\x0a\x05\x12"),  # it ends before its length
            (PROTOBUF, request(span()).SerializeToString()[:-1]),
            (PROTOBUF, b"\x0f\x01"),  # there is no wire type 7
            (PROTOBUF, b"\x08\x01"),  # resource spans are no number
            (PROTOBUF, b"\xff" * 11),  # a number without end
            (PROTOBUF, b"\x0a\x02\x12\x05"),  # longer than what is around it
            (PROTOBUF, b"\x0a\x04\x12\x02\x12\x05hello"),
            (PROTOBUF, b"\x0a\x04\x0a\x02\x0a\x09"),  # a resource that is none
            (PROTOBUF, b"not protobuf at all"),
            (JSON, b""),
            (JSON, b"[]"),
            (JSON, b"{"),
            (JSON, b"{}x"),
            (JSON, b'{"resourceSpans": 1}'),
            (JSON, b'{"resourceSpans": nil}'),
            (JSON, b'{"resourceSpans": [1]}'),
            (JSON, b'{"resourceSpans": [{} {}]}'),
            (JSON, b'{"resourceSpans" [{}]}'),
            (JSON, b'{"resourceSpans": [{}'),
            (JSON, b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"a'),
            (JSON, b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"a": 1'),
            (JSON, b'{"resourceSpans": [{"resource": {"attributes"}}]}'),
            (JSON, b'{"resourceSpans": [{"resource": ' + b"[" * 70 + b"]" * 70 + b"}]}"),
            (JSON, b"{resourceSpans: []}"),
            (JSON, b'{"a": }'),
            (JSON, b'{"a": ' + b"1" * 2000),
            (JSON, b'{"\\x": 1}'),
        ],
    )
    def test_what_is_no_request_is_bad_data(self, exporter, encoding, body):
        response = exporter.post(body, content_type=encoding, status=400)
        assert response["Content-Type"] == encoding
        assert response.json()["message"] if encoding == JSON else status_of(response)
        assert not Item.objects.exists()

    def test_what_is_no_gzip(self, exporter):
        assert "gzip" in status_of(exporter.post(b"x", status=400, headers={"content-encoding": "gzip"}))

    def test_too_much(self, exporter, monkeypatch):
        monkeypatch.setattr(bodies, "MAX_SENT_BYTES", 100)
        assert "Compress it" in status_of(exporter.post(b"x" * 101, status=413))

    @BOTH
    def test_too_much_when_inflated(self, exporter, monkeypatch, encoding):
        message = request(*(span(number=n + 1) for n in range(20)))
        body = as_json(message) if encoding == JSON else message.SerializeToString()
        monkeypatch.setattr(otlp, "MAX_INFLATED_BYTES", len(body) - 1)
        packed = gzip.compress(body)
        exporter.post(packed, content_type=encoding, status=413, headers={"content-encoding": "gzip"})
        monkeypatch.setattr(otlp, "MAX_INFLATED_BYTES", len(body))
        exporter.post(packed, content_type=encoding, headers={"content-encoding": "gzip"})
        assert Item.objects.count() == 20

    @BOTH
    def test_a_database_that_does_not_answer_makes_exporters_try_again(self, exporter, monkeypatch, encoding):
        def gone(**_):
            raise OperationalError("gone")

        monkeypatch.setattr(add, "store_batch", gone)
        body = as_json(request(span())) if encoding == JSON else request(span()).SerializeToString()
        response = exporter.post(body, content_type=encoding, status=503)
        assert response["Retry-After"] == "5"
        assert "gone" not in str(response.content)


@BOTH
def test_a_span_over_the_limits_is_refused_alone(exporter, encoding):
    partial = exporter.send(span(number=1), span({"a": "x" * 1024 * 1024}, number=2), span(number=3), encoding=encoding)
    assert partial == {"rejectedSpans": "1", "errorMessage": "1 refused. Span 2: A record may have 1024 KiB at most."}
    assert Item.objects.count() == 2


@BOTH
@pytest.mark.parametrize(
    "ids", [{"trace_id": b""}, {"trace_id": b"\0" * 16}, {"trace_id": b"x" * 15}, {"span_id": b"\0" * 8}]
)
def test_a_span_without_ids_is_refused(exporter, encoding, ids):
    partial = exporter.send(span(**ids), span(number=7), encoding=encoding)
    assert partial["rejectedSpans"] == "1"
    assert "trace id of 16 bytes" in partial["errorMessage"]


def test_a_span_that_is_no_protobuf_is_refused_alone(exporter):
    body = request(span(number=1), span(number=2), span(number=3)).SerializeToString()
    broken = body.replace((2).to_bytes(8, "big"), b"\xff" * 8)  # still well framed: an id like any other
    assert exporter.post(broken).content == b""
    text = request(span({**CHAT, "note": "QQQQ"}, number=4)).SerializeToString().replace(b"QQQQ", b"\xff\xff\xff\xff")
    answer = ExportTraceServiceResponse.FromString(exporter.post(text).content)
    assert answer.partial_success.rejected_spans == 1
    assert "not protobuf" in answer.partial_success.error_message


@pytest.mark.parametrize("wrong", ['"text"', "7", "null", '{"traceId": 5}', '{"spanId": "zz"}', "[]"])
def test_a_span_that_is_none_is_refused_alone_in_json_too(exporter, wrong):
    good = json.dumps(json.loads(as_json(request(span())))["resourceSpans"][0]["scopeSpans"][0]["spans"][0])
    body = f'{{"resourceSpans": [{{"scopeSpans": [{{"spans": [{wrong}, {good}]}}]}}]}}'
    partial = exporter.post(body.encode(), content_type=JSON).json()["partialSuccess"]
    assert partial["rejectedSpans"] == "1"
    assert Item.objects.get().system is None


@BOTH
def test_our_own_failure_is_a_status_too_and_names_the_request(exporter, encoding, monkeypatch, caplog):
    def fail(**arguments):
        raise RuntimeError("out of luck")

    monkeypatch.setattr(otlp, "receive_spans", fail)
    body = as_json(request(span())) if encoding == JSON else request(span()).SerializeToString()
    response = exporter.post(body, content_type=encoding, status=500)
    message = response.json()["message"] if encoding == JSON else status_of(response)
    assert response["Content-Type"] == encoding
    assert "request id" in message
    assert "out of luck" not in message
    assert "out of luck" in caplog.text


def test_spans_are_masked_like_any_other_items(project, exporter):
    project.masking = "mask"
    project.save()
    asked, answered = (
        CHAT[f"gen_ai.{side}.messages"].replace(words, "Write to ann@example.org")
        for side, words in (("input", "Where is it?"), ("output", "On its way."))
    )
    said = {**CHAT, "gen_ai.input.messages": asked, "gen_ai.output.messages": answered, "user.id": "ann"}
    item = exporter.item(span(said))
    assert item.input == [{"role": "user", "content": "Write to [EMAIL_1]"}]
    assert item.output == "Write to [EMAIL_1]"
    assert item.user_ref not in {"", None, "ann"}
