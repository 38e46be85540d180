"""The probability with which an upstream sampler kept a span, from the threshold in its trace state.

OpenTelemetry's consistent probability sampling: a span is kept where its 56 random bits R are at least the rejection
threshold T, so it was kept with probability (2^56 - T) / 2^56. `ot=th:` holds T in hex without its trailing zeros.
"""

import re

_BITS = 56
_DIGITS = _BITS // 4
_EVERYTHING = 1 << _BITS
_HEX = re.compile(r"[0-9a-fA-F]{1,14}")
_RANDOM_HEX = re.compile(r"[0-9a-f]{14}")
_TRACE_ID_IS_RANDOM = 0x02  # W3C Trace Context level 2


def upstream_probability(trace_state: str, *, trace_id: str, flags: int) -> float | None:
    """Return the probability, in (0, 1]; None where none is told, or none that can be true.

    A threshold that the span's own random bits do not reach is not what kept it: somebody passed it on without keeping
    to it, and such a threshold says nothing.
    """
    fields = _open_telemetry_fields(trace_state)
    encoded = fields.get("th", "")
    if not _HEX.fullmatch(encoded):
        return None
    threshold = int(encoded.ljust(_DIGITS, "0"), 16)
    random = _randomness(fields, trace_id, flags)
    if random is not None and random < threshold:
        return None
    return float(_EVERYTHING - threshold) / _EVERYTHING


def _open_telemetry_fields(trace_state: str) -> dict[str, str]:
    for member in trace_state.split(","):
        key, _, value = member.strip().partition("=")
        if key == "ot":
            return {name: text for name, _, text in (part.partition(":") for part in value.split(";"))}
    return {}


def _randomness(fields: dict[str, str], trace_id: str, flags: int) -> int | None:
    explicit = fields.get("rv", "")
    if _RANDOM_HEX.fullmatch(explicit):
        return int(explicit, 16)
    return int(trace_id[-_DIGITS:], 16) if flags & _TRACE_ID_IS_RANDOM else None
