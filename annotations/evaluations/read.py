"""Reading evaluations: one, a project's list, what people graded, and the newest scores of a system version."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from annotations.evaluations.compare import Comparison, compare_rows
from annotations.evaluations.metrics import METRICS
from annotations.evaluations.rows import read_rows
from annotations.models import Evaluation, EvaluationGrade, EvaluationOutput
from annotations.models.evaluations import EvaluationState
from reviewapp.accounts.access import LAST_ID, Access, Actor, authorize_where
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.http.errors import NotFoundError
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.grouped import mean_rate

_OF_EVALUATION = "p.id = (SELECT e.project_id FROM annotations_evaluation e WHERE e.id = %s)"
_PEOPLE = "people.pass_rate"


@dataclass(frozen=True, slots=True)
class LatestScores:
    """The newest finished evaluation of a system version: its metrics by their names in the registry.

    `slices` are the accuracies by (fact, value). `coverage` is the share of the version's rows that were answered.
    """

    evaluation_id: int
    version_id: int
    dataset: str
    version: int
    sha256: str
    ended_at: datetime
    rows: int
    coverage: float
    scores: dict[str, Estimate]
    slices: dict[tuple[str, str], Estimate]


def authorize_evaluation(actor: Actor, evaluation_id: int, action: Action) -> Access:
    """Return the actor's access to the project of an evaluation; NotFoundError for strangers and unknown ones alike."""
    gone = NotFoundError("There is no such evaluation in any of your projects.")
    if not 0 < evaluation_id <= LAST_ID:
        raise gone
    try:
        return authorize_where(actor, _OF_EVALUATION, evaluation_id, action)
    except NotFoundError:
        raise gone from None


def get_evaluation(project: Project, evaluation_id: int) -> Evaluation:
    """Return an evaluation of the project, or raise NotFoundError."""
    found = (
        Evaluation.objects.select_related("version__dataset", "baseline", "created_by", "project")
        .filter(project=project, pk=min(evaluation_id, LAST_ID))
        .first()
    )
    if found is None:
        raise NotFoundError("The project has no such evaluation.")
    return found


def list_evaluations(
    project: Project, *, before: int | None = None, limit: int = 50, dataset_id: int | None = None
) -> list[Evaluation]:
    """Return evaluations, newest first."""
    found = Evaluation.objects.select_related("version__dataset", "created_by").filter(project=project)
    if dataset_id is not None:
        found = found.filter(version__dataset_id=dataset_id)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def metrics_of(evaluation: Evaluation) -> dict[str, Estimate]:
    """Return the metrics of an evaluation that is done, with what people graded so far; empty before."""
    if evaluation.scores is None:
        return {}
    found = {name: estimate_from(stored) for name, stored in evaluation.scores["metrics"].items()}
    if evaluation.sample is not None:
        found[_PEOPLE] = people_rate(evaluation)
    order = {name: nth for nth, name in enumerate(METRICS)}
    return dict(sorted(found.items(), key=lambda each: (order.get(each[0], len(order)), each[0])))


def estimate_from(stored: dict[str, Any]) -> Estimate:
    """Return an estimate as it was kept."""
    return Estimate(**{**stored, "warnings": tuple(stored["warnings"])})


def people_rate(evaluation: Evaluation) -> Estimate:
    """Return the pass rate by people's grades of the sample: a row counts by the mean of its grades."""
    grades: dict[int, list[bool]] = {}
    standing = EvaluationGrade.objects.filter(evaluation=evaluation, superseded_by=None, surplus=False)
    for position, passes in standing.values_list("position", "passes"):
        grades.setdefault(position, []).append(passes)
    groups = dict(
        EvaluationOutput.objects.filter(evaluation=evaluation, nth=1, position__in=list(grades)).values_list(
            "position", "marks__group"
        )
    )
    return mean_rate([sum(found) / len(found) for found in grades.values()], [groups.get(each) for each in grades])


def compare_evaluations(evaluation: Evaluation, baseline: Evaluation) -> Comparison:
    """Compare an evaluation with its baseline, row by row; both are done."""
    return compare_rows(read_rows(evaluation), {row.external_id: row for row in read_rows(baseline)})


def find_comparison(evaluation: Evaluation, baseline: Evaluation | None) -> Comparison | None:
    """Return the comparison where there is a baseline and both are done."""
    if baseline is None or {evaluation.state, baseline.state} != {EvaluationState.DONE}:
        return None
    return compare_evaluations(evaluation, baseline)


def latest_scores(
    project: Project,
    system_version: str,
    *,
    dataset_tag: str | None = None,
    dataset: str | None = None,
    since: datetime | None = None,
) -> LatestScores | None:
    """Return the scores of the newest finished evaluation of a system version, or None.

    `dataset_tag` takes only evaluations over dataset versions that bear this tag now, `dataset` those
    over versions of the dataset of that name, `since` those that were begun from then on.
    """
    found = Evaluation.objects.select_related("version__dataset", "project").filter(
        project=project, system_version=system_version, state=EvaluationState.DONE
    )
    if dataset_tag is not None:
        found = found.filter(version__tags__contains=[dataset_tag])
    if dataset is not None:
        found = found.filter(version__dataset__name=dataset)
    if since is not None:
        found = found.filter(created_at__gte=since)
    newest = found.order_by("-pk").first()
    if newest is None or newest.scores is None or newest.ended_at is None:
        return None
    counts = newest.scores["counts"]
    return LatestScores(
        evaluation_id=newest.pk,
        version_id=newest.version_id,
        dataset=newest.version.dataset.name,
        version=newest.version.version,
        sha256=newest.version.sha256,
        ended_at=newest.ended_at,
        rows=counts["rows"],
        coverage=counts["answered"] / counts["rows"] if counts["rows"] else 0.0,
        scores=metrics_of(newest),
        slices={(each["fact"], each["value"]): estimate_from(each["accuracy"]) for each in newest.scores["slices"]},
    )
