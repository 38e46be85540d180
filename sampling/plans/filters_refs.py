"""Filters about users and sessions: whoever asks names them as production does, and what is stored may be a hash.

    {"user_ref": {"eq": "u-17"}}    means    {"user_ref": {"in": ["u-17", "ref_…"]}}

Items that came while masking was off hold the reference itself, later ones its hash; the filter means both. A hash that
was read from an item finds it as well.
"""

from dataclasses import replace

from reviewapp.accounts.models import Project
from sampling.mask.refs import REF_FIELDS, hash_ref
from sampling.plans.filters import AllOf, AnyOf, Filter, Not, Test


def as_stored(condition: Filter, *, project_id: int) -> Filter:
    """Return a project's filter as stored items are asked: a hash stands beside each user and session that it names."""
    if not _names_refs(condition):
        return condition
    salt = Project.objects.values_list("sampling_salt", flat=True).get(pk=project_id)
    return with_hashed_refs(condition, salt=salt)


def _names_refs(condition: Filter) -> bool:
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return any(map(_names_refs, parts))
        case Not(part):
            return _names_refs(part)
        case Test(fact):
            return fact.root in REF_FIELDS


def with_hashed_refs(condition: Filter, *, salt: str) -> Filter:
    """Return the filter with the project's hash beside every user and session that it names."""
    match condition:
        case AllOf(parts):
            return AllOf(tuple(with_hashed_refs(part, salt=salt) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(with_hashed_refs(part, salt=salt) for part in parts))
        case Not(part):
            return Not(with_hashed_refs(part, salt=salt))
        case Test(fact, "in", values):
            for field in REF_FIELDS:
                if fact.root == field:
                    hashes = tuple(hash_ref(salt, field, value) for value in values if isinstance(value, str))
                    return replace(condition, values=(*values, *hashes))
    return condition
