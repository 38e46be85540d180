"""Filters as terms of the search index: which words an item must have for the filter to be true of it.

"Is this value" is a word of the index for the fields and keys named in `text_index`. The words narrow the search only:
whatever they find is asked the whole filter, so a word may stand for more than the filter means, and never for less.
"""

import orjson

from sampling.items.text_index import ANY_TERM, TERM_FIELDS, TERM_OBJECTS
from sampling.plans.filters import AllOf, AnyOf, Filter, Not, Test
from sampling.plans.filters_facts import Fact, Place
from sampling.plans.filters_sql import SqlCondition

MAX_VALUES = 50
_SEPARATOR = "\x1f"


def filter_terms(condition: Filter) -> SqlCondition | None:
    """Return an SQL expression of type tsquery that holds wherever the filter does; None where there is none."""
    match condition:
        case Test():
            return _test(condition)
        case Not():
            return None
        case AllOf(parts):
            known = [terms for part in parts if (terms := filter_terms(part)) is not None]
            return _joined(known, "&&") if known else None
        case AnyOf(parts):
            known = [terms for part in parts if (terms := filter_terms(part)) is not None]
            return _joined(known, "||") if len(known) == len(parts) else None


def _joined(terms: list[SqlCondition], operator: str) -> SqlCondition:
    return SqlCondition(
        f"({f' {operator} '.join(each.sql for each in terms)})", [value for each in terms for value in each.params]
    )


def _test(test: Test) -> SqlCondition | None:
    name = _indexed_name(test.fact)
    if name is None or test.operator != "in" or len(test.values) > MAX_VALUES:
        return None
    # A term is hexadecimal behind its first character, so it can be quoted without a look at it.
    one = f"('''' || search_term(%s, %s::text::jsonb) || ''' | ''{ANY_TERM}''')::tsquery"
    params = [param for value in test.values for param in (name, orjson.dumps(value).decode())]
    return SqlCondition(f"({' || '.join([one] * len(test.values))})", params)


def _indexed_name(fact: Fact) -> str | None:
    if fact.place is Place.COLUMN:
        return fact.root if fact.root in TERM_FIELDS else None
    if fact.place is Place.KEYS and fact.root in TERM_OBJECTS and len(fact.keys) <= 1:
        name = _SEPARATOR.join((fact.root, *fact.keys))
        # Of an object itself nothing is a term; a whole decision may be a value.
        return name if fact.keys or fact.root == "decision" else None
    return None
