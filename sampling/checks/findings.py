"""What a check finds: that it passes, that it fails and why, or that it does not apply and why."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

PASS, FAIL, NOT_APPLICABLE = "pass", "fail", "not_applicable"


class Finding(NamedTuple):
    """The outcome, and for people the reason, which may quote the item and is never stored."""

    outcome: str
    reason: str = ""


PASSED = Finding(PASS)
# Looks at a value that is there, and at the item's other fields where it needs them.
Question: TypeAlias = Callable[[Any, Any], Finding]


def failed(reason: str) -> Finding:
    """Return a failure."""
    return Finding(FAIL, reason)


def not_applicable(reason: str) -> Finding:
    """Return that there was nothing to check."""
    return Finding(NOT_APPLICABLE, reason)


def shortened(text: str, limit: int = 60) -> str:
    """Return a text short enough for a reason."""
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
