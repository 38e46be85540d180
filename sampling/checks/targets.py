"""What a check looks at: a field of the item, or a place inside of one.

output                the AI's answer; of messages, the last one's content
output.refund.amount  inside of it, also where the answer is a text that is JSON; numbers count into lists
output#/0/content     the same by JSON Pointer, into the field exactly as it was sent
metadata.tier  latency_ms  steps.0.output
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import orjson

from reviewapp.http.lines import is_too_deep
from sampling.plans.filters_facts import FIELDS, JSON_FIELDS, MAX_NAME, Kind

Facts: TypeAlias = Mapping[str, Any]
ROOTS = (*JSON_FIELDS, "steps", *(name for name, kind in FIELDS.items() if kind is not Kind.TIME))

_KEYS = re.compile(r"(?:[^.\\]|\\.)+", re.DOTALL)
_PATH = re.compile(r"(?:[^.\\]|\\.)+(?:\.(?:[^.\\]|\\.)+)*", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_POINTER = re.compile(r"(?:/(?:[^/~]|~[01])*)*", re.DOTALL)
_FENCE = re.compile(r"\s*```[a-zA-Z]*[ \t]*\r?\n")


class Target(NamedTuple):
    """A place in an item. `exact` takes the field as it was sent, by JSON Pointer."""

    name: str
    root: str
    keys: tuple[str, ...]
    exact: bool


def find_target(name: str) -> Target | None:
    """Return the target of that name, or None where there can be none."""
    if len(name) > MAX_NAME or "\0" in name:
        return None
    root, hash_mark, pointer = name.partition("#")
    if hash_mark:
        if root not in JSON_FIELDS and root != "steps":
            return None
        if not _POINTER.fullmatch(pointer):
            return None
        keys = tuple(key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:])
        return Target(name, root, keys, exact=True)
    root, dot, path = name.partition(".")
    if root not in ROOTS or (dot and (root in FIELDS or not _PATH.fullmatch(path))):
        return None
    return Target(name, root, tuple(_ESCAPED.sub(r"\1", key) for key in _KEYS.findall(path)), exact=False)


def target_reader(target: Target) -> Callable[[Facts], Any]:
    """Return the function that finds the target in an item's fields; None where it is missing."""
    root, keys = target.root, target.keys
    if target.exact:
        return lambda facts: _walk(_plain(root, facts.get(root)), keys)
    if root == "output":
        if not keys:
            return lambda facts: _answer(facts.get("output"))
        return lambda facts: _walk(_opened(_answer(facts.get("output"))), keys)
    if not keys:
        return lambda facts: _plain(root, facts.get(root))
    return lambda facts: _walk(_opened(_plain(root, facts.get(root))), keys)


def read_json(text: str, *, fences: bool) -> Any:
    """Return the value of a JSON text, or raise ValueError saying what is wrong with it.

    With `fences` the text may stand in a Markdown code fence, as models like to write it.
    """
    if fences and (opened := _FENCE.match(text)):
        # No pattern for the whole: models stuck in blanks write a hundred thousand, and it would try each as the end.
        inside = text[opened.end() :].rstrip()
        text = inside[:-3] if inside.endswith("```") else text
    data = text.encode("utf-8", "surrogatepass")
    if is_too_deep(data):
        raise ValueError("nested too deep")
    return orjson.loads(data)


def text_of(value: Any) -> str:
    """Return the text that a check of texts reads: text as it is, messages and text parts a line each, else JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(map(_is_part, value)):
        return "\n".join(text_of(part["content" if "content" in part else "text"]) for part in value)
    return "" if value is None else orjson.dumps(value, default=str).decode()


def is_messages(value: Any) -> bool:
    """Tell whether a value is a list of messages, `[{"role": …, "content": …}]`."""
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) and "role" in each for each in value)


def _is_part(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return ("role" in value and "content" in value) or ("text" in value and value.get("type") == "text")


def _answer(output: Any) -> Any:
    """Return what the AI said: the content of the last message, as text where it is made of text parts."""
    if not is_messages(output):
        return output
    content = output[-1].get("content")
    return text_of(content) if isinstance(content, list) and content and all(map(_is_part, content)) else content


def _plain(root: str, value: Any) -> Any:
    if root == "steps" and value:
        return [step if isinstance(step, dict) else step.model_dump(exclude_none=True) for step in value]
    return value


def _opened(value: Any) -> Any:
    """Return what a text that is JSON stands for."""
    if not isinstance(value, str):
        return value
    try:
        return read_json(value, fences=True)
    except ValueError:
        return None


def _walk(value: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and key.isascii() and len(key) < 10 and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value
