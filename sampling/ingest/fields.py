"""What an item looks like as it is sent in: the contract's fields, and nothing else."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from sampling.times import read_time

MAX_EXTERNAL_ID = 512
MAX_REF = 1000
MAX_STEPS = 1000
# Beyond these a number is a mistake: the sum of all items' tokens, and the square of a cost, have to be numbers too.
MAX_COUNT = 10**12
MAX_AMOUNT = 1e15
MIN_PROBABILITY = 2.0**-60  # OpenTelemetry's smallest is 2⁻⁵⁶


def _content(value: Any) -> Any:
    """Accept text, an object, or messages."""
    if isinstance(value, list):
        if not value:
            raise PydanticCustomError("messages", "Messages must not be an empty list.")
        for index, message in enumerate(value):
            if not isinstance(message, dict) or not isinstance(message.get("role"), str) or "content" not in message:
                raise PydanticCustomError("message", 'Expected an object with "role" and "content".', {"below": index})
    elif not isinstance(value, str | dict):
        raise PydanticCustomError("content", "Expected text, an object, or a list of messages.")
    return value


def _context(value: Any) -> Any:
    if not isinstance(value, str | dict | list):
        raise PydanticCustomError("content", "Expected text, an object, or a list.")
    return value


def _feedback(value: Any) -> int:
    if type(value) is not int or value not in {-1, 0, 1}:
        raise PydanticCustomError("feedback", "Expected -1, 0 or 1.")
    return value


Content = Annotated[Any, AfterValidator(_content)]
Context = Annotated[Any, AfterValidator(_context)]
Time = Annotated[datetime, BeforeValidator(read_time)]
Feedback = Annotated[int, BeforeValidator(_feedback)]
Ref = Annotated[str, StringConstraints(max_length=MAX_REF)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, le=MAX_AMOUNT, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]

_STRICT = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Step(BaseModel):
    """One thing the system did on the way: a tool, a retrieval, a model call."""

    model_config = _STRICT

    name: Annotated[str, StringConstraints(min_length=1, max_length=MAX_REF)]
    kind: Literal["tool", "retrieval", "model", "other"]
    input: Any = None
    output: Any = None
    latency_ms: Amount | None = None
    error: str | dict[str, Any] | None = None


class ItemIn(BaseModel):
    """One production input with the AI's output. A field that is null counts as absent."""

    model_config = _STRICT

    external_id: Annotated[str, StringConstraints(min_length=1, max_length=MAX_EXTERNAL_ID)]
    input: Content
    output: Content | None
    context: Context | None = None
    occurred_at: Time | None = None
    system: Ref | None = None
    system_version: Ref | None = None
    model: Ref | None = None
    prompt_version: Ref | None = None
    decision: Any = None
    confidence: Number | None = None
    latency_ms: Amount | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cost_usd: Amount | None = None
    user_ref: Ref | None = None
    session_ref: Ref | None = None
    trace_id: Ref | None = None
    span_id: Ref | None = None
    feedback: Feedback | None = None
    sampling_probability: Annotated[float, Field(ge=MIN_PROBABILITY, le=1)] | None = None
    steps: Annotated[list[Step], Field(max_length=MAX_STEPS)] | None = None
    metadata: dict[str, Any] | None = None
