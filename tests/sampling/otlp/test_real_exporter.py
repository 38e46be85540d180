"""The real OpenTelemetry SDK with its OTLP exporter, and the real instrumentation of the OpenAI client, against us."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai
import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from reviewapp.accounts.roles import Scope
from reviewapp.accounts.tokens import make_token
from sampling.models import Item
from tests.conftest import NOW
from tests.sampling.otlp.requests import CHAT

pytestmark = pytest.mark.django_db(transaction=True)
TOOLS = [{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}]


@pytest.fixture
def token(cast, project):
    return make_token(user=cast.lea, project=project, scopes=frozenset({Scope.INGEST}), now=NOW).text


@pytest.fixture
def exporter_of(live_server, token):
    """`exporter_of(compression)`: the SDK's exporter, pointed at a server of ours."""

    def make(compression=Compression.NoCompression, token=token):
        headers = {"authorization": f"Bearer {token}"}
        return OTLPSpanExporter(f"{live_server.url}/v1/traces", headers=headers, compression=compression, timeout=20)

    return make


@pytest.fixture
def provider_of():
    """`provider_of(exporter)`: a tracer provider that exports in batches; its last spans leave when the test ends."""
    made = []

    def make(exporter, sampler=ALWAYS_ON):
        provider = TracerProvider(sampler, Resource.create({"service.name": "desk", "service.version": "2.1"}))
        provider.add_span_processor(BatchSpanProcessor(exporter))
        made.append(provider)
        return provider

    yield make
    for provider in made:
        provider.shutdown()


def answered(body):
    """Return what the stub provider answers to a request."""
    message = {"role": "assistant", "content": "On its way."}
    if "tools" in body:
        call = {"id": "c2", "type": "function", "function": {"name": "find", "arguments": '{"order": 8}'}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "small-2026",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14},
    }


class _Stub(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        data = json.dumps(answered(body)).encode()
        self.send_response(500 if body["model"] == "broken" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def provider_url() -> Iterator[str]:
    """A model provider on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Stub) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_the_sdk_s_exporter_delivers_and_is_told_of_success(exporter_of, provider_of, compression):
    from opentelemetry.sdk.trace._sampling_experimental import composable_traceid_ratio_based, composite_sampler

    sampler = composite_sampler(composable_traceid_ratio_based(0.5))
    provider = provider_of(exporter_of(compression), sampler)
    tracer = provider.get_tracer("test")
    for _ in range(40):
        with tracer.start_as_current_span("request"), tracer.start_as_current_span("chat") as chat:
            chat.set_attributes(CHAT)
    assert provider.force_flush(20_000)
    stored = list(Item.objects.all())
    assert 5 < len(stored) < 35  # half of the traces, as the sampler likes
    assert {item.sampling_probability for item in stored} == {0.5}
    assert {(item.system, item.system_version) for item in stored} == {("desk", "2.1")}


def test_the_sdk_s_exporter_is_told_of_a_refusal(exporter_of, provider_of):
    spans = []

    class Keeping:
        def export(self, batch):
            spans.extend(batch)
            return SpanExportResult.SUCCESS

        def shutdown(self):
            pass

    provider = provider_of(Keeping())
    provider.get_tracer("test").start_span("chat", attributes=CHAT).end()
    provider.force_flush()
    assert exporter_of(token="rvw_wrong").export(spans) is SpanExportResult.FAILURE
    assert exporter_of().export(spans) is SpanExportResult.SUCCESS
    assert exporter_of().export(spans) is SpanExportResult.SUCCESS
    assert Item.objects.count() == 1


def test_an_instrumented_client_s_calls_become_items(exporter_of, provider_of, provider_url, monkeypatch):
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "gen_ai_latest_experimental")
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")
    from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor

    provider = provider_of(exporter_of())
    history = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Where is it?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"order": 7}'}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "in transit"},
    ]
    OpenAIInstrumentor().instrument(tracer_provider=provider)
    try:
        with openai.OpenAI(base_url=provider_url, api_key="none", max_retries=0) as client:
            client.chat.completions.create(model="small", messages=history)
            client.chat.completions.create(model="small", messages=history[:2], tools=TOOLS)
            with pytest.raises(openai.InternalServerError):
                client.chat.completions.create(model="broken", messages=history[:2])
            provider.get_tracer("test").start_span("GET /").end()
    finally:
        OpenAIInstrumentor().uninstrument()
    assert provider.force_flush(20_000)

    plain, calling, broken = Item.objects.order_by("occurred_at")
    call = {"id": "c1", "name": "find", "arguments": {"order": 7}}
    assert plain.input == [
        *history[:2],
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "in transit", "tool_call_id": "c1"},
    ]
    assert plain.output == "On its way."
    assert plain.steps == [{"name": "find", "kind": "tool", "input": {"order": 7}, "output": "in transit"}]
    assert (plain.model, plain.input_tokens, plain.output_tokens) == ("small-2026", 11, 3)
    assert (plain.system, plain.system_version, plain.sampling_probability) == ("desk", "2.1", None)
    assert plain.latency_ms > 0
    assert plain.metadata["gen_ai.provider.name"] == "openai"
    assert calling.output[0]["tool_calls"] == [{"id": "c2", "name": "find", "arguments": {"order": 8}}]
    assert broken.output is None
    assert "InternalServerError" in broken.metadata["error"]["type"]
