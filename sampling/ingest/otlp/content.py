"""What was asked and what was answered, wherever a convention keeps it: attributes, flattened attributes, or events.

Each source is tried in turn, the newest convention first, for the question and for the answer apart.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from sampling.ingest.otlp.flattened import read_flattened
from sampling.ingest.otlp.messages import Message, parsed_json, read_message, read_messages
from sampling.ingest.otlp.span import Event, Span
from sampling.ingest.otlp.values import Attributes

_DETAILS = "gen_ai.client.inference.operation.details"
_ASKED = {f"gen_ai.{role}.message": role for role in ("system", "user", "assistant", "tool")}
_CHOICE = "gen_ai.choice"


class Exchange(NamedTuple):
    """The messages sent to the model, and those it answered with; either may be empty."""

    asked: list[Message]
    answered: list[Message]


def find_exchange(span: Span) -> Exchange:
    """Return what the span tells of its messages."""
    attributes = span.attributes
    for event in span.events:
        if event.name == _DETAILS:
            attributes = {**event.attributes, **attributes}
    events = [*span.events, *_listed_events(attributes)]
    asked = _first(
        lambda: _current(attributes),
        lambda: read_flattened(attributes, "gen_ai.prompt.", role="user"),
        lambda: read_flattened(attributes, "llm.input_messages.", role="user"),
        lambda: _asked_in_events(events),
        lambda: _attribute(attributes, events, "gen_ai.prompt", read=lambda value: read_messages(value, role="user")),
        lambda: read_flattened(attributes, "llm.prompts.", role="user"),
        lambda: _vercel_prompt(attributes),
        lambda: read_messages(attributes.get("input.value"), role="user"),
    )
    answered = _first(
        lambda: read_messages(attributes.get("gen_ai.output.messages"), role="assistant"),
        lambda: read_flattened(attributes, "gen_ai.completion.", role="assistant"),
        lambda: read_flattened(attributes, "llm.output_messages.", role="assistant"),
        lambda: _answered_in_events(events),
        lambda: _attribute(attributes, events, "gen_ai.completion", read=_raw_output),
        lambda: read_flattened(attributes, "llm.choices.", role="assistant"),
        lambda: _vercel_answer(attributes),
        lambda: _raw_output(attributes.get("output.value")),
    )
    return Exchange(asked, answered)


def _first(*sources: Callable[[], list[Message]]) -> list[Message]:
    return next((found for source in sources if (found := source())), [])


def _current(attributes: Attributes) -> list[Message]:
    messages = read_messages(attributes.get("gen_ai.input.messages"), role="user")
    instructions = parsed_json(attributes.get("gen_ai.system_instructions"))
    if instructions and messages:
        parts = instructions if isinstance(instructions, list) else [instructions]
        return [*read_message({"role": "system", "parts": parts}, role="system"), *messages]
    return messages


def _listed_events(attributes: Attributes) -> list[Event]:
    """Return events that an instrumentation kept as a JSON list in an attribute."""
    listed = parsed_json(attributes.get("events"))
    return [
        Event(each["event.name"], each)
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict) and isinstance(each.get("event.name"), str)
    ]


def _asked_in_events(events: list[Event]) -> list[Message]:
    found: list[Message] = []
    for event in events:
        if role := _ASKED.get(event.name):
            found += read_message(_body(event), role=role)
    return found


def _answered_in_events(events: list[Event]) -> list[Message]:
    found: list[Message] = []
    for event in events:
        if event.name == _CHOICE:
            body = _body(event)
            message = parsed_json(body.get("message"))
            if isinstance(message, str | list):  # text, or the parts of the message
                message = {"content": message}
            found += read_message(message if isinstance(message, dict) else body, role="assistant")
    return found


def _body(event: Event) -> dict[str, Any]:
    body = parsed_json(event.attributes.get("gen_ai.event.content"))
    if isinstance(body, dict):
        return body
    return {"content": body} if body else event.attributes


def _attribute(
    attributes: Attributes, events: list[Event], name: str, *, read: Callable[[Any], list[Message]]
) -> list[Message]:
    values = [attributes.get(name), *(event.attributes.get(name) for event in events)]
    return next((found for value in values if (found := read(value))), [])


def _vercel_prompt(attributes: Attributes) -> list[Message]:
    if found := read_messages(attributes.get("ai.prompt.messages"), role="user"):
        return found
    prompt = parsed_json(attributes.get("ai.prompt"))
    if not isinstance(prompt, dict):
        return read_messages(prompt, role="user")
    system = read_messages(prompt.get("system"), role="system")
    return [*system, *read_messages(prompt.get("messages", prompt.get("prompt")), role="user")]


def _vercel_answer(attributes: Attributes) -> list[Message]:
    text = attributes.get("ai.response.text") or attributes.get("ai.response.object")
    calls = attributes.get("ai.response.toolCalls")
    thought = attributes.get("ai.response.reasoning")
    if not text and not calls and not thought:
        return []
    found = read_message({"content": text, "tool_calls": calls}, role="assistant")
    if thought:
        found[0]["reasoning"] = thought
    return found


def _raw_output(value: Any) -> list[Message]:
    """Return the answer in what a call returned as a whole: choices of the OpenAI API, else the value itself."""
    body = parsed_json(value)
    if isinstance(body, dict) and isinstance(choices := body.get("choices"), list):
        body = [choice["message"] for choice in choices if isinstance(choice, dict) and "message" in choice]
    return read_messages(body, role="assistant")
