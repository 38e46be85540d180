"""An evaluation as JSON: what the API answers and the command writes."""

from dataclasses import asdict
from typing import Any

from annotations.evaluations.compare import Comparison
from annotations.evaluations.grades import progress_of
from annotations.evaluations.read import metrics_of
from annotations.models import Evaluation

MOST_ITEMS = 200


def evaluation_body(evaluation: Evaluation, comparison: Comparison | None) -> dict[str, Any]:
    """Return all that is known of an evaluation; scores are null until it is done."""
    stored = evaluation.scores or {}
    version = evaluation.version
    return {
        "id": evaluation.pk,
        "state": evaluation.state,
        "problem": evaluation.problem,
        "dataset": version.dataset.name,
        "version": version.version,
        "sha256": version.sha256,
        "system_version": evaluation.system_version,
        "spec": evaluation.spec,
        "total": evaluation.total,
        "done": evaluation.done,
        "failed": evaluation.failed,
        "created_by": evaluation.created_by.username if evaluation.created_by else None,
        "created_at": evaluation.created_at.isoformat(),
        "ended_at": evaluation.ended_at.isoformat() if evaluation.ended_at else None,
        "counts": stored.get("counts"),
        "scores": {name: asdict(found) for name, found in metrics_of(evaluation).items()} if stored else None,
        "segments": stored.get("slices", []),
        "classes": stored.get("classes", []),
        "fields": stored.get("fields", []),
        "checks": stored.get("checks", []),
        "judge": {each["name"]: each for each in stored.get("judges", [])},
        "failures": stored.get("failures", []),
        "unsteady": stored.get("unsteady", 0),
        "warnings": stored.get("warnings", []),
        "people": progress_of(evaluation)._asdict() if evaluation.sample else None,
        "baseline": evaluation.baseline_id,
        "regressions": None if comparison is None else comparison_body(comparison),
    }


def comparison_body(found: Comparison) -> dict[str, Any]:
    """Return a comparison; of the items that changed sides up to two hundred, losses first."""
    return {
        "n": found.n,
        "wins": found.wins,
        "losses": found.losses,
        "ties": found.ties,
        "both_right": found.both_right,
        "both_wrong": found.both_wrong,
        "unpaired": found.unpaired,
        "groups": found.groups,
        "difference": asdict(found.difference),
        "mcnemar_mid_p": found.mid_p,
        "regressed": found.regressed,
        "segments": [{**each._asdict(), "difference": asdict(each.difference)} for each in found.slices],
        "items": [
            {"external_id": each.external_id, "change": "loss" if each.loss else "win"}
            for each in found.items[:MOST_ITEMS]
        ],
        "metrics": {name: asdict(estimate) for name, estimate in found.metrics.items()},
    }
