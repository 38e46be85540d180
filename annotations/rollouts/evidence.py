"""Evidence: everything a sign-off rests on, frozen at a moment, hashed, and anchored in the audit's chain."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from annotations.models import Dataset, DatasetVersion, EvidenceBundle, JudgeVersion, Rollout, SignOff
from annotations.models.shadow import Finding, ShadowRuling
from annotations.rollouts.behind import changed_since, hash_behind
from annotations.rollouts.create import gates_in_force, measure_gates, next_stage, tell
from annotations.rubrics.publish import find_rubric
from annotations.shadow.rules import find_rule
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.audit.seal import seal_now
from reviewapp.http.errors import ConflictError
from sampling.models import PlanVersion

FORMAT = "review-loop-evidence/1"
HOLDS = timedelta(days=7)


def canonical(content: Any) -> bytes:
    """Return content as the bytes that are hashed: JSON with sorted keys, no spaces, as UTF-8."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def content_hash(content: Any) -> str:
    """Return the SHA-256 of content, in hex."""
    return hashlib.sha256(canonical(content)).hexdigest()


def freeze_evidence(access: Access, rollout: Rollout, *, now: datetime) -> EvidenceBundle:
    """Freeze the evidence for the next stage. Raises ConflictError where there is none."""
    require(access, Action.FREEZE_EVIDENCE)
    to_stage = next_stage(rollout)
    if to_stage is None:
        raise ConflictError("The version is generally available: there is no further stage.", code="no_further_stage")
    checkpoint = seal_now(now=now)
    with transaction.atomic():
        # One moment for everything: what others commit meanwhile is in none of it.
        content = _content(access, rollout, str(to_stage), now=now)
        content["audit"] = {"position": checkpoint.position, "sha256": checkpoint.sha256} if checkpoint else None
        content = json.loads(canonical(content))  # what is hashed is what is stored
        bundle = EvidenceBundle.objects.create(
            rollout=rollout,
            to_stage=to_stage,
            content=content,
            sha256=content_hash(content),
            created_by=access.actor.user,
            created_at=now,
            expires_at=now + HOLDS,
        )
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
    seal_now(now=now)  # from here on the bundle's hash stands in a checkpoint
    return bundle


def _content(access: Access, rollout: Rollout, to_stage: str, *, now: datetime) -> dict[str, Any]:
    project, gates = rollout.project, gates_in_force(rollout)
    rubric = find_rubric(project.pk)
    plan = PlanVersion.objects.filter(project=project).order_by("-version").first()
    versions = versions_of(rollout)
    return {
        "format": FORMAT,
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
        "gates": [each.as_json() for each in measure_gates(access, rollout, now=now) if each.stage == to_stage],
        "inputs": [each._asdict() for each in hash_behind(project.pk, versions)],
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
            "datasets": _datasets(project.pk),
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


def _datasets(project_id: int) -> list[dict[str, Any]]:
    newest: dict[str, dict[str, Any]] = {}
    names = dict(Dataset.objects.filter(project_id=project_id).values_list("pk", "name"))
    for each in DatasetVersion.objects.filter(dataset_id__in=names).order_by("version"):
        name = names[each.dataset_id]
        newest[name] = {"dataset": name, "version": each.version, "sha256": each.sha256}
    return [newest[name] for name in sorted(newest)]


def _open_questions(project_id: int) -> list[str]:
    unclear = ShadowRuling.objects.filter(
        project_id=project_id, finding=Finding.GUIDELINE_UNCLEAR, superseded_by=None
    ).count()
    return [f"The guideline did not settle {unclear} disagreements."] if unclear else []


def why_changed(bundle: EvidenceBundle, *, now: datetime) -> str:
    """Return why a bundle holds no longer: it expired, was altered, a row behind it was revised. Empty if it holds."""
    if now >= bundle.expires_at:
        return f"The evidence expired on {bundle.expires_at:%Y-%m-%d}."
    if content_hash(bundle.content) != bundle.sha256:
        return "The evidence is not as it was frozen."
    changed = changed_since(bundle.rollout.project_id, versions_of(bundle.rollout), bundle.content["inputs"])
    if changed:
        return f"Rows behind the evidence were changed since it was frozen: {', '.join(changed)}."
    return ""
