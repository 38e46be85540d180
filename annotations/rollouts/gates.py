"""What a gate says: pass, fail, or that the evidence does not suffice; and nothing passes for want of evidence."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from annotations.rollouts.spec import Gate

State = Literal["pass", "fail", "not_enough_data"]


class Measured(NamedTuple):
    """A figure with its interval, how many units it rests on, and why there is none."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str = ""

    @classmethod
    def nothing(cls, reason: str, n: int = 0) -> "Measured":
        """Return that there is no figure, and why."""
        return cls(None, None, None, n, reason)


@dataclass(frozen=True, slots=True)
class GateResult:
    """A gate beside what was measured."""

    gate: Gate
    stage: str
    state: State
    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return the result as the API and a bundle carry it."""
        return {
            "name": self.gate.name,
            "stage": self.stage,
            "metric": self.gate.metric,
            "condition": self.gate.sentence,
            "state": self.state,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "n": self.n,
            "reason": self.reason,
            "spec": self.gate.model_dump(exclude_none=True),
        }


def decide(gate: Gate, measured: Measured) -> tuple[State, str]:
    """Return the state of a gate that was measured, and why."""
    if measured.value is None:
        return "not_enough_data", measured.reason or "There is no figure yet."
    if measured.n < gate.min_n:
        return "not_enough_data", f"It rests on {measured.n}, and {gate.min_n} are asked for."
    deciding = {"low": measured.low, "high": measured.high, "value": measured.value}[gate.decides]
    if deciding is None:
        return "not_enough_data", measured.reason or "The figure has no interval yet."
    if gate.at_least is not None:
        holds, words = deciding >= gate.at_least, f"at least {gate.at_least:g}"
    else:
        holds, words = deciding <= (gate.at_most or 0.0), f"at most {gate.at_most or 0.0:g}"
    said = f"{_END[gate.decides]} is {deciding:.4g}; {words} was asked for."
    return ("pass" if holds else "fail"), f"{said} {measured.reason}".strip()


_END = {"low": "The lower limit", "high": "The upper limit", "value": "The value"}


def result_of(gate: Gate, stage: str, measured: Measured) -> GateResult:
    """Return the result of a gate with one figure."""
    state, reason = decide(gate, measured)
    return GateResult(gate, stage, state, measured.value, measured.low, measured.high, measured.n, reason)


def result_of_segments(gate: Gate, stage: str, segments: list[tuple[str, Measured]]) -> GateResult:
    """Return the result of a gate that every segment must pass: that of the segment which decides.

    One that fails decides; then one without enough data; then the one that is closest to the limit.
    """
    if not segments:
        nothing = Measured.nothing(f"No item says what its {gate.every_segment_of} is.")
        return result_of(gate, stage, nothing)
    results = [(name, result_of(gate, stage, measured)) for name, measured in segments]
    order = {"fail": 0, "not_enough_data": 1, "pass": 2}

    def place(each: tuple[str, GateResult]) -> tuple[int, float]:
        result = each[1]
        end = {"low": result.low, "high": result.high, "value": result.value}[gate.decides]
        close = 0.0 if end is None else end if gate.at_least is not None else -end
        return order[result.state], close

    name, worst = min(results, key=place)
    reason = f"{gate.every_segment_of} {name}: {worst.reason}"
    return GateResult(gate, stage, worst.state, worst.value, worst.low, worst.high, worst.n, reason)
