"""Speaking to providers: one way out for OpenAI-compatible chat completions and for Anthropic Messages.

A call ends in the stored body of an answer, or in one of three failures: worth trying again (with how long to wait),
of no use for this item, or of no use at all until a person acts.
"""

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from annotations.judges.bodies import NO_ANSWER, read_body
from annotations.judges.prompt import Message
from annotations.judges.simulated import simulate
from annotations.judges.waiting import retry_after
from annotations.models.judge_runs import ProviderKind
from reviewapp.http.outgoing import Answer, Outgoing, OutgoingFailedError, OutgoingRefusedError

MAX_ANSWER_BYTES = 1024 * 1024
ANTHROPIC_VERSION = "2023-06-01"
_TOOL = "verdict"
_TRY_AGAIN = frozenset({408, 409, 425, 429})
# Not "billing" alone: who asks too fast without having paid yet is told where to pay, too.
_NO_CREDIT = (
    "insufficient_quota",
    "credit balance",
    "billing_not_active",
    "billing_hard_limit",
    "exceeded your current quota",
)
_NO_MODEL = ("model_not_found", "does not exist", "not_found_error", "unknown model", "model not found")
# Schemas and tools are counted among what is too long; and what no minute has room for is told as a rate (429).
_TOO_LONG = ("context_length_exceeded", "maximum context length", "prompt is too long", "request too large")
# Reasoning models refuse parameters that all others take, and name them.
_NO_PARAMETER = re.compile(r"unsupported (?:parameter|value): ['\"`]?([a-z_]+)", re.IGNORECASE)
_MAX_TOKENS = "max_tokens"
_NO_STRUCTURE = ("response_format", "json_schema", "tool_choice", "tools", "structured output", "logprobs")


@dataclass(frozen=True, slots=True)
class Target:
    """One model of one provider, as a worker needs it; the key is never shown or logged."""

    provider: str
    kind: str
    base_url: str
    model: str
    key: str | None = field(repr=False)
    input_usd: float  # for a million tokens
    output_usd: float
    rpm: int | None
    tpm: int | None

    def cost_nusd(self, input_tokens: float, output_tokens: float) -> int:
        """Return what so many tokens cost, in billionths of a dollar, rounded up."""
        return math.ceil((input_tokens * self.input_usd + output_tokens * self.output_usd) * 1000 - 1e-6)


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a target. `schema` None asks for plain text; `loose` for an object, the schema beside it.

    `without` names what this model does not take.
    """

    messages: Sequence[Message]
    params: Mapping[str, Any]
    schema: Mapping[str, Any] | None
    max_tokens: int
    logprobs: bool = False
    loose: bool = False
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: the body as it was sent, and what its headers say of limits."""

    body: str
    headers: Mapping[str, str]
    latency_ms: float


