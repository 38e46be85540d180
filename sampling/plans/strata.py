"""Facts that split a plan's items: the strata of a target, and a judge's probability of a pass.

Both in memory, where items arrive, and in SQL over stored items, with the same meaning.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from reviewapp.http.errors import FieldError, InvalidError
from sampling.plans.filters_facts import Fact, Kind, Place, find_fact
from sampling.plans.filters_match import fact_getter
from sampling.plans.filters_sql import SqlCondition

_ROW = "(SELECT f.value FROM sampling_itemfact f WHERE f.item_id = i.id AND f.name = %s AND NOT f.caused_by_draw)"
_TEXT = """
(SELECT CASE WHEN jsonb_typeof(v) IN ('string', 'boolean') THEN v #>> '{{}}'
    WHEN jsonb_typeof(v) = 'number' AND v::text ~ '^-?[0-9]+$' THEN v::text END FROM (SELECT {value} AS v) x)
"""
_IN_RANGE = "(SELECT CASE WHEN p BETWEEN 0 AND 1 THEN p END FROM (SELECT {value} AS p) y)"
_NUMBER = "(SELECT CASE jsonb_typeof(v) WHEN 'number' THEN v::float8 END FROM (SELECT {value} AS v) x)"


def check_stratum_fact(name: str, *, path: str) -> Fact:
    """Return the fact that a target splits by, or raise InvalidError where its values tell no strata apart."""
    fact = find_fact(name)
    if fact is None or fact.kind not in {Kind.TEXT, Kind.JSON} or "\0" in name:
        _refuse(path, "Split by a fact that has few values, such as metadata.language or system_version.")
    return fact


def check_probability_fact(name: str, *, path: str) -> Fact:
    """Return the fact that holds a judge's probability, or raise InvalidError where it can be none."""
    fact = find_fact(name)
    is_number = fact is not None and (fact.kind is Kind.JSON or fact.name == "confidence")
    if fact is None or not is_number or "\0" in name:
        _refuse(path, "Name a fact that holds a probability of a pass from 0 to 1, such as hint.judge or confidence.")
    return fact


def stratum_of(fact: Fact, facts: Mapping[str, Any]) -> str | None:
    """Return the text by which an item belongs to a stratum: of text, whole numbers, true and false; else None."""
    value = fact_getter(fact)(facts)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else None


def probability_of(fact: Fact, facts: Mapping[str, Any]) -> float | None:
    """Return the probability that a fact holds; None where it is not known, or is no number from 0 to 1."""
    value = fact_getter(fact)(facts)
    return float(value) if type(value) in {int, float} and 0 <= value <= 1 else None


def stratum_sql(fact: Fact) -> SqlCondition:
    """Return the text of `stratum_of` over a row `i` of `sampling_item`."""
    if fact.kind is Kind.TEXT:
        return SqlCondition(f"i.{fact.root}", [])
    value = _value_sql(fact)
    return SqlCondition(_TEXT.format(value=value.sql), value.params)


def probability_sql(fact: Fact) -> SqlCondition:
    """Return the number of `probability_of` over a row `i` of `sampling_item`."""
    if fact.place is Place.COLUMN:
        found = SqlCondition(f"i.{fact.root}::float8", [])
    else:
        value = _value_sql(fact)
        found = SqlCondition(_NUMBER.format(value=value.sql), value.params)
    return SqlCondition(_IN_RANGE.format(value=found.sql), found.params)


def _value_sql(fact: Fact) -> SqlCondition:
    if fact.place is Place.ROW:
        return SqlCondition(_ROW, [fact.root])
    if fact.place is Place.CHECK:
        return SqlCondition(f"COALESCE({_ROW}, i.checks -> %s::text)", [fact.root, *fact.keys])
    return SqlCondition(f"i.{fact.root}{' -> %s::text' * len(fact.keys)}", list(fact.keys))


def _refuse(path: str, message: str) -> NoReturn:
    raise InvalidError(f"{path}: {message}", code="plan_invalid", fields=(FieldError(path, message),))
