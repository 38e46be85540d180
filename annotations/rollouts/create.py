"""Making a rollout, revising its gates, measuring them, and attesting what no number shows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import IntegrityError, connection, transaction

from annotations.models import Attestation, Rollout, RolloutEvent, RolloutGates
from annotations.models.rollouts import RolloutStage
from annotations.rollouts.gates import GateResult, Measured, result_of, result_of_segments
from annotations.rollouts.metrics import MOST_SEGMENTS, Asked, measure, segments_of
from annotations.rollouts.spec import NEXT, Gate, Gates, parse_gates
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import User
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError, NotFoundError

# What the measures of all items, labelled or not, are made of: the items themselves.
_OF_ITEMS = (
    *("check_failure_rate", "error_rate", "feedback_negative_rate", "cost_per_item_usd"),
    *("latency_p50_ms", "latency_p90_ms", "latency_p99_ms"),
)
_HAS_RESULTS = """
SELECT EXISTS (SELECT FROM annotations_label b JOIN sampling_item i ON i.id = b.item_id
    WHERE b.project_id = %(project)s AND i.system_version = %(version)s AND b.withdrawn_at IS NULL)
  OR EXISTS (SELECT FROM annotations_decision d
    JOIN sampling_itemkey k ON k.project_id = d.project_id AND k.external_id = d.external_id
    JOIN sampling_item i ON i.id = k.item_id WHERE d.project_id = %(project)s AND i.system_version = %(version)s)
  OR EXISTS (SELECT FROM annotations_evaluation e
    WHERE e.project_id = %(project)s AND e.system_version = %(version)s AND e.state = 'done')
  OR %(of_items)s AND EXISTS (SELECT FROM sampling_item i
    WHERE i.project_id = %(project)s AND i.system_version = %(version)s)
  OR EXISTS (SELECT FROM annotations_verdict v JOIN annotations_judgeversion w ON w.id = v.judge_version_id
    JOIN annotations_judge j ON j.id = w.judge_id WHERE j.project_id = %(project)s AND j.name = ANY(%(judges)s)
    AND EXISTS (SELECT FROM annotations_label b WHERE b.item_id = v.item_id AND b.withdrawn_at IS NULL))
"""


def create_rollout(
    access: Access,
    *,
    system_version: str,
    baseline: str,
    gates: Gates,
    later_items_only: bool,
    now: datetime,
) -> Rollout:
    """Make the rollout of a version. Raises ConflictError `rollout_exists`, InvalidError for an empty version."""
    require(access, Action.EDIT_ROLLOUTS)
    if not system_version.strip() or "\0" in system_version or len(system_version) > 500:
        raise InvalidError(fields=(FieldError("system_version", "Name the version, with 1 to 500 characters."),))
    try:
        with transaction.atomic():
            rollout = Rollout.objects.create(
                project=access.project,
                system_version=system_version,
                baseline=baseline,
                author=access.actor.user,
                created_at=now,
                moved_at=now,
            )
            add_gates(access, rollout, gates=gates, later_items_only=later_items_only, reason="", now=now)
            tell(rollout, "created", f"Rollout of {system_version} made", by=access.actor.user, now=now)
            record(
                "rollout.created",
                now=now,
                actor=access.actor,
                project_id=access.project.pk,
                object_kind="rollout",
                object_id=rollout.pk,
                detail={"system_version": system_version, "baseline": baseline},
            )
    except IntegrityError:
        raise ConflictError(f"Version {system_version} has a rollout already.", code="rollout_exists") from None
    return rollout


def revise_gates(
    access: Access, rollout: Rollout, *, body: Any, later_items_only: bool, reason: str, now: datetime
) -> RolloutGates:
    """Put other gates in force. Once there are results it takes a reason, and the gates say that they came later."""
    require(access, Action.EDIT_ROLLOUTS)
    gates = parse_gates(body)
    with transaction.atomic():
        locked = Rollout.objects.select_for_update().get(pk=rollout.pk)
        if has_results(locked, gates) and not reason.strip():
            message = "There are results already: say why the gates change."
            raise InvalidError(message, fields=(FieldError("reason", message),))
        return add_gates(access, locked, gates=gates, later_items_only=later_items_only, reason=reason.strip(), now=now)


def add_gates(
    access: Access, rollout: Rollout, *, gates: Gates, later_items_only: bool, reason: str, now: datetime
) -> RolloutGates:
    """Store a version of the gates, within the caller's transaction."""
    had_data = has_results(rollout, gates)
    version = rollout.gates.count() + 1
    stored = RolloutGates.objects.create(
        rollout=rollout,
        version=version,
        spec=gates.model_dump(exclude_none=True),
        had_data=had_data,
        counts_from=now if had_data and later_items_only else None,
        reason=reason,
        created_by=access.actor.user,
        created_at=now,
    )
    said = f"Gates, version {version}"
    if had_data:
        said += ", written after there were results: " + (
            "only later items count" if later_items_only else "earlier items count all the same"
        )
    tell(rollout, "gates", said, by=access.actor.user, now=now, detail={"reason": reason})
    record(
        "rollout.gates_fixed",
        now=now,
        actor=access.actor,
        project_id=rollout.project_id,
        object_kind="rollout",
        object_id=rollout.pk,
        detail={
            "version": version,
            "had_data": had_data,
            "spec_sha256": digest(orjson.dumps(stored.spec, option=orjson.OPT_SORT_KEYS).decode()),
        },
    )
    return stored


