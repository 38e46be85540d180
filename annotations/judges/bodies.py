"""What a stored body of a provider says: the text of the reply, tokens used, and the probabilities of its tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from annotations.models.judge_runs import ProviderKind

NO_ANSWER = "The provider's answer is not of its protocol."


@dataclass(frozen=True, slots=True)
class Body:
    """A body as read; `problem` where it is no answer of this protocol. Tokens are None where it does not tell."""

    text: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    tokens: list[Mapping[str, Any]] = field(default_factory=list)
    problem: str = ""


def read_body(kind: str, raw: str) -> Body:
    """Return what the body says; whatever it holds, this does not fail."""
    try:
        body = orjson.loads(raw)
        return _anthropic(body) if kind == ProviderKind.ANTHROPIC else _openai(body)
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError, ValueError):
        return Body("", problem=NO_ANSWER)


def _openai(body: Mapping[str, Any]) -> Body:
    usage = _usage(body)
    if body["choices"] == []:  # what a filter of the provider's leaves
        return Body("", _count(usage.get("prompt_tokens")), problem="The provider gave no reply.")
    choice = body["choices"][0]
    text = choice["message"].get("content")
    refusal = choice["message"].get("refusal")
    tokens = ((choice.get("logprobs") or {}).get("content")) or []
    return Body(
        text if isinstance(text, str) else "",
        _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")),
        tokens if isinstance(tokens, list) and all(map(_is_token, tokens)) else [],
        _cut(choice.get("finish_reason") == "length", refusal),
    )


def _anthropic(body: Mapping[str, Any]) -> Body:
    usage = _usage(body)
    used = [block["input"] for block in body["content"] if block.get("type") == "tool_use"]
    text = (
        orjson.dumps(used[0]).decode()
        if used
        else "".join(block["text"] for block in body["content"] if block.get("type") == "text")
    )
    read = [
        _count(usage.get(name)) for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    ]
    counted = [each for each in read if each is not None]
    cut = body.get("stop_reason") == "max_tokens"
    refusal = "refusal" if body.get("stop_reason") == "refusal" else None
    return Body(text, sum(counted) if counted else None, _count(usage.get("output_tokens")), [], _cut(cut, refusal))


def _usage(body: Mapping[str, Any]) -> Mapping[str, Any]:
    usage = body.get("usage")
    return usage if isinstance(usage, dict) else {}


def _is_token(value: Any) -> bool:
    """Tell whether this is a token with its log-probability and its alternatives with theirs."""
    given = [value, *(value.get("top_logprobs") or [])] if isinstance(value, dict) else [value]
    return all(
        isinstance(each, dict)
        and isinstance(each.get("token"), str)
        and isinstance(each.get("logprob"), int | float)
        and each["logprob"] < 1
        for each in given
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def _cut(cut: bool, refusal: Any) -> str:  # noqa: FBT001
    if refusal:
        return f"The model refused: {str(refusal)[:200]}"
    return "The reply was cut off: raise max_tokens." if cut else ""