class ProviderError(Exception):
    """A call came to nothing. `sent`: the provider may have answered, and may charge for it, all the same."""

    def __init__(self, message: str, *, sent: bool = False, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.sent = sent
        self.headers = headers or {}


class TryAgainError(ProviderError):
    """Worth trying again, after `wait` seconds where the provider said so. `busy`: it was the rate, not the call."""

    def __init__(self, message: str, *, wait: float | None, busy: bool, sent: bool, headers: Any = None) -> None:
        super().__init__(message, sent=sent, headers=headers)
        self.wait = wait
        self.busy = busy


class NotThisItemError(ProviderError):
    """The provider does not take this request, and would not at another time."""


class NoStructureError(ProviderError):
    """The provider does not offer structured output, or not with this model."""


class NoParameterError(ProviderError):
    """The model does not take a parameter of that name, or not with that value."""

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


class TerminalError(ProviderError):
    """No request will do until a person acts: a bad key, no credit, an unknown model, a forbidden address."""


def send(outgoing: Outgoing, target: Target, ask: Ask, *, timeout_seconds: float) -> Answered:
    """Make one request, and return its answer or raise a ProviderError."""
    began, body = time.monotonic(), _body(target, ask)
    if target.kind == ProviderKind.SIMULATED:
        return _simulated(target, ask, timeout_seconds)
    try:
        answer = outgoing.send(
            "POST",
            target.base_url.rstrip("/")
            + ("/v1/messages" if target.kind == ProviderKind.ANTHROPIC else "/chat/completions"),
            headers=_headers(target),
            content=orjson.dumps(body),
            timeout_seconds=timeout_seconds,
        )
    except OutgoingRefusedError as refused:
        raise TerminalError(refused.message) from None
    except OutgoingFailedError as failed:
        raise TryAgainError(failed.message, wait=None, busy=False, sent=failed.sent) from None
    if answer.status != 200:
        refusal = _refusal(target, answer)
        if isinstance(refusal, NoParameterError) and refusal.name not in body:
            raise NotThisItemError(refusal.message)
        raise refusal
    text = answer.body.decode("utf-8", "replace")
    if read_body(target.kind, text).problem == NO_ANSWER:  # an outage told with a 200, a proxy's page: no verdict
        message = f"{target.provider} answered 200, but not in its protocol: {_error_text(answer)}"
        raise TryAgainError(message, wait=None, busy=False, sent=True, headers=answer.headers)
    return Answered(text, answer.headers, (time.monotonic() - began) * 1000)


def _simulated(target: Target, ask: Ask, timeout_seconds: float) -> Answered:
    found = simulate(target.model, ask.messages, ask.schema)
    time.sleep(min(found.seconds, timeout_seconds))
    if found.seconds > timeout_seconds:
        message = f"{target.provider} did not answer within {timeout_seconds:g} s."
        raise TryAgainError(message, wait=None, busy=False, sent=True)
    if found.status != 200:
        raise _refusal(target, Answer(found.status, found.headers, found.body.encode()))
    return Answered(found.body, {}, found.seconds * 1000)


def _headers(target: Target) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if target.kind == ProviderKind.ANTHROPIC:
        headers["anthropic-version"] = ANTHROPIC_VERSION
        if target.key:
            headers["x-api-key"] = target.key
    elif target.key:
        headers["Authorization"] = f"Bearer {target.key}"
    return headers


def _body(target: Target, ask: Ask) -> dict[str, Any]:
    turns = [message._asdict() for message in ask.messages]
    if target.kind == ProviderKind.ANTHROPIC:
        body: dict[str, Any] = {
            "model": target.model,
            "max_tokens": ask.max_tokens,
            "system": "\n\n".join(turn["content"] for turn in turns if turn["role"] == "system"),
            "messages": [turn for turn in turns if turn["role"] != "system"],
        }
        if ask.schema is not None:
            body["tools"] = [{"name": _TOOL, "description": "Give the verdict.", "input_schema": ask.schema}]
            body["tool_choice"] = {"type": "tool", "name": _TOOL}
        return _taken(ask, body)
    limit = "max_completion_tokens" if _MAX_TOKENS in ask.without else _MAX_TOKENS
    body = {"model": target.model, "messages": turns, limit: ask.max_tokens}
    if ask.schema is not None:
        described = {"name": _TOOL, "strict": True, "schema": ask.schema}
        strict = {"type": "json_schema", "json_schema": described}
        body["response_format"] = {"type": "json_object", "schema": ask.schema} if ask.loose else strict
    if ask.logprobs:
        body |= {"logprobs": True, "top_logprobs": 10}
    return _taken(ask, body)


def _taken(ask: Ask, body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**ask.params, **body}.items() if name not in ask.without}


def _refusal(target: Target, answer: Answer) -> ProviderError:
    said = _error_text(answer)
    low = said.lower()
    message = f"{target.provider} answered {answer.status}: {said}"
    if answer.status in {401, 403}:
        return TerminalError(f"{message} Check the provider's key.")
    if answer.status == 402 or (answer.status in {400, 403, 429} and any(word in low for word in _NO_CREDIT)):
        return TerminalError(f"{message} The provider's account has no credit.")
    if answer.status == 404 or (answer.status == 400 and any(word in low for word in _NO_MODEL)):
        return TerminalError(f"{message} Check the model ({target.model}) and the address.")
    if answer.status in {400, 413, 422, 429} and any(word in low for word in _TOO_LONG):
        return NotThisItemError(message)
    if answer.status in {400, 422} and (named := _NO_PARAMETER.search(said)) and named[1] not in _NO_STRUCTURE:
        return NoParameterError(message, named[1])
    if answer.status in {400, 422, 500, 501} and any(word in low for word in _NO_STRUCTURE):
        return NoStructureError(message)  # some servers answer 500 to what they do not know
    if answer.status in _TRY_AGAIN or answer.status >= 500:
        busy = answer.status in {429, 529}
        sent = answer.status in {408, 504}
        return TryAgainError(message, wait=retry_after(answer.headers), busy=busy, sent=sent, headers=answer.headers)
    if 300 <= answer.status < 400:
        return TerminalError(f"{message} Redirects are not followed: check the address.")
    return NotThisItemError(message)


def _error_text(answer: Answer) -> str:
    return _words_of(answer).replace("\x00", "")


def _words_of(answer: Answer) -> str:
    text = answer.body[:4000].decode("utf-8", "replace")
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return text[:300]
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        words = [str(error[name]) for name in ("code", "type", "message", "detail") if error.get(name)]
        return ": ".join(dict.fromkeys(words))[:500] or text[:300]
    return str(error)[:300]
