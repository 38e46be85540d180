"""Counting items: what a set of them came to, by day and by the value of each field that they are counted by."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import orjson

from sampling.operations.latencies import Latencies

FIELDS = ("system_version", "model", "prompt_version", "user_ref")
ALL = ""  # the field, and the value, of the counts of all items
# Values longer than this are counted under their beginning: the rows are found by it.
MAX_VALUE = 200
_FAIL, _ANSWERED = "fail", frozenset({"pass", "fail"})

# An item happened when it says so, unless that is later than it arrived (by more than a clock may be off).
HAPPENED = "CASE WHEN i.occurred_at <= i.received_at + interval '1 hour' THEN i.occurred_at ELSE i.received_at END"
DAY = f"(({HAPPENED}) AT TIME ZONE 'UTC')::date"
# A step failed, the call itself did (as traces tell), or nothing came back; of an erased item nobody knows any more.
IS_ERROR = (
    "(i.erased_at IS NULL AND (i.output IS NULL OR jsonb_typeof(i.output) = 'null'"
    " OR i.steps @? '$[*].error ? (@ != null)'"
    " OR COALESCE(jsonb_typeof(i.metadata -> 'error'), 'null') NOT IN ('null', 'boolean')"
    " OR i.metadata -> 'error' = 'true'))"
)
LATER_CHECKS = (
    "(SELECT jsonb_object_agg(substr(f.name, 8), f.value) FROM sampling_itemfact f"
    " WHERE f.item_id = i.id AND f.name ^@ 'checks.' AND f.value IS NOT NULL)"
)
COLUMNS = (
    f"i.id, i.external_id, {DAY}, {', '.join(f'i.{name}' for name in FIELDS)}, {IS_ERROR}, i.latency_ms,"
    " i.input_tokens, i.output_tokens, i.cost_usd, i.sampling_probability IS DISTINCT FROM 1,"
    f" i.checks, {LATER_CHECKS}"
)


class ItemCount(NamedTuple):
    """What is counted of one item."""

    id: int
    external_id: str
    day: date
    values: tuple[str, ...]  # of FIELDS; empty where the item does not say
    error: bool
    latency_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    thinned: bool
    checks: dict[str, str | None]

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> "ItemCount":
        """Return an item from a row of COLUMNS."""
        item_id, external_id, day, *rest = row
        values = tuple((value or "")[:MAX_VALUE] for value in rest[: len(FIELDS)])
        error, latency, asked, answered, cost, thinned, checks, later = rest[len(FIELDS) :]
        found = {**(orjson.loads(checks) if checks else {}), **(orjson.loads(later) if later else {})}
        return cls(item_id, external_id, day, values, bool(error), latency, asked, answered, cost, thinned, found)


@dataclass(slots=True)
class Tally:
    """What a set of items came to. `thinned` counts those that an upstream sampler had let through, or may have."""

    items: int = 0
    errors: int = 0
    checked: int = 0
    failed: int = 0
    thinned: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    cost_square: float = 0.0
    priced: int = 0
    checks: dict[str, list[int]] = field(default_factory=dict)
    latency: Latencies = field(default_factory=Latencies)
    waiting: list[float] = field(default_factory=list)  # latencies that are not in the sketch yet

    def add(self, item: ItemCount) -> None:
        """Count one item."""
        self.items += 1
        self.errors += item.error
        self.thinned += item.thinned
        self.input_tokens += item.input_tokens or 0
        self.output_tokens += item.output_tokens or 0
        if item.cost_usd is not None:
            self.cost_usd += item.cost_usd
            self.cost_square += item.cost_usd**2
            self.priced += 1
        if item.latency_ms is not None:
            self.waiting.append(item.latency_ms)
        answered = {name: outcome for name, outcome in item.checks.items() if outcome in _ANSWERED}
        self.checked += bool(answered)
        self.failed += _FAIL in answered.values()
        for name, outcome in answered.items():
            counts = self.checks.setdefault(name, [0, 0])
            counts[0] += 1
            counts[1] += outcome == _FAIL

    def merge(self, other: "Tally") -> None:
        """Take in what another set came to."""
        for name in NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for check, (asked, failed) in other.checks.items():
            counts = self.checks.setdefault(check, [0, 0])
            counts[0] += asked
            counts[1] += failed
        self.latency.take(other.settled())

    def settled(self) -> Latencies:
        """Return the sketch with every latency in it."""
        self.latency.add(self.waiting)
        self.waiting = []
        return self.latency


NUMBERS = (
    "items",
    "errors",
    "checked",
    "failed",
    "thinned",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "cost_square",
    "priced",
)
Key = tuple[date, str, str]  # day, field, value


def tally_items(items: Iterable[ItemCount]) -> dict[Key, Tally]:
    """Return what items came to by day, in all and by the value of each field."""
    tallies: dict[Key, Tally] = {}
    for item in items:
        for name, value in zip((ALL, *FIELDS), (ALL, *item.values), strict=True):
            key = (item.day, name, value)
            tally = tallies.get(key)
            if tally is None:
                tally = tallies[key] = Tally()
            tally.add(item)
    return tallies


def tally_of(row: tuple[Any, ...]) -> Tally:
    """Return a tally from a row of NUMBERS, checks and latency."""
    *numbers, checks, latency = row
    return Tally(
        **dict(zip(NUMBERS, numbers, strict=True)),
        checks=orjson.loads(checks),
        latency=Latencies(None if latency is None else bytes(latency)),
    )
