"""The report of a rollout: its story, its sign-offs and the evidence they rest on, for people and for a verifier."""

from typing import Any

from annotations.models import EvidenceBundle, Rollout
from annotations.rollouts.evidence import FORMAT, content_hash
from annotations.rollouts.gates import Measured, decide
from annotations.rollouts.holds import NEEDED
from annotations.rollouts.spec import Gate
from annotations.rollouts.story import story_of

REPORT = "review-loop-rollout/1"


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


def problems_of(report: Any) -> list[str]:
    """Return what does not hold in a report, from the report alone; nothing where it holds.

    Each bundle's hash is recomputed, each gate's state is decided anew from its numbers, and each move must rest on
    two approvals by different people, neither the author, of a bundle all of whose gates pass.
    """
    if not isinstance(report, dict) or report.get("format") != REPORT:
        return ["This is no report of a rollout."]
    problems = []
    signed = set()
    for bundle in report["bundles"]:
        name = f"Bundle {bundle['id']} ({bundle['to_stage']})"
        content = bundle["content"]
        if content.get("format") != FORMAT or content_hash(content) != bundle["sha256"]:
            problems.append(f"{name}: its content does not have the hash {bundle['sha256']}.")
        for gate in content["gates"]:
            if gate["metric"] == "attestation":
                continue
            measured = Measured(gate["value"], gate["low"], gate["high"], gate["n"])
            state, _ = decide(Gate.model_validate(gate["spec"]), measured)
            if state != gate["state"] and not gate["spec"].get("every_segment_of"):
                problems.append(f"{name}: gate {gate['name']!r} says {gate['state']}, its numbers say {state}.")
        people = [each["by"] for each in bundle["signoffs"]]
        if len(set(people)) < len(people):
            problems.append(f"{name}: somebody decided twice.")
        if report["author"] in people:
            problems.append(f"{name}: the author {report['author']} decided on it.")
        problems += [
            f"{name}: {each['by']} signed another content, {each['evidence_sha256']}."
            for each in bundle["signoffs"]
            if each["evidence_sha256"] != bundle["sha256"]
        ]
        approvals = [each for each in bundle["signoffs"] if each["decision"] == "approve"]
        if len(approvals) >= NEEDED:
            signed.add(bundle["to_stage"])
            if any(gate["state"] != "pass" for gate in content["gates"]):
                problems.append(f"{name}: it was approved with a gate that is not passed.")
    reached = {
        event["text"].split(",")[0].removeprefix("Now ") for event in report["events"] if event["kind"] == "moved"
    }
    for stage in ("internal_beta", "general_availability"):
        if stage in reached and stage not in signed:
            problems.append(f"The version went to {stage} without two approvals.")
    return problems