def has_results(rollout: Rollout, gates: Gates) -> bool:
    """Tell whether gates could have been read from something: labels, decisions, an evaluation; for some of them items
    of the version, or what a judge said of labelled items of any."""
    every = [gate for stage in NEXT.values() for gate in gates.of(stage)]
    asked: dict[str, Any] = {
        "project": rollout.project_id,
        "version": rollout.system_version,
        "of_items": any(gate.metric in _OF_ITEMS for gate in every),
        "judges": [gate.judge[0] for gate in every if gate.judge is not None],
    }
    with connection.cursor() as cursor:
        cursor.execute(_HAS_RESULTS, asked)
        return bool(cursor.fetchone()[0])


def find_rollout(access: Access, rollout_id: int) -> Rollout:
    """Return a rollout of the project, or raise NotFoundError."""
    found = Rollout.objects.select_related("project", "author").filter(project=access.project, pk=rollout_id).first()
    if found is None:
        raise NotFoundError("There is no such rollout in this project.")
    return found


def gates_in_force(rollout: Rollout) -> RolloutGates:
    """Return the newest gates."""
    return rollout.gates.select_related("created_by").order_by("-version")[0]


def next_stage(rollout: Rollout) -> RolloutStage | None:
    """Return the stage after the present one; None at the end of the way."""
    return NEXT.get(RolloutStage(rollout.stage))


def measure_gates(
    access: Access, rollout: Rollout, *, now: datetime, stages: Sequence[RolloutStage] | None = None
) -> list[GateResult]:
    """Measure the gates in front of stages, of all unless named."""
    version = gates_in_force(rollout)
    gates = parse_gates(version.spec)
    asked = Asked(access, rollout.system_version, version.counts_from, now)
    attested = _attested(rollout, version)
    results = []
    for stage in stages or (RolloutStage.INTERNAL_BETA, RolloutStage.GENERAL_AVAILABILITY):
        results += [_result(gate, stage, asked, attested) for gate in gates.of(stage)]
    if version.had_data and version.counts_from is None:
        return [_with_note(result) for result in results]
    return results


def _attested(rollout: Rollout, version: RolloutGates) -> dict[tuple[str, str], Attestation]:
    """Return the standing confirmations by the name and the text of the gate that asks for them.

    What was confirmed before a revision that asks for something else is no confirmation of that.
    """
    given = {each.gate: each for each in rollout.attestations.filter(withdrawn_at=None).select_related("by")}
    if not given:
        return {}
    same = _asked_for(version)
    since = dict.fromkeys(same, version.created_at)
    for earlier in rollout.gates.filter(version__lt=version.version).order_by("-version"):
        same &= _asked_for(earlier)
        since |= dict.fromkeys(same, earlier.created_at)
    return {
        place: given[place[0]]
        for place, begun in since.items()
        if place[0] in given and given[place[0]].created_at >= begun
    }


