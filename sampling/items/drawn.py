"""Draws in words: why an item was drawn for review, or was not."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from sampling.draws.offer import BASE
from sampling.items.sections import Event, ItemAsked, Section
from sampling.plans.filters import parse_filter
from sampling.plans.filters_words import filter_words


@dataclass(frozen=True, slots=True)
class MatchedRule:
    """A rule of the plan that the item met: its name, its condition in words, its rate."""

    name: str
    condition: str
    rate: str


@dataclass(frozen=True, slots=True)
class DrawTold:
    """What one offer came to, in a sentence, and the rules behind it."""

    sentence: str
    event: str
    selected: bool
    raised: bool
    at: datetime
    rules: list[MatchedRule]
    base_rate: str


def draws(asked: ItemAsked) -> Section | None:
    """Section of an item's page: each offer to a plan, and why it came out as it did."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.u, d.probability, d.selected, d.reasons, d.at, d.raised_from, p.version, p.base_rate, p.rules"
            " FROM sampling_draw d JOIN sampling_planversion p ON p.id = d.plan_version_id"
            " WHERE d.item_id = %s ORDER BY d.id",
            [asked.item_id],
        )
        columns = [column.name for column in cursor.description]
        told = [_told(dict(zip(columns, row, strict=True))) for row in cursor.fetchall()]
    return Section(
        name="draws",
        title="Why it was drawn" if any(each.selected for each in told) else "Why it was not drawn",
        template="items/draws.html",
        context={"draws": told, "upstream": _upstream(asked.fields["sampling_probability"])},
        events=(
            Event(asked.fields["received_at"], "Came in"),
            *(Event(each.at, each.event) for each in told),
        ),
    )


def _told(draw: dict[str, Any]) -> DrawTold:
    u, probability, selected = draw["u"], draw["probability"], draw["selected"]
    rules = [rule for rule in _parsed(draw["rules"]) if rule["name"] in draw["reasons"]]
    plan = f"plan {draw['version']}" if draw["version"] else "no plan yet"
    deciding = [f"rule “{rule['name']}”" for rule in rules if rule["rate"] == probability]
    source = "base rate" if probability <= draw["base_rate"] or not deciding else " and ".join(deciding)
    left, right = _told_apart(u, probability)
    sentence = f"{'Drawn' if selected else 'Not drawn'} because u = {left} {'<' if selected else '≥'} π = {right}"
    return DrawTold(
        sentence=f"{sentence} ({source}, {plan})",
        event=_event(draw, plan),
        selected=selected,
        raised=draw["raised_from"] is not None,
        at=draw["at"],
        rules=[
            MatchedRule(
                rule["name"],
                " and ".join(filter_words(parse_filter(rule["when"], path="when"))) or "everything",
                f"{rule['rate']:g}",
            )
            for rule in rules
        ],
        base_rate=f"{draw['base_rate']:g}" + (", which alone would have drawn it" if BASE in draw["reasons"] else ""),
    )


def _event(draw: dict[str, Any], plan: str) -> str:
    drawn = "drawn" if draw["selected"] else "not drawn"
    if draw["raised_from"] is None:
        return f"{drawn.capitalize()} by {plan}" if draw["version"] else "Drawn: there was no plan yet"
    return f"Offered again by {plan}: π rose from {draw['raised_from']:g} to {draw['probability']:g}, {drawn}"


def _parsed(rules: Any) -> list[dict[str, Any]]:
    return list(orjson.loads(rules))  # JSON columns come as text outside the models


def _told_apart(u: float, probability: float) -> tuple[str, str]:
    """Return both numbers with as many digits as it takes to see which one is the larger."""
    for digits in range(3, 17):
        left, right = f"{u:.{digits}g}", f"{probability:.{max(digits, 6)}g}"
        if (float(left) < float(right)) == (u < probability):
            return left, right
    return repr(u), repr(probability)


def _upstream(probability: float | None) -> str:
    if probability is None:
        return "What a sampler upstream had already left out is not known: estimates speak of traffic received."
    if probability < 1:
        return f"A sampler upstream let it through with probability {probability:g}, which its weight makes up for."
    return ""
