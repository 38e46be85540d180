"""Evidence: everything a sign-off rests on, frozen at a moment, hashed, and anchored in the audit's chain."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from annotations.evaluations.read import LatestScores
from annotations.models import Dataset, DatasetVersion, EvidenceBundle, JudgeVersion, Rollout, SignOff
from annotations.models.datasets import VersionState
from annotations.models.shadow import Finding, ShadowRuling
from annotations.rollouts.behind import changed_since, ends_now, hash_behind, hash_evaluation
from annotations.rollouts.create import gates_in_force, measure_gates, next_stage, tell
from annotations.rollouts.gates import GateResult
from annotations.rollouts.holds import evaluations_behind, hold_datasets
from annotations.rollouts.moment import in_one_moment
from annotations.rollouts.spec import Gate
from annotations.rollouts.verifier import EVIDENCE, canonical, content_hash
from annotations.rubrics.publish import find_rubric
from annotations.shadow.rules import find_rule
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.audit.seal import seal_now
from reviewapp.http.errors import ConflictError
from sampling.models import PlanVersion

HOLDS = timedelta(days=7)


def freeze_evidence(access: Access, rollout: Rollout, *, now: datetime) -> EvidenceBundle:
    """Freeze the evidence for the next stage. Raises ConflictError where there is none."""
    require(access, Action.FREEZE_EVIDENCE)
    to_stage = next_stage(rollout)
    if to_stage is None:
        raise ConflictError("The version is generally available: there is no further stage.", code="no_further_stage")
    checkpoint, ends = seal_now(now=now), ends_now()

    def freeze() -> EvidenceBundle:
        results = measure_gates(access, rollout, now=now, stages=[to_stage])
        behind = evaluations_behind(rollout, [each.gate for each in results])
        content = _content(rollout, str(to_stage), results, behind, ends, now=now)
        content["audit"] = {"position": checkpoint.position, "sha256": checkpoint.sha256} if checkpoint else None
        return _store(access, rollout, content, behind, now=now)

    bundle = in_one_moment(freeze)  # what others commit meanwhile is in none of it
    seal_now(now=now)  # from here on the bundle's hash stands in a checkpoint
    return bundle


def _store(
    access: Access,
    rollout: Rollout,
    content: dict[str, Any],
    behind: Sequence[tuple[Gate, LatestScores]],
    *,
    now: datetime,
) -> EvidenceBundle:
    content = _as_stored(content)
    to_stage = content["to_stage"]
    bundle = EvidenceBundle.objects.create(
        rollout=rollout,
        to_stage=to_stage,
        content=content,
        sha256=content_hash(content),
        created_by=access.actor.user,
        created_at=now,
        expires_at=now + HOLDS,
    )
    hold_datasets(bundle, behind, now=now)
    tell(rollout, "evidence", f"Evidence frozen for {to_stage}", by=access.actor.user, now=now)
    record(
        "rollout.evidence_frozen",
        now=now,
        actor=access.actor,
        project_id=rollout.project_id,
        object_kind="evidence",
        object_id=bundle.pk,
        detail={"rollout": rollout.pk, "to_stage": to_stage, "sha256": bundle.sha256},
    )
    return bundle


def _as_stored(content: dict[str, Any]) -> dict[str, Any]:
    """Return content as the database will give it back, so that what is hashed is what is stored."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb::text", [canonical(content).decode()])
        stored: dict[str, Any] = json.loads(cursor.fetchone()[0])
    return stored


