"""How long to wait: `Retry-After` in all its forms, limits that headers tell, and trying again within a minute."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

if TYPE_CHECKING:
    from annotations.judges.transport import TryAgainError

ATTEMPTS = 3
LONGEST_SECONDS = 86_400.0  # whatever a provider says, it is asked again within a day
WITHIN_SECONDS = 60.0
_FIRST_WAIT = 0.5
_PARTS = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|d|h|m|s)")
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer's headers say of limits a minute, and how long nothing more will be taken."""

    rpm: int | None = None
    tpm: int | None = None
    wait: float = 0.0


def retry_after(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Return the seconds that the headers ask to wait: `retry-after-ms`, seconds (also broken ones), or a date."""
    found = _asked_to_wait(headers, now or datetime.now(UTC))
    return None if found is None else min(max(0.0, found), LONGEST_SECONDS)


def _asked_to_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    try:
        return float(headers["retry-after-ms"]) / 1000
    except (KeyError, ValueError):
        pass
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    seconds = read_duration(text)
    if seconds is not None:
        return seconds
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()


def read_duration(text: str) -> float | None:
    """Return the seconds of `12`, `1.5`, `6m0s`, `120ms`; None for anything else."""
    try:
        found = float(text)
    except ValueError:
        parts = _PARTS.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text.replace(" ", ""):
            return None
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    return found if 0 <= found < 1e7 else None


def told_limits(headers: Mapping[str, str], *, now: datetime | None = None) -> Told:
    """Return what OpenAI's or Anthropic's headers say."""
    now = now or datetime.now(UTC)
    for limit, left, reset in (
        ("x-ratelimit-limit-{}", "x-ratelimit-remaining-{}", "x-ratelimit-reset-{}"),
        ("anthropic-ratelimit-{}-limit", "anthropic-ratelimit-{}-remaining", "anthropic-ratelimit-{}-reset"),
    ):
        rpm, tpm = (_whole(headers.get(limit.format(what))) for what in ("requests", "tokens"))
        if rpm is None and tpm is None:
            continue
        waits = [
            _until(headers.get(reset.format(what), ""), now) or 0.0
            for what in ("requests", "tokens")
            if _whole(headers.get(left.format(what))) == 0
        ]
        return Told(rpm or None, tpm or None, min(max(waits, default=0.0), LONGEST_SECONDS))
    return Told()


def call_with_retries(
    make: Callable[[], _Made], *, deadline: float, on_wait: Callable[["TryAgainError", float], None]
) -> _Made:
    """Call up to three times before the deadline (of `time.monotonic`); raise the last failure.

    What asks for a longer wait than there is time is raised at once: it belongs back to its intent.
    """
    from annotations.judges.transport import TryAgainError  # noqa: PLC0415 — which reads headers with this module

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told = error.wait if isinstance(error, TryAgainError) else None
        backoff: float = _FIRST_WAIT * 2.0 ** (state.attempt_number - 1)
        return backoff if told is None else told + 0.01

    def is_worth_it(error: BaseException) -> bool:
        return isinstance(error, TryAgainError) and time.monotonic() + (error.wait or _FIRST_WAIT) < deadline

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TryAgainError):
            on_wait(error, state.upcoming_sleep)

    retrying = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait,
        retry=retry_if_exception(is_worth_it),
        before_sleep=tell,
        reraise=True,
    )
    return retrying(make)


def _until(text: str, now: datetime) -> float | None:
    seconds = read_duration(text) if text else None
    if seconds is not None or not text:
        return seconds
    try:
        return max(0.0, (datetime.fromisoformat(text.replace("Z", "+00:00")) - now).total_seconds())
    except (TypeError, ValueError):
        return None


def _whole(text: str | None) -> int | None:
    try:
        return int(float(text)) if text else None
    except (ValueError, OverflowError):
        return None
