"""Each convention for the spans of chat models, as its instrumentations write it, and the item that comes of it."""

import json

import pytest

from sampling.mask.refs import hash_ref
from sampling.models import Item
from tests.sampling.otlp.requests import CHAT, SERVICE, START, span

ASKED = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Where is it?"}]
ANSWER = "On its way."
QUESTION = {"role": "user", "content": "Where is it?"}
PARTS = {"role": "user", "parts": [{"type": "text", "content": "Where is it?"}]}


def said(text):
    return [{"type": "text", "content": text}]


CURRENT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "small",
    "gen_ai.response.model": "small-2026",
    "gen_ai.usage.input_tokens": 11,
    "gen_ai.usage.output_tokens": 3,
    "gen_ai.conversation.id": "conversation-1",
    "user.id": "user-1",
    "gen_ai.prompt.version": "7",
    "gen_ai.system_instructions": json.dumps(said("Be kind.")),
    "gen_ai.input.messages": json.dumps([PARTS]),
    "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": said(ANSWER), "finish_reason": "stop"}]),
    "gen_ai.response.finish_reasons": ["stop"],
}
STRUCTURED = {
    **CURRENT,
    "gen_ai.system_instructions": said("Be kind."),
    "gen_ai.input.messages": [PARTS],
    "gen_ai.output.messages": [{"role": "assistant", "parts": said(ANSWER)}],
}
FLATTENED = {
    "llm.request.type": "chat",
    "gen_ai.system": "openai",
    "gen_ai.request.model": "small",
    "gen_ai.response.model": "small-2026",
    "gen_ai.usage.prompt_tokens": 11,
    "gen_ai.usage.completion_tokens": 3,
    "traceloop.association.properties.session_id": "conversation-1",
    "traceloop.association.properties.user_id": "user-1",
    "traceloop.prompt.version": 7,
    "gen_ai.prompt.0.role": "system",
    "gen_ai.prompt.0.content": "Be kind.",
    "gen_ai.prompt.1.role": "user",
    "gen_ai.prompt.1.content": "Where is it?",
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.content": ANSWER,
    "gen_ai.completion.0.finish_reason": "stop",
}
OPENINFERENCE = {
    "openinference.span.kind": "LLM",
    "llm.provider": "openai",
    "llm.model_name": "small-2026",
    "llm.token_count.prompt": 11,
    "llm.token_count.completion": 3,
    "session.id": "conversation-1",
    "user.id": "user-1",
    "llm.prompt_template.version": "7",
    "llm.input_messages.0.message.role": "system",
    "llm.input_messages.0.message.content": "Be kind.",
    "llm.input_messages.1.message.role": "user",
    "llm.input_messages.1.message.contents.0.message_content.type": "text",
    "llm.input_messages.1.message.contents.0.message_content.text": "Where is it?",
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.content": ANSWER,
    "input.value": "{}",
    "input.mime_type": "application/json",
    "output.value": "{}",
}
VERCEL = {
    "ai.operationId": "ai.streamText.doStream",
    "gen_ai.system": "openai",
    "gen_ai.response.model": "small-2026",
    "ai.usage.promptTokens": 11,
    "ai.usage.completionTokens": 3,
    "ai.telemetry.metadata.sessionId": "conversation-1",
    "ai.telemetry.metadata.userId": "user-1",
    "gen_ai.prompt.version": "7",
    "ai.prompt.messages": json.dumps(
        [ASKED[0], {"role": "user", "content": [{"type": "text", "text": "Where is it?"}]}]
    ),
    "ai.response.text": ANSWER,
}
BARE = {
    "gen_ai.operation.name": "chat",
    "gen_ai.system": "openai",
    "gen_ai.response.model": "small-2026",
    "gen_ai.usage.input_tokens": 11.0,
    "gen_ai.usage.output_tokens": "3",
    "session.id": "conversation-1",
    "enduser.id": "user-1",
    "gen_ai.prompt.version": "7",
}
IN_ATTRIBUTES = {
    **BARE,
    "gen_ai.prompt": json.dumps(ASKED),
    "gen_ai.completion": json.dumps([{"role": "assistant", "content": ANSWER}]),
}
MESSAGE_EVENTS = [
    ("gen_ai.system.message", {"gen_ai.system": "openai", "content": "Be kind."}),
    ("gen_ai.user.message", {"content": "Where is it?", "role": "user"}),
    ("gen_ai.choice", {"index": 0, "finish_reason": "stop", "message": json.dumps({"content": ANSWER})}),
]
CONTENT_EVENTS = [
    ("gen_ai.content.prompt", {"gen_ai.prompt": json.dumps(ASKED)}),
    ("gen_ai.content.completion", {"gen_ai.completion": json.dumps([{"role": "assistant", "content": ANSWER}])}),
]
JSON_EVENTS = [
    ("gen_ai.system.message", {"gen_ai.event.content": json.dumps({"role": "system", "content": "Be kind."})}),
    ("gen_ai.user.message", {"gen_ai.event.content": json.dumps({"content": "Where is it?"})}),
    ("gen_ai.choice", {"gen_ai.event.content": json.dumps({"message": {"content": ANSWER}, "index": 0})}),
]
TEXT_EVENTS = [
    ("gen_ai.system.message", {"gen_ai.event.content": "Be kind."}),
    ("gen_ai.user.message", {"content": json.dumps([{"text": "Where is it?"}])}),
    ("gen_ai.choice", {"message": ANSWER}),
]
LISTED_EVENTS = [{"event.name": name, **body} for name, body in MESSAGE_EVENTS]
PART_EVENTS = [*TEXT_EVENTS[:2], ("gen_ai.choice", {"message": json.dumps([{"text": ANSWER}])})]
DETAILS = [("gen_ai.client.inference.operation.details", {k: v for k, v in CURRENT.items() if k not in BARE})]