def _content(
    rollout: Rollout,
    to_stage: str,
    results: Sequence[GateResult],
    behind: Sequence[tuple[Gate, LatestScores]],
    ends: dict[str, int],
    *,
    now: datetime,
) -> dict[str, Any]:
    project, gates = rollout.project, gates_in_force(rollout)
    rubric = find_rubric(project.pk)
    plan = PlanVersion.objects.filter(project=project).order_by("-version").first()
    versions = versions_of(rollout)
    return {
        "format": EVIDENCE,
        "project": project.slug,
        "rollout": rollout.pk,
        "system_version": rollout.system_version,
        "baseline": rollout.baseline,
        "author": rollout.author.username,
        "from_stage": rollout.stage,
        "to_stage": to_stage,
        "at": now.isoformat(),
        "expires_at": (now + HOLDS).isoformat(),
        "gates_version": {
            "version": gates.version,
            "fixed_at": gates.created_at.isoformat(),
            "fixed_by": gates.created_by.username,
            "had_data": gates.had_data,
            "counts_from": gates.counts_from.isoformat() if gates.counts_from else None,
            "reason": gates.reason,
        },
        "gates": [each.as_json() for each in results],
        "inputs": [each._asdict() for each in hash_behind(project.pk, versions, ends)],
        "evaluations": [
            {
                "gate": gate.name,
                "evaluation": scores.evaluation_id,
                "dataset": scores.dataset,
                "version": scores.version,
                "dataset_sha256": scores.sha256,
                "rows": scores.rows,
                "rows_sha256": hash_evaluation(scores.evaluation_id),
            }
            for gate, scores in behind
        ],
        "attestations": [
            {
                "gate": each.gate,
                "text": each.text,
                "link": each.link,
                "by": each.by.username,
                "at": each.created_at.isoformat(),
            }
            for each in rollout.attestations.filter(withdrawn_at=None).select_related("by").order_by("pk")
        ],
        "versions": {
            "plan": plan.version if plan else 0,
            "rubric": rubric.version if rubric else 0,
            "shadow_rule": find_rule(project.pk).version,
            "judges": [
                {"judge": each.judge.name, "version": each.version}
                for each in JudgeVersion.objects.filter(judge__project=project)
                .select_related("judge")
                .order_by("judge__name", "pk")
            ],
            "datasets": _datasets(project.pk, {scores.version_id for _, scores in behind}),
        },
        "dissent": [
            {"by": each.by.username, "at": each.created_at.isoformat(), "reason": each.reason}
            for each in SignOff.objects.filter(rollout=rollout, approves=False).select_related("by").order_by("pk")
        ],
        "open_questions": _open_questions(project.pk),
    }


def versions_of(rollout: Rollout) -> list[str]:
    """Return the system versions whose rows are behind the figures."""
    return [each for each in (rollout.system_version, rollout.baseline) if each]


def _datasets(project_id: int, relied_on: set[int]) -> list[dict[str, Any]]:
    """Return the versions that a figure rests on, and the newest of each dataset besides."""
    names = dict(Dataset.objects.filter(project_id=project_id).values_list("pk", "name"))
    frozen = DatasetVersion.objects.filter(dataset_id__in=names, state=VersionState.FROZEN).order_by("version")
    newest = {each.dataset_id: each.pk for each in frozen}
    return [
        {
            "dataset": names[each.dataset_id],
            "version": each.version,
            "sha256": each.sha256,
            "relied_on": each.pk in relied_on,
        }
        for each in sorted(frozen, key=lambda each: (names[each.dataset_id], each.version))
        if each.pk in relied_on or each.pk == newest[each.dataset_id]
    ]


def _open_questions(project_id: int) -> list[str]:
    unclear = ShadowRuling.objects.filter(
        project_id=project_id, finding=Finding.GUIDELINE_UNCLEAR, superseded_by=None
    ).count()
    return [f"The guideline did not settle {unclear} disagreements."] if unclear else []


def why_changed(bundle: EvidenceBundle, *, now: datetime) -> str:
    """Return why a bundle holds no longer: it expired, the version moved, a row was revised. Empty if it holds."""
    if now >= bundle.expires_at:
        return f"The evidence expired on {bundle.expires_at:%Y-%m-%d}."
    if bundle.created_at < bundle.rollout.moved_at:
        return "The version has moved since the evidence was frozen."
    if gates_in_force(bundle.rollout).version != bundle.content["gates_version"]["version"]:
        return "Other gates are in force since the evidence was frozen."
    if content_hash(bundle.content) != bundle.sha256:
        return "The evidence is not as it was frozen."
    changed = changed_since(bundle.rollout.project_id, versions_of(bundle.rollout), bundle.content)
    if changed:
        return f"Rows behind the evidence were changed since it was frozen: {', '.join(changed)}."
    return ""
