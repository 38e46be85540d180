"""Which spans are calls of a chat or completion model: those become items, the others are passed over."""

from sampling.ingest.otlp.span import Span

_OPERATIONS = frozenset({"chat", "text_completion", "generate_content", "completion"})
_REQUEST_TYPES = frozenset({"chat", "completion"})
_VERCEL_CALLS = frozenset({"doGenerate", "doStream"})
_CONTENT_EVENTS = frozenset(
    {
        "gen_ai.content.prompt",
        "gen_ai.content.completion",
        "gen_ai.user.message",
        "gen_ai.choice",
        "gen_ai.client.inference.operation.details",
    }
)
_CONTENT = frozenset(
    {"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.prompt", "gen_ai.completion"}
    | {f"gen_ai.{part}.0.{field}" for part in ("prompt", "completion") for field in ("content", "role")}
    | {f"llm.{part}_messages.0.message.role" for part in ("input", "output")}
)


def is_chat(span: Span) -> bool:
    """Tell whether a span is the call of a chat or completion model.

    The kind of a span has a name in each convention; the first that is there decides. Spans from before there were
    such names are known by the content that they carry.
    """
    attributes = span.attributes
    if operation := attributes.get("gen_ai.operation.name"):
        return str(operation) in _OPERATIONS
    if kind := attributes.get("openinference.span.kind"):
        return str(kind) == "LLM"
    if request := attributes.get("llm.request.type"):
        return str(request) in _REQUEST_TYPES
    if call := attributes.get("ai.operationId"):
        return str(call).rpartition(".")[2] in _VERCEL_CALLS
    return not _CONTENT.isdisjoint(attributes) or any(event.name in _CONTENT_EVENTS for event in span.events)
