"""The report of a rollout: its story, its sign-offs and the evidence they rest on, for people and for a verifier."""

from typing import Any

from annotations.models import EvidenceBundle, Rollout
from annotations.rollouts.story import story_of
from annotations.rollouts.verifier import REPORT


def report_of(rollout: Rollout) -> dict[str, Any]:
    """Return the report as JSON: every bundle with its hash and who decided what on it."""
    return {
        "format": REPORT,
        "project": rollout.project.slug,
        "rollout": rollout.pk,
        "system_version": rollout.system_version,
        "baseline": rollout.baseline,
        "author": rollout.author.username,
        "created_at": rollout.created_at.isoformat(),
        "stage": rollout.stage,
        "percent": rollout.percent,
        "audience": rollout.audience,
        "events": [
            {
                "at": event.at.isoformat(),
                "kind": event.kind,
                "text": event.text,
                "by": event.by.username if event.by else None,
                "reason": event.detail.get("reason", ""),
            }
            for event in rollout.events.select_related("by").order_by("pk")
        ],
        "story": [line.as_json() for line in reversed(story_of(rollout))],
        "attestations": [
            {
                "gate": each.gate,
                "text": each.text,
                "link": each.link,
                "by": each.by.username,
                "at": each.created_at.isoformat(),
                "withdrawn": each.withdrawn_at is not None,
            }
            for each in rollout.attestations.select_related("by").order_by("pk")
        ],
        "bundles": [_bundle(bundle) for bundle in bundles_of(rollout)],
    }


def bundles_of(rollout: Rollout) -> list[EvidenceBundle]:
    """Return the bundles, oldest first, with their sign-offs."""
    return list(rollout.bundles.prefetch_related("signoffs__by").select_related("created_by").order_by("pk"))


def _bundle(bundle: EvidenceBundle) -> dict[str, Any]:
    return {
        "id": bundle.pk,
        "to_stage": bundle.to_stage,
        "sha256": bundle.sha256,
        "frozen_by": bundle.created_by.username,
        "content": bundle.content,
        "signoffs": [
            {
                "by": each.by.username,
                "decision": "approve" if each.approves else "reject",
                "reason": each.reason,
                "by_token": each.by_token,
                "at": each.created_at.isoformat(),
                "evidence_sha256": bundle.sha256,
            }
            for each in sorted(bundle.signoffs.all(), key=lambda each: each.pk)
        ],
    }
