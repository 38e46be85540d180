"""Lists that were flattened into attributes: `gen_ai.prompt.0.role`, `llm.input_messages.0.message.content`."""

from typing import Any

from sampling.ingest.otlp.messages import Message, read_message
from sampling.ingest.otlp.values import Attributes

MAX_DEPTH = 16


def read_flattened(attributes: Attributes, prefix: str, *, role: str) -> list[Message]:
    """Return the messages below a prefix such as `gen_ai.prompt.`, in the order of their numbers."""
    tree: dict[str, Any] = {}
    for name, value in attributes.items():
        # Some prefixes hold more than the list: gen_ai.prompt.name.
        if name.startswith(prefix) and name[len(prefix) :].partition(".")[0].isdecimal():
            _put(tree, name[len(prefix) :], value)
    found: list[Message] = []
    for entry in _listed(tree) if tree else []:
        if isinstance(entry, dict):
            found += read_message(_plain(entry), role=role)
    return found


def _put(tree: dict[str, Any], path: str, value: Any) -> None:
    *keys, last = path.split(".", MAX_DEPTH)
    for key in keys:
        inner = tree.setdefault(key, {})
        if not isinstance(inner, dict):
            return  # a name is both a value and a list of values; the value came first
        tree = inner
    tree.setdefault(last, value)


def _listed(tree: Any) -> Any:
    """Return objects whose keys are all numbers as lists."""
    if not isinstance(tree, dict):
        return tree
    if tree and all(key.isdecimal() for key in tree):
        return [_listed(tree[key]) for key in sorted(tree, key=int)]
    return {key: _listed(value) for key, value in tree.items()}


def _plain(entry: dict[str, Any]) -> Message:
    """Return an entry without what only OpenInference and old completions wrap around it."""
    message = entry.get("message")
    if not isinstance(message, dict):
        for name in ("prompt", "completion"):  # prompts and choices of completions
            if isinstance(inner := entry.get(name), dict):
                return {"content": inner.get("text")}
        return {**entry, "content": entry["user"]} if "user" in entry and "content" not in entry else entry
    plain = {name: message[name] for name in ("role", "content", "name", "tool_call_id") if name in message}
    if isinstance(contents := message.get("contents"), list):
        plain["content"] = [
            _part(each["message_content"])
            for each in contents
            if isinstance(each, dict) and isinstance(each.get("message_content"), dict)
        ]
    if isinstance(calls := message.get("tool_calls"), list):
        plain["tool_calls"] = [each["tool_call"] for each in calls if isinstance(each, dict) and "tool_call" in each]
    elif "function_call_name" in message:
        arguments = message.get("function_call_arguments_json")
        plain["tool_calls"] = [{"name": message["function_call_name"], "arguments": arguments}]
    return plain


def _part(content: dict[str, Any]) -> dict[str, Any]:
    if content.get("type") == "image" and isinstance(image := content.get("image"), dict):
        return {"type": "image", "url": (image.get("image") or {}).get("url")}
    return content
