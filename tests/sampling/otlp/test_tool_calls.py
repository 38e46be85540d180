"""Tool calls, reasoning and other parts of messages, in each convention."""

import json

import pytest

from tests.sampling.otlp.requests import CHAT, span
from tests.sampling.otlp.test_conventions import ANSWER, BARE, COMPLETION, DO, LLM, PARTS, QUESTION, said

CALL = {"id": "c1", "name": "find", "arguments": {"order": 7}}
TOOL = {"role": "tool", "content": "in transit", "tool_call_id": "c1"}
AGENT = [QUESTION, {"role": "assistant", "content": "Let me look.", "tool_calls": [CALL]}, TOOL]


def test_tool_calls_are_parts_of_messages_and_steps_since_the_user_spoke(exporter):
    history = [
        PARTS,
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c0", "name": "old", "arguments": None}]},
        PARTS,
        {"role": "assistant", "parts": [*said("Let me look."), {"type": "tool_call", **CALL}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "in transit"}]},
    ]
    thinking = {"type": "reasoning", "content": "It moves."}
    answer = [{"role": "assistant", "parts": [thinking, *said(ANSWER)], "finish_reason": "stop"}]
    item = exporter.item(span({**CHAT, "gen_ai.input.messages": history, "gen_ai.output.messages": answer}))
    assert item.input[2:] == AGENT
    assert item.output == ANSWER
    assert item.steps == [
        {"name": "find", "kind": "tool", "input": {"order": 7}, "output": "in transit"},
        {"name": "reasoning", "kind": "model", "output": "It moves."},
    ]


def test_reasoning_of_the_vercel_ai_sdk_is_a_step(exporter):
    said = {"ai.prompt": "Where is it?", "ai.response.text": ANSWER, "ai.response.reasoning": "It moves."}
    item = exporter.item(span({**DO, **said}))
    assert (item.output, item.metadata) == (ANSWER, {})
    assert item.steps == [{"name": "reasoning", "kind": "model", "output": "It moves."}]


def test_an_answer_that_calls_a_tool_stays_a_message(exporter):
    parts = [{"type": "tool_call", **CALL}]
    item = exporter.item(span({**CHAT, "gen_ai.output.messages": [{"role": "assistant", "parts": parts}]}))
    assert item.output == [{"role": "assistant", "content": "", "tool_calls": [CALL]}]
    assert item.steps is None


def test_several_choices_stay_several_messages(exporter):
    choices = [{"role": "assistant", "parts": said(text)} for text in ("one", "two")]
    item = exporter.item(span({**CHAT, "gen_ai.output.messages": json.dumps(choices)}))
    assert item.output == [{"role": "assistant", "content": "one"}, {"role": "assistant", "content": "two"}]


FUNCTION = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"order": 7}'}}


@pytest.mark.parametrize(
    ("attributes", "events"),
    [
        pytest.param(
            {"llm.request.type": "chat", "gen_ai.prompt.0.content": "Where is it?", "gen_ai.prompt.1.role": "assistant",
             "gen_ai.prompt.1.content": "Let me look.", "gen_ai.prompt.1.tool_calls.0.id": "c1",
             "gen_ai.prompt.1.tool_calls.0.name": "find", "gen_ai.prompt.1.tool_calls.0.arguments": '{"order": 7}',
             "gen_ai.prompt.2.role": "tool", "gen_ai.prompt.2.content": "in transit",
             "gen_ai.prompt.2.tool_call_id": "c1"}, [], id="legacy, flattened"),
        pytest.param(
            BARE, [("gen_ai.user.message", {"content": "Where is it?"}),
                   ("gen_ai.assistant.message", {"content": "Let me look.", "tool_calls": json.dumps([FUNCTION])}),
                   ("gen_ai.tool.message", {"content": "in transit", "id": "c1"})], id="legacy, events"),
        pytest.param(
            {**LLM, "llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "Where is it?",
             "llm.input_messages.1.message.role": "assistant",
             "llm.input_messages.1.message.content": "Let me look.",
             "llm.input_messages.1.message.tool_calls.0.tool_call.id": "c1",
             "llm.input_messages.1.message.tool_calls.0.tool_call.function.name": "find",
             "llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments": '{"order": 7}',
             "llm.input_messages.2.message.role": "tool", "llm.input_messages.2.message.content": "in transit",
             "llm.input_messages.2.message.tool_call_id": "c1"}, [], id="OpenInference"),
        pytest.param(
            {**DO, "ai.prompt.messages": json.dumps([
                QUESTION,
                {"role": "assistant", "content": [
                    {"type": "text", "text": "Let me look."},
                    {"type": "tool-call", "toolCallId": "c1", "toolName": "find", "args": {"order": 7}}]},
                {"role": "tool", "content": [
                    {"type": "tool-result", "toolCallId": "c1", "toolName": "find",
                     "output": {"type": "text", "value": "in transit"}}]}])}, [], id="Vercel AI SDK"),
        pytest.param(
            {**COMPLETION, "gen_ai.prompt": json.dumps([
                QUESTION,
                {"role": "assistant", "content": [
                    {"type": "text", "text": "Let me look."},
                    {"type": "tool_use", "id": "c1", "name": "find", "input": {"order": 7}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "in transit"}]}],
                }])}, [], id="Anthropic"),
    ],
)  # fmt: skip
def test_every_convention_s_tool_calls_come_out_alike(exporter, attributes, events):
    item = exporter.item(span(attributes, events=events))
    assert item.input == AGENT
    assert item.steps == [{"name": "find", "kind": "tool", "input": {"order": 7}, "output": "in transit"}]


def test_a_function_call_of_old(exporter):
    below = "llm.output_messages.0.message"
    called = {f"{below}.function_call_name": "find", f"{below}.function_call_arguments_json": "{}"}
    item = exporter.item(span({**LLM, "input.value": "Say hi", **called}))
    assert item.output == [{"role": "assistant", "content": "", "tool_calls": [{"name": "find", "arguments": {}}]}]


@pytest.mark.parametrize(
    ("part", "kept"),
    [
        ({"type": "uri", "modality": "image", "uri": "https://x.example/a.png"}, None),
        ({"type": "blob", "modality": "image", "content": "aGk="},
         {"type": "blob", "modality": "image", "content": None, "base64_characters": 4}),
        ({"type": "input_text", "text": {"a": 1}}, {"type": "text", "text": '{"a":1}'}),
    ],
)  # fmt: skip
def test_other_parts_are_kept(exporter, part, kept):
    asked = [{"role": "user", "parts": [{"type": "image", "n": 1}, part]}]
    assert exporter.item(span({**CHAT, "gen_ai.input.messages": asked})).input[0]["content"][1] == (kept or part)


def test_images_of_openinference_keep_their_address(exporter):
    below = "llm.input_messages.0.message.contents"
    image = {f"{below}.0.message_content.type": "image", f"{below}.0.message_content.image.image.url": "https://x/a"}
    item = exporter.item(span({**LLM, **image, f"{below}.1.other": 1}))
    assert item.input == [{"role": "user", "content": [{"type": "image", "url": "https://x/a"}]}]