@pytest.mark.parametrize(
    ("attributes", "events"),
    [
        pytest.param(CURRENT, [], id="current names"),
        pytest.param(STRUCTURED, [], id="current names, structured"),
        pytest.param(BARE, DETAILS, id="current names, as an event"),
        pytest.param(FLATTENED, [], id="legacy, flattened"),
        pytest.param(IN_ATTRIBUTES, [], id="legacy, whole attributes"),
        pytest.param(BARE, MESSAGE_EVENTS, id="legacy, an event a message"),
        pytest.param(BARE, CONTENT_EVENTS, id="legacy, an event each side"),
        pytest.param(BARE, JSON_EVENTS, id="legacy, events with JSON"),
        pytest.param(BARE, TEXT_EVENTS, id="legacy, events with text"),
        pytest.param(BARE, PART_EVENTS, id="legacy, events with parts"),
        pytest.param({**BARE, "events": json.dumps(LISTED_EVENTS)}, [], id="legacy, events in an attribute"),
        pytest.param(OPENINFERENCE, [], id="OpenInference"),
        pytest.param(VERCEL, [], id="Vercel AI SDK"),
    ],
)
def test_every_convention_makes_the_same_item(exporter, attributes, events):
    item = exporter.item(span(attributes, events=events))
    assert (item.input, item.output) == (ASKED, ANSWER)
    assert (item.model, item.input_tokens, item.output_tokens) == ("small-2026", 11, 3)
    assert item.session_ref == hash_ref("salt", "session_ref", "conversation-1")
    assert item.user_ref == hash_ref("salt", "user_ref", "user-1")
    assert item.prompt_version == "7"
    assert item.metadata["gen_ai.provider.name"] == "openai"
    assert item.steps is None
    spoken = json.dumps(item.metadata)
    assert "Where is it?" not in spoken
    assert ANSWER not in spoken


COMPLETION = {"gen_ai.operation.name": "text_completion"}
LLM = {"openinference.span.kind": "LLM"}
DO = {"ai.operationId": "ai.generateText.doGenerate"}
ONE = [{"role": "user", "content": "Say hi"}]


