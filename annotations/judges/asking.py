"""Asking a model outside of a run, at once: for a trial, an attack, an output of an evaluation."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from annotations.judges.prompt import Message
from annotations.judges.reply import can_be_structured, reply_schema
from annotations.judges.targets import Asked
from annotations.judges.transport import Answered, NoParameterError, NoStructureError, TryAgainError, send
from annotations.judges.versions import Spec
from annotations.judges.waiting import call_with_retries
from reviewapp.http.outgoing import Outgoing


def schema_of(spec: Spec) -> Mapping[str, Any] | None:
    """Return the schema of a version's replies, None where none is asked for or none would do."""
    wanted = spec.params.structured == "auto" and can_be_structured(spec.questions)
    return reply_schema(spec.questions) if wanted else None


def ask_at_once(
    outgoing: Outgoing, asked: Asked, spec: Spec, messages: Sequence[Message], *, deadline: float
) -> Answered:
    """Ask until there is an answer or the deadline (of `time.monotonic`) is near, with less structure where it must be.

    Raises ProviderError. Nothing is learnt for others, so that threads may call it.
    """
    schema = schema_of(spec)

    def once() -> Answered:
        left = min(spec.params.timeout_seconds, max(1.0, deadline - time.monotonic()))
        return send(outgoing, asked.there, asked.ask(messages, spec.params, schema), timeout_seconds=left)

    while True:
        manner = asked.manner
        try:
            return call_with_retries(once, deadline=deadline, on_wait=_quietly)
        except (NoStructureError, NoParameterError) as refused:
            # Another thread may have come to know meanwhile.
            if asked.manner == manner and not asked.adapt(refused):
                raise


def _quietly(error: TryAgainError, seconds: float) -> None: ...
