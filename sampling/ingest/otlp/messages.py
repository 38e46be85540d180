"""Messages in one form, whichever convention wrote them.

    {"role": "assistant", "content": "Let me look.", "tool_calls": [{"id": "c1", "name": "find", "arguments": {…}}]}
    {"role": "tool", "content": "…", "tool_call_id": "c1"}

`content` is text where a message holds nothing but text, else a list of parts. Read are the parts of the GenAI
conventions, the messages of the OpenAI and Anthropic APIs, and those of the Vercel AI SDK, which differ in names only.
"""

from collections.abc import Iterable
from typing import Any

import orjson

from reviewapp.http.lines import is_too_deep

Message = dict[str, Any]

_CALLS = frozenset({"tool_call", "tool_use", "tool-call", "function_call", "server_tool_call"})
_RESPONSES = frozenset(
    {"tool_call_response", "tool_result", "tool-result", "function_call_output", "server_tool_call_response"}
)
_TEXTS = frozenset({"text", "input_text", "output_text"})
_KEPT = ("name", "tool_call_id")


def parsed_json(text: Any) -> Any:
    """Return the list or object that a text holds as JSON; anything else as it is, also JSON that was cut off."""
    if not isinstance(text, str) or text.lstrip()[:1] not in {"[", "{"} or is_too_deep(data := text.encode()):
        return text
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return text


def read_messages(value: Any, *, role: str) -> list[Message]:
    """Return the messages of an attribute: a list, one message, or any other content, which `role` is taken to have."""
    value = parsed_json(value)
    if isinstance(value, dict) and isinstance(value.get("messages"), list):
        value = value["messages"]
    if value is None or value in ("", [], {}):
        return []
    if not isinstance(value, list | dict):
        value = _as_text(value)
    entries = value if isinstance(value, list) else [value]
    if all(isinstance(entry, str) for entry in entries):
        return [{"role": role, "content": entry} for entry in entries]
    if not all(_is_message(entry) for entry in entries):
        return [{"role": role, "content": value}]
    return [message for entry in entries for message in read_message(entry, role=role)]


def _is_message(entry: Any) -> bool:
    return isinstance(entry, dict) and not {"role", "content", "parts", "tool_calls"}.isdisjoint(entry)


def read_message(entry: Message, *, role: str) -> list[Message]:
    """Return one message in our form; several where it answers several tool calls at once."""
    said = entry.get("role")
    message: Message = {"role": said if isinstance(said, str) and said else role, "content": ""}
    message |= {name: entry[name] for name in _KEPT if entry.get(name)}
    if not message.get("tool_call_id") and message["role"] == "tool" and entry.get("id"):
        message["tool_call_id"] = entry["id"]
    parts = _parts(entry.get("parts", entry.get("content")))
    content: list[Any] = []
    calls = [_call(call) for call in _dicts(entry.get("tool_calls"))]
    answers: list[Message] = []
    thoughts: list[str] = []
    for part in parts:
        kind = _kind(part)
        if kind in _CALLS:
            calls.append(_call(part))
        elif kind in _RESPONSES:
            answers.append(_answer(part, message["role"]))
        elif kind in {"reasoning", "thinking"}:
            thoughts.append(str(part.get("content") or part.get("text") or part.get("thinking") or ""))
        else:
            content.append(_shown(part))
    if thoughts:
        message["reasoning"] = "\n".join(thoughts)
    if calls:
        message["tool_calls"] = calls
    message["content"] = _joined(content)
    empty = not content and not calls and not thoughts
    return answers if answers and empty else [message, *answers]


def _parts(content: Any) -> list[Message]:
    """Return content as a list of parts with types."""
    if isinstance(content, str):
        if content.startswith('[{"'):
            listed = parsed_json(content)
            if isinstance(listed, list) and all(isinstance(each, dict) and _is_part(each) for each in listed):
                return listed
        return [{"type": "text", "text": content}] if content else []
    if isinstance(content, dict):
        return [content if "type" in content else {"type": "object", "value": content}]
    if not isinstance(content, list):
        return [] if content is None else [{"type": "text", "text": _as_text(content)}]
    return [each if isinstance(each, dict) else {"type": "text", "text": _as_text(each)} for each in content]


def _kind(part: Message) -> str | None:
    """Return a part's type; of what is no part but has a `type` of its own kind, as schemas do, the empty text."""
    kind = part.get("type")
    return kind if kind is None or isinstance(kind, str) else ""


def _is_part(part: Message) -> bool:
    return isinstance(part.get("type"), str) or isinstance(part.get("text"), str)


def _shown(part: Message) -> Any:
    """Return a part as it is kept: text as `{"type": "text", "text": …}`, bytes without them, others as they came."""
    kind = _kind(part)
    if kind in _TEXTS or (kind is None and isinstance(part.get("text"), str)):
        text = part.get("text", part.get("content"))
        return {"type": "text", "text": text if isinstance(text, str) else _as_text(text)}
    if kind == "blob" and isinstance(data := part.get("content"), str):
        return {**part, "content": None, "base64_characters": len(data)}
    return part["value"] if kind == "object" and set(part) == {"type", "value"} else part


def _joined(content: list[Any]) -> Any:
    if all(isinstance(part, dict) and part.get("type") == "text" and "text" in part for part in content):
        return "\n".join(part["text"] for part in content)
    return content


def _call(call: Message) -> Message:
    function = call.get("function")
    named = function if isinstance(function, dict) else call
    found = next((named[key] for key in ("arguments", "input", "args", "server_tool_call") if key in named), None)
    name = named.get("name") or named.get("toolName")
    told = {"id": call.get("id") or call.get("toolCallId") or call.get("call_id"), "name": name}
    return {**{key: value for key, value in told.items() if value}, "arguments": parsed_json(found)}


def _answer(part: Message, role: str) -> Message:
    call = part.get("id") or part.get("tool_use_id") or part.get("toolCallId") or part.get("call_id")
    keys = ("response", "result", "output", "content", "server_tool_call_response")
    found = next((part[key] for key in keys if key in part), None)
    if isinstance(found, dict) and set(found) == {"type", "value"}:  # the Vercel AI SDK wraps results
        found = found["value"]
    content = _joined([_shown(each) for each in _parts(found)]) if isinstance(found, list) else found
    message: Message = {"role": "tool" if role != "assistant" else role, "content": "" if content is None else content}
    return {**message, "tool_call_id": call} if call else message


def _dicts(value: Any) -> Iterable[Message]:
    value = parsed_json(value)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