@pytest.mark.parametrize(
    ("attributes", "asked", "answered"),
    [
        ({**COMPLETION, "gen_ai.prompt": "Say hi", "gen_ai.completion": "hi"}, ONE, "hi"),
        ({**COMPLETION, "gen_ai.prompt": '["Say hi"]', "gen_ai.completion": '{"a": 1}'}, ONE, {"a": 1}),
        ({**COMPLETION, "gen_ai.prompt.0.user": "Say hi", "gen_ai.completion.0.content": "hi"}, ONE, "hi"),
        ({**LLM, "llm.prompts.0.prompt.text": "Say hi", "llm.choices.0.completion.text": "hi"}, ONE, "hi"),
        ({**LLM, "input.value": "Say hi", "output.value": "hi"}, ONE, "hi"),
        ({**LLM, "input.value": '{"model": "m", "messages": [{"role": "user", "content": "Say hi"}]}',
          "output.value": '{"choices": [{"message": {"role": "assistant", "content": "hi"}}, 7]}'}, ONE, "hi"),
        ({**LLM, "input.value": '{"question": "Say hi"}', "output.value": "[1, 2]"},
         [{"role": "user", "content": {"question": "Say hi"}}], [{"role": "assistant", "content": [1, 2]}]),
        ({**DO, "ai.prompt": '{"system": "Be kind.", "prompt": "Say hi"}', "ai.response.object": '{"a": 1}'},
         [ASKED[0], *ONE], '{"a": 1}'),
        ({**DO, "ai.prompt": "Say hi"}, ONE, None),
        # What the OpenAI API answered, as a whole.
        ({"gen_ai.operation.name": "chat", "gen_ai.prompt": json.dumps({"messages": ONE, "model": "m"}),
          "gen_ai.completion": '{"id": "c", "choices": [{"message": {"role": "assistant", "content": "hi"}}]}'},
         ONE, "hi"),
        # Cut off by an attribute limit: what is left is kept as it is.
        ({**COMPLETION, "gen_ai.input.messages": '[{"role": "us', "gen_ai.output.messages": "[" * 70},
         [{"role": "user", "content": '[{"role": "us'}], "[" * 70),
        ({**COMPLETION, "gen_ai.input.messages": PARTS, "gen_ai.output.messages": 5}, [QUESTION], "5"),
    ],
)  # fmt: skip
def test_other_ways_to_write_content(exporter, attributes, asked, answered):
    item = exporter.item(span(attributes))
    assert (item.input, item.output) == (asked, answered)


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({"gen_ai.operation.name": "generate_content"}, True),
        ({"gen_ai.operation.name": "embeddings"}, False),
        ({"gen_ai.operation.name": "invoke_agent"}, False),
        ({"gen_ai.operation.name": "execute_tool"}, False),
        ({"gen_ai.operation.name": ["chat"]}, False),
        ({"openinference.span.kind": "CHAIN", "input.value": "x"}, False),
        ({"openinference.span.kind": "AGENT"}, False),
        ({"llm.request.type": "completion"}, True),
        ({"llm.request.type": "embedding"}, False),
        ({"ai.operationId": "ai.generateText"}, False),
        ({"ai.operationId": "ai.generateObject.doGenerate"}, True),
        ({}, True),
    ],
)
def test_which_spans_are_calls_of_a_chat_model(exporter, attributes, wanted):
    messages = {name: CHAT[name] for name in ("gen_ai.input.messages", "gen_ai.output.messages")}
    assert exporter.send(span({**messages, **attributes})) == {}
    assert Item.objects.exists() == wanted


def test_what_is_left_is_metadata_under_its_own_name(exporter):
    own = {
        "tenant.tier": "gold", "gen_ai.request.temperature": 0.5, "flags": [True, None, 1.5, b"hi", {"a": "b"}],
        "traceloop.association.properties.team": "red", "nothing": None, "nan": float("nan"),
        "metadata": '{"tenant.tier": "silver", "campaign": {"id": 3}}', "llm.tools.0.tool.json_schema": "{}",
    }  # fmt: skip
    resource = {**SERVICE, "deployment.environment": "production", "host.name": "h1"}
    item = exporter.item(span({**CHAT, **own}), resource=resource)
    assert item.metadata == {
        "gen_ai.operation.name": "chat",
        "tenant.tier": "silver",
        "campaign": {"id": 3},
        "gen_ai.request.temperature": 0.5,
        "flags": [True, None, 1.5, "aGk=", {"a": "b"}],
        "team": "red",
        "deployment.environment.name": "production",
    }


@pytest.mark.parametrize("name", ["gen_ai.usage.cost", "llm.cost.total", "operation.cost"])
def test_cost(exporter, name):
    assert exporter.item(span({**CHAT, name: 0.0042})).cost_usd == 0.0042


@pytest.mark.parametrize("sent", [-1, "many", True, [1], float("inf"), 2.0**70])
def test_numbers_that_are_none_are_left_out(exporter, sent):
    item = exporter.item(span({**CHAT, "gen_ai.usage.input_tokens": sent, "llm.token_count.prompt": 4}))
    assert item.input_tokens == 4


def test_a_failed_call_is_an_item_with_its_error_and_without_an_answer(exporter):
    attributes = {name: value for name, value in CURRENT.items() if name != "gen_ai.output.messages"}
    happened = ("exception", {"exception.type": "RateLimit", "exception.message": "Slow down"})
    item = exporter.item(span({**attributes, "error.type": "429"}, events=[happened], status={"code": 2}))
    assert item.output is None
    assert item.metadata["error"] == {"type": "429", "message": "Slow down"}


def test_an_error_that_tells_nothing_is_an_error(exporter):
    item = exporter.item(span(status={"code": 2}))
    assert item.metadata["error"] == {"type": "error"}


@pytest.mark.parametrize(
    ("start", "end", "occurred", "latency"),
    [
        (START, START - 1, True, None),
        (0, START, False, None),
        (START, START, True, 0),
        (2**64 - 1, 2**64 - 1, True, 0),
    ],
)
def test_times_that_make_no_sense_are_left_out(exporter, start, end, occurred, latency):
    item = exporter.item(span(start_time_unix_nano=start, end_time_unix_nano=end))
    assert ((item.occurred_at is not None), item.latency_ms) == (occurred, latency)


@pytest.mark.parametrize("resource", [{}, {"service.name": "unknown_service:python"}, {"service.name": ""}])
def test_a_service_that_nobody_named_has_no_name(exporter, resource):
    assert exporter.item(span(), resource=resource).system is None
