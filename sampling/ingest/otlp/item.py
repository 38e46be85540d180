"""A chat span as the item that it becomes: the contract's fields, what is left as metadata, tool calls as steps."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from reviewapp.http.lines import LineProblem
from sampling.ingest.fields import MAX_AMOUNT, MAX_COUNT
from sampling.ingest.otlp import names
from sampling.ingest.otlp.content import Exchange, find_exchange
from sampling.ingest.otlp.messages import Message, parsed_json
from sampling.ingest.otlp.span import Span
from sampling.ingest.otlp.tracestate import upstream_probability
from sampling.ingest.otlp.values import Attributes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253_402_300_799 * 10**9  # the end of the year 9999
_UNNAMED = "unknown_service"  # what SDKs call a service that nobody named
_MAX_NAME = 1000
_NO_MESSAGES = LineProblem(
    "no_messages",
    "The span tells nothing of what was asked. Have your instrumentation capture message content (OpenTelemetry: "
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT).",
)


def item_of(span: Span, resource: Attributes) -> dict[str, Any] | LineProblem:
    """Return the item of a chat span as it would be sent to the items API, or why there is none."""
    exchange = find_exchange(span)
    if not exchange.asked:
        return _NO_MESSAGES
    attributes = span.attributes
    fields: dict[str, Any] = {
        "external_id": f"{span.trace_id}-{span.span_id}",
        "input": exchange.asked,
        "output": _output(exchange.answered),
        "occurred_at": _time(span.start),
        "system": _system(resource),
        "system_version": _text(resource.get(names.SYSTEM_VERSION)),
        "model": _first_text(attributes, names.MODEL),
        "prompt_version": _first_text(attributes, names.PROMPT_VERSION),
        "latency_ms": (span.end - span.start) / 1e6 if 0 < span.start <= span.end else None,
        "input_tokens": _count(attributes, names.INPUT_TOKENS),
        "output_tokens": _count(attributes, names.OUTPUT_TOKENS),
        "cost_usd": _amount(attributes, names.COST),
        "user_ref": _first_text(attributes, names.USER),
        "session_ref": _first_text(attributes, names.SESSION),
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "sampling_probability": upstream_probability(span.trace_state, trace_id=span.trace_id, flags=span.flags),
        "steps": _steps(exchange),
        "metadata": _metadata(span, resource),
    }
    return {name: value for name, value in fields.items() if value is not None or name == "output"}


def _output(answered: list[Message]) -> Any:
    """Return an answer of one message as its content, so that it can be marked and corrected as a text."""
    if len(answered) != 1:
        return answered or None
    (message,) = answered
    if not isinstance(message["content"], str | dict) or message.keys() - {"role", "content", "reasoning"}:
        return answered
    return message["content"]


def _steps(exchange: Exchange) -> list[dict[str, Any]] | None:
    """Return the reasoning before the answer, and the tools that were called since the user last spoke."""
    users = [at for at, message in enumerate(exchange.asked) if message["role"] == "user"]
    since = exchange.asked[users[-1] + 1 :] if users else []
    # Ids are whatever somebody's JSON holds.
    answers = {str(message["tool_call_id"]): message["content"] for message in since if "tool_call_id" in message}
    steps = [
        {"name": _name(call), "kind": "tool", "input": call["arguments"], "output": answers.get(str(call.get("id")))}
        for message in since
        for call in message.get("tool_calls", ())
    ]
    thoughts = [message["reasoning"] for message in exchange.answered if "reasoning" in message]
    steps += [{"name": "reasoning", "kind": "model", "output": thought} for thought in thoughts]
    return steps or None


def _name(call: Message) -> str:
    return str(call.get("name") or "tool")[:_MAX_NAME]


def _metadata(span: Span, resource: Attributes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in span.attributes.items():
        if name in names.CONSUMED or name.startswith(names.CONSUMED_BELOW) or value is None:
            continue
        found[_own_name(name) if name.startswith(names.OWN) else name] = value
    if provider := _first_text(span.attributes, names.PROVIDER):
        found["gen_ai.provider.name"] = provider
    if environment := _first_text(resource, names.ENVIRONMENT):
        found[names.ENVIRONMENT[0]] = environment
    if span.failed:
        found["error"] = _error(span)
    sent = parsed_json(span.attributes.get("metadata"))
    return {**found, **sent} if isinstance(sent, dict) else found


def _own_name(name: str) -> str:
    return next(name[len(prefix) :] for prefix in names.OWN if name.startswith(prefix))


def _error(span: Span) -> dict[str, str]:
    happened = next((event.attributes for event in span.events if event.name == "exception"), {})
    kind = _text(span.attributes.get("error.type")) or _text(happened.get("exception.type")) or "error"
    message = span.status_message or _text(happened.get("exception.message"))
    return {"type": kind, "message": message} if message else {"type": kind}


def _system(resource: Attributes) -> str | None:
    name = _text(resource.get(names.SYSTEM))
    return None if name is None or name.startswith(_UNNAMED) else name


def _time(nanoseconds: int) -> str | None:
    if not 0 < nanoseconds <= _LATEST:
        return None
    return (_EPOCH + timedelta(microseconds=nanoseconds // 1000)).isoformat()


def _text(value: Any) -> str | None:
    """Return a text that says something; numbers as they are written, as ids often are."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def _first_text(attributes: Attributes, keys: Sequence[str]) -> str | None:
    return next((text for key in keys if (text := _text(attributes.get(key)))), None)


def _count(attributes: Attributes, keys: Sequence[str]) -> int | None:
    number = _amount(attributes, keys, most=MAX_COUNT)
    return None if number is None else round(number)


def _amount(attributes: Attributes, keys: Sequence[str], *, most: float = MAX_AMOUNT) -> float | None:
    """Return the first number that an item may have there, also where it was sent as text."""
    for key in keys:
        value = attributes.get(key)
        if value is None or isinstance(value, bool):
            continue
        try:
            number = float(value)
        except (TypeError, ValueError):
            continue
        if 0 <= number <= most:
            return number
    return None
