"""Guessing what the columns of somebody else's file are: by their names, each field once."""

import re
from collections.abc import Sequence

from sampling.ingest.cells import METADATA
from sampling.ingest.columns import is_field
from sampling.ingest.csv_file import PROBLEM_COLUMNS

LEAVE_OUT = ""

# Best guesses first. A column whose name is a field's is that field, whatever else is here.
_NAMES: dict[str, tuple[str, ...]] = {
    "external_id": (
        *("id", "item_id", "request_id", "message_id", "record_id", "row_id", "uuid", "guid", "key", "example_id"),
        *("trace_id", "index"),
    ),
    "input": (
        *("prompt", "question", "query", "instruction", "user_message", "user_input", "request", "user_query"),
        *("messages", "conversation", "text", "user", "source"),
    ),
    "output": (
        *("response", "answer", "completion", "reply", "generation", "assistant_message", "model_output"),
        *("generated_text", "prediction", "chatgpt_response", "assistant", "result", "summary", "target"),
    ),
    "context": ("contexts", "documents", "passages", "retrieved", "retrieved_contexts", "sources", "knowledge"),
    "occurred_at": ("timestamp", "created_at", "time", "date", "datetime", "created", "start_time"),
    "system": ("app", "application", "service", "assistant_name"),
    "system_version": ("version", "app_version", "release"),
    "model": ("model_name", "model_id", "llm", "engine"),
    "prompt_version": ("prompt_id", "prompt_name", "template_version"),
    "latency_ms": ("latency", "duration_ms", "response_time_ms"),
    "input_tokens": ("prompt_tokens", "tokens_in"),
    "output_tokens": ("completion_tokens", "tokens_out"),
    "cost_usd": ("cost", "price_usd", "total_cost"),
    "user_ref": ("user_id", "customer_id", "account_id"),
    "session_ref": ("session_id", "conversation_id", "thread_id", "chat_id"),
    "feedback": ("user_feedback", "thumb", "thumbs"),
    "confidence": ("confidence_score", "probability"),
    "steps": ("tool_calls", "trace"),
}


def guess_fields(columns: Sequence[str]) -> dict[str, str]:
    """Return for each column the field that it seems to be, or a key of the metadata of its name."""
    guesses = {column: column for column in columns if is_field(column)}
    simple = {_simple(column): column for column in reversed(columns)}
    for field, names in _NAMES.items():
        if field in guesses.values():
            continue
        found = next((simple[name] for name in (field, *names) if name in simple and simple[name] not in guesses), None)
        if found is not None:
            guesses[found] = field
    return {column: guesses.get(column, _left(column)) for column in columns}


def _left(column: str) -> str:
    return LEAVE_OUT if column in PROBLEM_COLUMNS else f"{METADATA}{column}"


def _simple(column: str) -> str:
    """Return a name as the table has it: `Request ID` and `requestId` are `request_id`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column.strip())
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")