def _asked_for(version: RolloutGates) -> set[tuple[str, str]]:
    """Return the name and text of each gate of a version that asks for a confirmation."""
    gates = parse_gates(version.spec)
    found = [gate for stage in NEXT.values() for gate in gates.of(stage) if gate.metric == "attestation"]
    return {(gate.name, gate.text) for gate in found}


def _result(gate: Gate, stage: RolloutStage, asked: Asked, attested: dict[tuple[str, str], Attestation]) -> GateResult:
    if gate.metric == "attestation":
        found = attested.get((gate.name, gate.text))
        if found is None:
            return GateResult(gate, stage, "not_enough_data", None, None, None, 0, "Nobody has confirmed it yet.")
        said = f"{found.by.username} confirmed it on {found.created_at:%Y-%m-%d}."
        return GateResult(gate, stage, "pass", 1.0, 1.0, 1.0, 1, said)
    if gate.every_segment_of is None:
        return result_of(gate, stage, measure(gate, asked))
    field, names = gate.every_segment_of, segments_of(gate, asked)
    if len(names) > MOST_SEGMENTS:  # one that is not looked at could be the one that fails
        said = f"{field} has more than {MOST_SEGMENTS} values. Take a coarser field, or fewer items by `where`."
        return result_of(gate, stage, Measured.nothing(said))
    found_in: list[tuple[str, Measured]] = [(name, measure(gate, asked, (field, name))) for name in names]
    return result_of_segments(gate, stage, found_in)


def _with_note(result: GateResult) -> GateResult:
    if result.gate.metric == "attestation":
        return result
    note = "The gate was written after there were results, and they count."
    return GateResult(
        result.gate,
        result.stage,
        result.state,
        result.value,
        result.low,
        result.high,
        result.n,
        f"{result.reason} {note}",
    )


def attest(access: Access, rollout: Rollout, *, gate: str, text: str, link: str, now: datetime) -> Attestation:
    """Confirm, by name, what a gate asks to be confirmed. Raises InvalidError for a gate that asks nothing."""
    require(access, Action.ATTEST)
    gates = parse_gates(gates_in_force(rollout).spec)
    asked = [each for stage in NEXT.values() for each in gates.of(stage) if each.metric == "attestation"]
    if gate not in {each.name for each in asked}:
        raise InvalidError(fields=(FieldError("gate", "No gate of that name asks for a confirmation."),))
    if not text.strip() or len(text) > 5_000 or len(link) > 2_000 or "\0" in text + link:
        raise InvalidError(fields=(FieldError("text", "Say what you confirm, in up to 5,000 characters."),))
    if link and not link.startswith(("https://", "http://")):
        raise InvalidError(fields=(FieldError("link", "Give a web address that begins with https://."),))
    with transaction.atomic():
        Rollout.objects.select_for_update().get(pk=rollout.pk)
        rollout.attestations.filter(gate=gate, withdrawn_at=None).update(withdrawn_at=now)
        stored = Attestation.objects.create(
            rollout=rollout, gate=gate, text=text.strip(), link=link, by=access.actor.user, created_at=now
        )
        tell(rollout, "attested", f"Confirmed: {gate}", by=access.actor.user, now=now, detail={"link": link})
        record(
            "rollout.attested",
            now=now,
            actor=access.actor,
            project_id=rollout.project_id,
            object_kind="rollout",
            object_id=rollout.pk,
            detail={"gate": gate, "text_sha256": digest(text)},
        )
    return stored


def tell(
    rollout: Rollout,
    kind: str,
    text: str,
    *,
    now: datetime,
    by: User | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add a line to the rollout's story."""
    RolloutEvent.objects.create(rollout=rollout, kind=kind, text=text, detail=detail or {}, by=by, at=now)
