"""The turns of a conversation: who speaks, what is said, and which tools are called and answer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from sampling.items.show.tree import parse_json

ROLES = {
    "user": "User", "human": "User", "assistant": "Assistant", "ai": "Assistant", "model": "Assistant",
    "system": "System", "developer": "Developer", "tool": "Tool", "function": "Tool",
}  # fmt: skip
_STYLES = {"User": "user", "Assistant": "assistant", "System": "system", "Developer": "system", "Tool": "tool"}
_SAID_AS = ("text", "content", "thinking", "reasoning", "summary", "refusal")
_TEXTS = frozenset({"text", "input_text", "output_text", "refusal"})
_THOUGHTS = frozenset({"thinking", "reasoning", "redacted_thinking"})
_CALLS = frozenset({"tool_use", "tool_call", "function_call", "server_tool_use"})
_RESULTS = frozenset({"tool_result", "tool_call_response", "function_call_output"})
_PICTURES = frozenset({"image", "image_url", "input_image", "audio", "input_audio", "file", "video", "document"})
NOTHING = SafeString()


@dataclass(frozen=True, slots=True)
class Block:
    """Something said in a turn. `kind` is said, call, result, thought or media; a title says what it is."""

    kind: str
    body: SafeString
    title: SafeString = NOTHING


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: whose it is, and what it holds."""

    who: SafeString
    style: str
    blocks: tuple[Block, ...]


Show = Callable[[Any], SafeString]
Name = Callable[[str], SafeString]


def read_turns(messages: list[dict[str, Any]], show: Show, name: Name) -> Iterator[Turn]:
    """Yield the turns of a conversation; `show` makes a value readable, `name` a short text."""
    tools: dict[str, str] = {}
    for message in messages:
        role = message["role"]
        who = ROLES.get(role.lower(), role)
        blocks = tuple(_blocks(message, show, name, tools))
        speaker = message.get("name") or tools.get(str(message.get("tool_call_id")), "")
        title = f"{who} · {speaker}" if isinstance(speaker, str) and speaker else who
        yield Turn(name(title), _STYLES.get(who, "other"), blocks)


def _blocks(message: dict[str, Any], show: Show, name: Name, tools: dict[str, str]) -> Iterator[Block]:
    content = message["content"]
    parts = content if isinstance(content, list) and all(isinstance(part, dict) for part in content) else None
    rest = {key: value for key, value in message.items() if key not in {"role", "content", "name", "tool_call_id"}}
    if parts:
        for part in parts:
            yield _part(part, show, name, tools)
    elif content not in (None, ""):
        said = content if message["role"] not in {"tool", "function"} else _parsed(content)
        yield Block("said", show(said))
    calls = rest.pop("tool_calls", None)
    for call in calls if isinstance(calls, list) else []:
        yield _call(call, show, name, tools)
    if isinstance(rest.get("function_call"), dict):
        yield _call(rest.pop("function_call"), show, name, tools)
    rest = {key: value for key, value in rest.items() if value not in (None, [], {}, "")}
    if rest:
        yield Block("more", show(rest), name("Further fields"))


def _part(part: dict[str, Any], show: Show, name: Name, tools: dict[str, str]) -> Block:
    kind = part.get("type")
    said = next((part[key] for key in _SAID_AS if isinstance(part.get(key), str)), None)
    if kind in _TEXTS and said is not None:
        return Block("said", show(said))
    if kind in _THOUGHTS and said is not None:
        return Block("thought", show(said), name("Thinking"))
    if kind in _CALLS:
        return _call(part, show, name, tools)
    if kind in _RESULTS:
        known = tools.get(str(part.get("tool_use_id") or part.get("id") or part.get("call_id")), "a tool")
        result = next((part[key] for key in ("content", "response", "result", "output") if key in part), None)
        failed = " failed" if part.get("is_error") else ""
        return Block("result", show(_parsed(result)), name(f"{known}{failed}"))
    if kind in _PICTURES:
        return Block("media", show(part), name(f"{str(kind).replace('_', ' ').capitalize()}, not shown"))
    return Block("said", show(part))


def _call(call: Any, show: Show, name: Name, tools: dict[str, str]) -> Block:
    fields = call if isinstance(call, dict) else {"arguments": call}
    inner = fields["function"] if isinstance(fields.get("function"), dict) else fields
    called = str(inner.get("name") or "a tool")
    if identity := fields.get("id") or fields.get("call_id"):
        tools[str(identity)] = called
    given = next((inner[key] for key in ("arguments", "input", "parameters", "args") if key in inner), None)
    return Block("call", show(_parsed(given)) if given not in (None, "", {}) else NOTHING, name(called))


def _parsed(value: Any) -> Any:
    """Return what a text is the JSON of: tools take and give JSON as text."""
    return (parse_json(value) or value) if isinstance(value, str) else value
