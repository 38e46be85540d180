"""Marking outputs: each is compared with its row once, and asked the project's checks; what is found stays with it."""

from collections.abc import Mapping, Sequence
from typing import Any

from annotations.datasets.read import FrozenRow
from annotations.evaluations.match import MatchRule, answer_of, mark_output
from annotations.evaluations.scoring import Output, Row
from annotations.shadow.rules import plain
from reviewapp.audit.record import digest
from sampling.checks.compile import CompiledChecks

LONGEST_VALUE, MOST_FACTS, LONGEST_CLASS = 60, 12, 200


def base_marks(row: FrozenRow) -> dict[str, Any]:
    """Return what is kept of a row beside any output: its class, weight and group, the values it is sliced by."""
    expected, metadata = row.fields["expected"], row.fields["metadata"] or {}
    values = {
        f"metadata.{name}": str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in metadata.items()
        if isinstance(value, str | bool | int) and 0 < len(str(value)) <= LONGEST_VALUE
    }
    sliced = dict(list(values.items())[:MOST_FACTS])
    if row.fields["split"]:
        sliced["split"] = row.fields["split"]
    sliced["origin"] = row.origin
    marks: dict[str, Any] = {"slices": sliced}
    if expected is not None:
        marks["expected"] = plain(expected)[:LONGEST_CLASS]
    if row.fields["weight"] is not None:
        marks["weight"] = row.fields["weight"]
    if (group := row.provenance.get("group")) is not None:
        marks["group"] = digest(group)[:16]
    return marks


def answer_marks(row: FrozenRow, output: Any, rule: MatchRule, checks: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the marks of an output."""
    expected = row.fields["expected"]
    marks = base_marks(row)
    if checks:
        marks["checks"] = dict(checks)
    if expected is None:
        return {**marks, "predicted": plain(answer_of(output, rule.path))[:LONGEST_CLASS]}
    found = mark_output(output, expected, rule)
    # Under the rule an answer may be of the expected class although it is written otherwise.
    predicted = marks["expected"] if found.correct else found.predicted
    if not found.correct and predicted == marks["expected"]:
        predicted = f"{predicted} (not equal)"
    marks |= {"correct": found.correct, "exact": found.exact, "normalised": found.normalised, "predicted": predicted}
    if found.number is not None:
        marks["number"] = found.number
    if found.fields is not None:
        marks["fields"] = found.fields
    return marks


def ask_checks(
    checks: CompiledChecks | None, rows: Sequence[tuple[FrozenRow, Any, float | None]]
) -> list[dict[str, str | None]]:
    """Return the outcomes of the project's checks for each row with its new output and latency."""
    if checks is None or not checks.checks:
        return [{} for _ in rows]
    facts = [
        {
            "external_id": row.external_id,
            "input": row.fields["input"],
            "output": output,
            "context": row.fields["context"],
            "metadata": row.fields["metadata"] or {},
            "latency_ms": latency,
        }
        for row, output, latency in rows
    ]
    names = [check.name for check in checks.checks]
    return [dict(zip(names, found, strict=True)) for found in checks.outcomes(facts)]


def scored_output(
    *, status: str, marks: Mapping[str, Any] | None, problem: str, latency_ms: float | None, cost_usd: float | None
) -> Output:
    """Return a stored output for scoring."""
    if status != "answered" or marks is None:
        return Output(answered=False, failed=status == "failed", problem=problem)
    return Output(
        answered=True,
        correct=marks.get("correct"),
        exact=marks.get("exact"),
        normalised=marks.get("normalised"),
        number=marks.get("number"),
        fields=marks.get("fields"),
        predicted=marks.get("predicted", ""),
        checks=marks.get("checks") or {},
        latency_ms=latency_ms,
        cost_usd=cost_usd,
    )


def scored_row(external_id: str, marks: Mapping[str, Any], outputs: Sequence[Output], facts: frozenset[str]) -> Row:
    """Return a stored row for scoring, with its values of the facts that slices are made by."""
    sliced = marks.get("slices") or {}
    return Row(
        external_id=external_id,
        expected=marks.get("expected"),
        outputs=tuple(outputs),
        weight=marks.get("weight"),
        group=marks.get("group"),
        slices=tuple((name, value) for name, value in sliced.items() if name in facts),
    )
