"""What is known of an item beside its content: its facts by the names that filters use, each a step from its likes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection
from django.utils.safestring import SafeString

from sampling.ingest.feedback import feedback_of_item
from sampling.items.columns import number_words
from sampling.items.facts import leaves
from sampling.items.sections import Event, ItemAsked, Section
from sampling.items.show.passages import Citations
from sampling.items.show.value import Reader
from sampling.plans.filters_facts import CHECKS, FEEDBACK, FIELDS, Kind, find_fact

_ELSEWHERE = frozenset({"external_id", "sampling_probability"})
_LONGEST_LINK = 200
_FAILED = "fail"


@dataclass(frozen=True, slots=True)
class Known:
    """A fact and its value. `like` is the filter of the items that have the same one, as JSON; empty without."""

    name: str
    value: SafeString | None
    time: datetime | None
    like: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found: "pass", "fail", "not_applicable", or None where it gave no answer."""

    name: str
    outcome: str | None
    like: str


_FEEDBACK = {-1: "thumbs down", 0: "neutral", 1: "thumbs up"}
_UNITS = {"latency_ms": "ms", "cost_usd": "USD"}


def facts(asked: ItemAsked) -> Section | None:
    """Section of an item's page: fields, metadata, what came later, and what checks found."""
    fields = asked.fields
    reader = Reader(Citations("k"))
    later = _later(asked.item_id)
    known = [
        *(_known(name, fields[name], reader) for name in FIELDS if name not in _ELSEWHERE and fields[name] is not None),
        *(
            _known(name, value, reader)
            for root in ("decision", "metadata")
            for name, value in leaves(root, fields[root], depth=0)
        ),
        *(_known(name, value, reader) for name, value, _ in later if name.startswith("hint.")),
    ]
    found = [
        Found(name, outcome, _like(f"{CHECKS}{name}", outcome))
        for name, outcome in sorted(fields["checks"].items(), key=lambda check: (check[1] != _FAILED, check[0]))
    ]
    return Section(
        name="facts",
        title="Facts",
        template="items/known.html",
        context={"known": known, "checks": found, "failed": sum(each.outcome == _FAILED for each in found)},
        events=tuple(_events(later, feedback_of_item(asked.item_id), fields["occurred_at"])),
    )


def _later(item_id: int) -> list[tuple[str, Any, datetime]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, value, recorded_at FROM sampling_itemfact WHERE item_id = %s AND value IS NOT NULL"
            " ORDER BY name",
            [item_id],
        )
        return [(name, orjson.loads(value), at) for name, value, at in cursor.fetchall()]


def _known(name: str, value: Any, reader: Reader) -> Known:
    like = _like(name, value)
    if isinstance(value, datetime):
        return Known(name, None, value, "")
    if name == FEEDBACK:
        return Known(name, reader.name(f"{value} ({_FEEDBACK[value]})"), None, like)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ", ".join(value)
    shown = reader.name(number_words(value)) if number else reader.best(value, cites=False)
    return Known(name, shown, None, like, _UNITS.get(name, ""))


def _like(name: str, value: Any) -> str:
    """Return the filter of items that have the same value, where a value is one that others share."""
    fact = find_fact(name)
    if fact is None or isinstance(value, dict | list | datetime) or value is None:
        return ""
    if fact.kind is Kind.NUMBER and name != FEEDBACK:
        return ""
    if isinstance(value, str) and len(value) > _LONGEST_LINK:
        return ""
    return orjson.dumps({name: {"eq": value}}).decode()


def _events(
    later: list[tuple[str, Any, datetime]], feedback: list[dict[str, Any]], occurred_at: datetime | None
) -> Iterator[Event]:
    if occurred_at is not None:
        yield Event(occurred_at, "Happened in production")
    for said in feedback:
        yield Event(said["at"], f"Feedback: {_FEEDBACK[said['value']]}", note=said["comment"])
    for name, value, at in later:
        if name.startswith(CHECKS):
            yield Event(at, f"Check {name.removeprefix(CHECKS)} asked again: {value}")
