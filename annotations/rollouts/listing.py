"""The rollouts of a project at a glance: how far their gates are, and whether evidence waits for signatures."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Max

from annotations.models import EvidenceBundle, Rollout, RolloutGates
from annotations.models.rollouts import RolloutStage
from annotations.rollouts.create import next_stage
from annotations.rollouts.verifier import NEEDED
from reviewapp.accounts.access import Access
from reviewapp.accounts.roles import Action

MOST = 200
_GATES = """
SELECT DISTINCT ON (g.rollout_id) g.rollout_id,
    ARRAY(SELECT gate ->> 'name' FROM jsonb_array_elements(coalesce(g.spec -> %s, '[]')) gate)
FROM annotations_rolloutgates g WHERE g.rollout_id = ANY(%s) ORDER BY g.rollout_id, g.version DESC
"""
_STATES = """
SELECT DISTINCT ON (e.rollout_id, e.detail ->> 'gate') e.rollout_id, e.detail ->> 'gate', e.detail ->> 'state'
FROM annotations_rolloutevent e WHERE e.kind = 'gate' AND e.rollout_id = ANY(%s)
ORDER BY e.rollout_id, e.detail ->> 'gate', e.id DESC
"""


class Listed(NamedTuple):
    """A rollout; its gates in front of the next stage as they were measured last; the signatures that are missing."""

    rollout: Rollout
    n_gates: int
    n_pass: int
    n_fail: int
    n_missing: int
    waits_for_me: bool


def list_rollouts(access: Access, *, now: datetime) -> list[Listed]:
    """Return the project's rollouts, the newest first."""
    found = list(Rollout.objects.filter(project=access.project).select_related("author").order_by("-pk")[:MOST])
    names, states, bundles = _names(found), _states(found), _bundles(found, now=now)
    listed = []
    for rollout in found:
        here = [states.get((rollout.pk, f"{next_stage(rollout)}:{name}")) for name in names.get(rollout.pk, [])]
        bundle = bundles.get(rollout.pk)
        signed = [each.by_id for each in bundle.signoffs.all()] if bundle else []
        me = access.actor.user.pk
        mine = bundle is not None and access.may(Action.SIGN_OFF) and me not in {rollout.author_id, *signed}
        missing = NEEDED - len(signed) if bundle else 0
        listed.append(Listed(rollout, len(here), here.count("pass"), here.count("fail"), missing, mine))
    return listed


def _names(rollouts: Sequence[Rollout]) -> dict[int, list[str]]:
    """Return the names of the gates in force in front of each rollout's next stage."""
    names: dict[int, list[str]] = {}
    with connection.cursor() as cursor:
        for stage in RolloutStage:
            ahead = [rollout.pk for rollout in rollouts if next_stage(rollout) == stage]
            if ahead:
                cursor.execute(_GATES, [stage.value, ahead])
                names |= dict(cursor.fetchall())
    return names


def _states(rollouts: Sequence[Rollout]) -> dict[tuple[int, str], str]:
    with connection.cursor() as cursor:
        cursor.execute(_STATES, [[rollout.pk for rollout in rollouts]])
        return {(pk, gate): state for pk, gate, state in cursor.fetchall()}


def _bundles(rollouts: Sequence[Rollout], *, now: datetime) -> dict[int, EvidenceBundle]:
    """Return the newest evidence of each rollout that can still be signed, as far as that is told without its rows."""
    held = {rollout.pk: rollout for rollout in rollouts}
    found = EvidenceBundle.objects.filter(rollout_id__in=held, expires_at__gt=now).defer("content")
    gates = RolloutGates.objects.filter(rollout_id__in=held).values_list("rollout_id")
    fixed_at = dict(gates.annotate(Max("created_at")))
    open_ones = {}
    for bundle in found.prefetch_related("signoffs").order_by("pk"):
        rollout = held[bundle.rollout_id]
        is_of_now = bundle.created_at >= max(rollout.moved_at, fixed_at[rollout.pk])
        if bundle.to_stage == next_stage(rollout) and is_of_now:
            open_ones[rollout.pk] = bundle
    return {pk: bundle for pk, bundle in open_ones.items() if all(each.approves for each in bundle.signoffs.all())}
