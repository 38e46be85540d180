"""Splitting items by the value of a fact: the segments that figures are given for."""

from reviewapp.http.errors import FieldError, InvalidError
from sampling.plans.filters_facts import Place, find_fact
from sampling.plans.filters_sql import SqlCondition

_ROW = "(SELECT f.value #>> '{{}}' FROM sampling_itemfact f WHERE f.item_id = {item}.id AND f.name = %s)"


def segment_sql(name: str, *, item: str = "i") -> SqlCondition:
    """Return the text by which a row of `sampling_item` belongs to a segment; NULL where the fact is not known.

    Raises InvalidError where there can be no fact of that name.
    """
    fact = find_fact(name)
    if fact is None:
        message = f"There is no fact {name[:80]!r} to split by, such as system_version or metadata.language."
        raise InvalidError(message, fields=(FieldError("segment", message),))
    if fact.place is Place.COLUMN:
        return SqlCondition(f"{item}.{fact.root}::text", [])
    row = _ROW.format(item=item)
    if fact.place is Place.ROW:
        return SqlCondition(row, [fact.root])
    if fact.place is Place.CHECK:
        return SqlCondition(f"COALESCE({row}, {item}.checks ->> %s)", [fact.root, *fact.keys])
    steps = " -> %s::text" * len(fact.keys)
    return SqlCondition(f"(({item}.{fact.root}{steps}) #>> '{{}}')", list(fact.keys))
