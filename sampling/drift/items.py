"""What is compared of the items themselves: their fields, metadata, checks, lengths and texts."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from typing import Any

from reviewapp.accounts.models import Project
from sampling.drift.measure import MOST_CATEGORIES, Measured, measure_categories, measure_numbers, measure_texts
from sampling.drift.windows import Sample, Windows
from sampling.items.facts import leaves
from sampling.plans.filters_facts import CHECKS
from sampling.plans.stored_facts import read_facts

CATEGORIES = ("system", "system_version", "model", "prompt_version", "feedback")
NUMBERS = (("latency_ms", " ms"), ("input_tokens", ""), ("output_tokens", ""), ("cost_usd", " USD"), ("confidence", ""))
LENGTHS = ("input", "output")
MAX_TEXT = 4000
MOST_METADATA = 40
_SHOWN_EXAMPLES = 20
# Names of these are values of one item each, whatever their type.
_MOST_DISTINCT = 0.5

Facts = list[dict[str, Any]]


def measure_items(project: Project, windows: Windows, sample: Sample, *, seed: int) -> list[Measured]:  # noqa: ARG001
    """Compare what the sampled items of both windows are."""
    known = read_facts([*sample.before, *sample.after])
    before = [known[item_id] for item_id in sample.before if item_id in known]
    after = [known[item_id] for item_id in sample.after if item_id in known]
    found = [*_fields(before, after, seed), *_metadata(before, after, seed), *_checks(before, after, seed)]
    found += _contents(before, after, seed)
    says_when = sum(each["occurred_at"] is not None for each in after)
    time_field = "occurred_at" if 2 * says_when > len(after) else "received_at"
    return [_of_the_new_days(measured, windows, time_field) for measured in found]


def _fields(before: Facts, after: Facts, seed: int) -> Iterator[Measured]:
    for name in CATEGORIES:
        if any(each.get(name) is not None for each in (*before, *after)):
            yield measure_categories(name, _values(before, name), _values(after, name), seed=seed)
    for name, unit in NUMBERS:
        if any(each.get(name) is not None for each in (*before, *after)):
            yield measure_numbers(name, _numbers(before, name), _numbers(after, name), unit=unit)


def _metadata(before: Facts, after: Facts, seed: int) -> Iterator[Measured]:
    windows = [[dict(_leaves(each)) for each in items] for items in (before, after)]
    names = sorted({name for items in windows for each in items for name in each})
    for name in names[:MOST_METADATA]:
        first, second = ([each.get(name) for each in items] for items in windows)
        given = [value for value in (*first, *second) if value is not None]
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in given):
            if len(set(given)) > MOST_CATEGORIES:
                yield measure_numbers(name, [v for v in first if v is not None], [v for v in second if v is not None])
                continue
        elif not all(isinstance(value, str | bool | int | float) for value in given):
            continue
        if len(set(given)) <= max(MOST_CATEGORIES, 1) or len(set(given)) <= _MOST_DISTINCT * len(given):
            yield measure_categories(name, first, second, seed=seed)


def _leaves(facts: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from leaves("metadata", facts.get("metadata") or {}, depth=0)
    decision = facts.get("decision")
    if decision is not None:
        yield from leaves("decision", decision, depth=0)


def _checks(before: Facts, after: Facts, seed: int) -> Iterator[Measured]:
    for name in sorted({name for each in (*before, *after) for name in each if name.startswith(CHECKS)}):
        # Asked since some day only, a check would seem to have changed on it: items it was not asked of do not count.
        first, second = ([each[name] for each in items if each.get(name) is not None] for items in (before, after))
        if first and second:
            measured = measure_categories(name, first, second, seed=seed)
            yield measured


def _contents(before: Facts, after: Facts, seed: int) -> Iterator[Measured]:
    for name in LENGTHS:
        texts = [[plain_text(each.get(name)) for each in items] for items in (before, after)]
        lengths = measure_numbers(
            f"{name} length", *([len(text) for text in side] for side in texts), unit=" characters"
        )
        longer = (lengths.detail.get("shift_sd") or 0) >= 0
        order = sorted(after, key=lambda each: len(plain_text(each.get(name))), reverse=longer)
        yield _with(lengths, _named(order))
        measured, words = measure_texts(f"{name} text", *([text for text in side if text] for side in texts), seed=seed)
        telling = [each for each in after if any(word in plain_text(each.get(name)).lower() for word in words)]
        yield _with(measured, _named(telling or after))


def plain_text(value: Any) -> str:
    """Return the texts in an input or output, without names of keys and the roles of messages; the first of them."""
    parts: list[str] = []
    waiting = [value]
    while waiting and sum(map(len, parts)) < MAX_TEXT:
        each = waiting.pop(0)
        if isinstance(each, str):
            parts.append(each)
        elif isinstance(each, list):
            waiting[:0] = each
        elif isinstance(each, dict):
            waiting[:0] = [inner for key, inner in each.items() if key != "role"]
        elif isinstance(each, int | float) and not isinstance(each, bool):
            parts.append(str(each))
    return " ".join(parts)[:MAX_TEXT]


def _values(items: Facts, name: str) -> list[Any]:
    return [each.get(name) for each in items]


def _numbers(items: Facts, name: str) -> list[float]:
    return [float(each[name]) for each in items if each.get(name) is not None]


def _named(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    names = [each["external_id"] for each in items[:_SHOWN_EXAMPLES]]
    return {"external_id": {"in": names}} if names else {}


def _with(measured: Measured, examples: dict[str, Any]) -> Measured:
    return Measured(
        measured.feature,
        measured.kind,
        measured.effect,
        measured.p_value,
        measured.sentence,
        examples,
        measured.detail,
    )


def _of_the_new_days(measured: Measured, windows: Windows, time_field: str) -> Measured:
    """Return the same with examples of the new days only, where they are not named one by one."""
    if not measured.examples or "external_id" in measured.examples or windows.after.first is None:
        return measured
    since = datetime.combine(windows.after.first, time(), UTC).isoformat().replace("+00:00", "Z")
    return _with(measured, {**measured.examples, time_field: {"gte": since}})
