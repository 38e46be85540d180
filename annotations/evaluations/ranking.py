"""Systems side by side: of each system version the newest finished run over a dataset, or over one version of it."""

from typing import NamedTuple

from annotations.evaluations.read import estimate_from
from annotations.models import DatasetVersion, Evaluation
from annotations.models.evaluations import EvaluationState
from reviewapp.accounts.models import Project
from reviewapp.stats.estimate import Estimate

MOST = 60


class RankedRun(NamedTuple):
    """A run with the figures that it is ranked by."""

    evaluation: Evaluation
    accuracy: Estimate
    latency: Estimate
    cost: Estimate
    answered: int
    rows: int


def list_evaluated_versions(project: Project) -> list[DatasetVersion]:
    """Return the dataset versions that have finished runs, newest first."""
    ids = Evaluation.objects.filter(project=project, state=EvaluationState.DONE).values("version_id")
    found = DatasetVersion.objects.select_related("dataset").filter(pk__in=ids)
    return list(found.order_by("-pk")[:MOST])


def rank_runs(version: DatasetVersion, *, all_versions: bool = False, by_time: bool = False) -> list[RankedRun]:
    """Return the newest run of each system version, best accuracy first, or in order of time."""
    over = {"version__dataset_id": version.dataset_id} if all_versions else {"version": version}
    runs = Evaluation.objects.select_related("version__dataset").filter(state=EvaluationState.DONE, **over)
    newest: dict[tuple[str, int], RankedRun] = {}
    for run in runs.order_by("-pk")[: MOST * 4]:
        newest.setdefault((run.system_version, run.version_id), _ranked(run))
    found = list(newest.values())[:MOST]
    if by_time:
        return sorted(found, key=lambda each: each.evaluation.pk)
    return sorted(found, key=lambda each: -1.0 if each.accuracy.value is None else each.accuracy.value, reverse=True)


def _ranked(run: Evaluation) -> RankedRun:
    scores = run.scores or {}
    metrics, counts = scores["metrics"], scores["counts"]
    return RankedRun(
        run,
        estimate_from(metrics["accuracy"]),
        estimate_from(metrics["latency_p50_ms"]),
        estimate_from(metrics["cost_per_item_usd"]),
        counts["answered"],
        counts["rows"],
    )
